import type { StringValue } from 'ms';

import { SIGNATURES, type Algorithm } from './algorithms.js';
import type { JwtHeader } from './token.js';

/** Not readonly: programs fill it in step by step. */
export interface SignOptions {
  /** Default: `HS256`. */
  algorithm?: Algorithm | undefined;
  /** `kid` of the header (RFC 7515 section 4.1.4). */
  keyid?: string | undefined;
  /** From `iat` to `exp`: seconds, or what ms reads, for example `'2 days'`. */
  expiresIn?: StringValue | number;
  /** From `iat` to `nbf`: likewise. */
  notBefore?: StringValue | number | undefined;
  /** `aud` (RFC 7519 section 4.1.3). */
  audience?: string | string[] | undefined;
  /** `sub` (RFC 7519 section 4.1.2). */
  subject?: string | undefined;
  /** `iss` (RFC 7519 section 4.1.1). */
  issuer?: string | undefined;
  /** `jti` (RFC 7519 section 4.1.7). */
  jwtid?: string | undefined;
  /** Leave the claims that are added in the caller's payload, too. */
  mutatePayload?: boolean | undefined;
  /** No `iat`. */
  noTimestamp?: boolean | undefined;
  /** More of the header; what it says counts before all else. */
  header?: JwtHeader | undefined;
  /** How the payload's letters become bytes: an encoding of Node's `Buffer`. Default: `utf8`. */
  encoding?: string | undefined;
  /** Take RSA keys of less than 2048 bits (RFC 7518 section 3.3). */
  allowInsecureKeySizes?: boolean | undefined;
  /** Take a key of a type that the algorithm is not meant for. */
  allowInvalidAsymmetricKeyTypes?: boolean | undefined;
}

interface Rule {
  readonly isValid: (value: unknown) => boolean;
  readonly message: string;
}

// Maps, since an option or a claim may be called `constructor`.
const OPTIONS: ReadonlyMap<string, Rule> = new Map([
  ...['expiresIn', 'notBefore'].map((name) =>
    rule(name, isTimeSpan, `"${name}" should be a number of seconds or string representing a timespan`),
  ),
  rule('audience', (value) => isString(value) || Array.isArray(value), '"audience" must be a string or array'),
  rule('algorithm', (value) => SIGNATURES.has(value), '"algorithm" must be a valid string enum value'),
  rule('header', isPlainObject, '"header" must be an object'),
  ...['encoding', 'issuer', 'subject', 'jwtid', 'keyid'].map((name) => rule(name, isString, `"${name}" must be a string`)),
  ...['noTimestamp', 'mutatePayload', 'allowInsecureKeySizes', 'allowInvalidAsymmetricKeyTypes'].map((name) =>
    rule(name, (value) => typeof value === 'boolean', `"${name}" must be a boolean`),
  ),
]);

const CLAIMS: ReadonlyMap<string, Rule> = new Map(
  ['iat', 'exp', 'nbf'].map((name) =>
    rule(name, (value) => typeof value === 'number', `"${name}" should be a number of seconds`),
  ),
);

/** @throws Error */
export function checkSignOptions(options: unknown): void {
  if (!isPlainObject(options)) throw new Error('Expected "options" to be a plain object.');
  for (const name of Object.keys(options)) {
    const rule = OPTIONS.get(name);
    if (!rule) throw new Error(`"${name}" is not allowed in "options"`);
    if (!rule.isValid(options[name])) throw new Error(rule.message);
  }
}

/** @throws Error */
export function checkPayload(payload: unknown): void {
  if (!isPlainObject(payload)) throw new Error('Expected "payload" to be a plain object.');
  for (const name of Object.keys(payload)) {
    const rule = CLAIMS.get(name);
    if (rule && !rule.isValid(payload[name])) throw new Error(rule.message);
  }
}

function rule(name: string, isValid: Rule['isValid'], message: string): [name: string, rule: Rule] {
  return [name, { isValid, message }];
}

function isString(value: unknown): value is string {
  return typeof value === 'string';
}

function isTimeSpan(value: unknown): boolean {
  return Number.isInteger(value) || (isString(value) && value !== '');
}

/** Of any realm: a framework may have made it in another. */
function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (Object.prototype.toString.call(value) !== '[object Object]') return false;
  const prototype: object | null = Object.getPrototypeOf(value);
  return prototype === null || (Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, 'constructor'));
}
