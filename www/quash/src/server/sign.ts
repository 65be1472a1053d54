import type { KeyObject } from 'node:crypto';

import { SIGNATURES } from './algorithms.js';
import { checkKeyType } from './key-type.js';
import { readSigningKey, type PrivateKey, type Secret } from './key.js';
import { checkPayload, checkSignOptions, type SignOptions } from './sign-options.js';
import { addTimeSpan } from './time-span.js';

export type SignCallback = (error: Error | null, encoded?: string | undefined) => void;

type Claims = Record<string, unknown>;

/** RFC 7518 section 3.3. */
const SMALLEST_MODULUS = 2048;

/** Which options must be unset, if the payload is no object. */
const FOR_OBJECTS = ['expiresIn', 'notBefore', 'noTimestamp', 'audience', 'issuer', 'subject', 'jwtid'] as const;

const CLAIMS = [
  ['audience', 'aud'],
  ['issuer', 'iss'],
  ['subject', 'sub'],
  ['jwtid', 'jti'],
] as const;

/**
 * A token that says what is in `payload` and `options`, signed with the key (RFC 7515 section 5.1, compact serialization). Keys
 * that are strings or `KeyObject`s cost an import only once.
 *
 * With a callback, all is told to that instead: what is wrong at once, the token later.
 *
 * @throws Error which says what is wrong with the payload, the key or the options.
 */
export function sign(payload: string | Buffer | object, key: Secret | PrivateKey, options?: SignOptions): string;
export function sign(payload: string | Buffer | object, key: Secret | PrivateKey, callback: SignCallback): void;
export function sign(
  payload: string | Buffer | object,
  key: Secret | PrivateKey,
  options: SignOptions,
  callback: SignCallback,
): void;
export function sign(
  payload: unknown,
  key: unknown,
  options?: SignOptions | SignCallback | null,
  callback?: SignCallback,
): string | void {
  if (typeof options === 'function') return sign(payload as object, key as Secret, {}, options);
  if (!callback) return encode(payload, key, options || {});
  let token: string;
  try {
    token = encode(payload, key, options || {});
  } catch (error) {
    return callback(error as Error);
  }
  queueMicrotask(() => callback(null, token));
}

function encode(payload: unknown, input: unknown, options: SignOptions): string {
  const isObject = typeof payload === 'object' && !Buffer.isBuffer(payload);
  const header = {
    alg: options.algorithm || 'HS256',
    typ: isObject ? 'JWT' : undefined,
    kid: options.keyid,
    ...options.header,
  };
  const key = signingKey(input, header.alg, options);
  if (payload === undefined) throw new Error('payload is required');
  if (isObject) checkPayload(payload);
  else checkAbsent(options, typeof payload);
  checkConflicts(payload as Claims, options);
  checkSignOptions(options);
  const signature = SIGNATURES.get(header.alg);
  if (!signature) throw new Error('"algorithm" must be a valid string enum value');
  if (!options.allowInvalidAsymmetricKeyTypes) checkKeyType(header.alg, key);

  const content = isObject ? JSON.stringify(addClaims(payload as Claims, options)) : textOf(payload);
  const signingInput = `${base64url(JSON.stringify(header))}.${base64url(content, options.encoding)}`;
  return `${signingInput}.${signature.sign(signingInput, key)}`;
}

function signingKey(input: unknown, alg: string, { allowInsecureKeySizes }: SignOptions): KeyObject {
  if (!input) throw new Error('secretOrPrivateKey must have a value');
  const key = readSigningKey(input);
  if (!key) throw new Error('secretOrPrivateKey is not valid key material');
  if (key.symmetricKeySize === 0) throw new Error('secretOrPrivateKey must have a value');
  const kind = SIGNATURES.get(alg)?.kind;
  if (kind === 'hmac' && key.type !== 'secret') {
    throw new Error(`secretOrPrivateKey must be a symmetric key when using ${alg}`);
  }
  if (kind && kind !== 'hmac' && key.type !== 'private') {
    throw new Error(`secretOrPrivateKey must be an asymmetric key when using ${alg}`);
  }
  const { modulusLength = Infinity } = key.asymmetricKeyDetails ?? {};
  if (kind === 'rsa' && modulusLength < SMALLEST_MODULUS && !allowInsecureKeySizes) {
    throw new Error(`secretOrPrivateKey has a minimum key size of ${SMALLEST_MODULUS} bits for ${alg}`);
  }
  return key;
}

function checkAbsent(options: SignOptions, type: string): void {
  const present = FOR_OBJECTS.filter((name) => options[name] !== undefined);
  if (present.length > 0) throw new Error(`invalid ${present.join(',')} option for ${type} payload`);
}

function checkConflicts({ exp, nbf }: Claims, { expiresIn, notBefore }: SignOptions): void {
  for (const [name, option, claim, value] of [
    ['expiresIn', expiresIn, 'exp', exp],
    ['notBefore', notBefore, 'nbf', nbf],
  ]) {
    if (option === undefined || value === undefined) continue;
    throw new Error(`Bad "options.${name}" option the payload already has an "${claim}" property.`);
  }
}

function addClaims(payload: Claims, options: SignOptions): Claims {
  // A spread, not an assignment: a claim `__proto__` is a claim like another.
  const claims = options.mutatePayload ? payload : { ...payload };
  const issuedAt = (claims['iat'] as number | undefined) || Math.floor(Date.now() / 1000);
  if (options.noTimestamp) delete claims['iat'];
  else claims['iat'] = issuedAt;
  if (options.notBefore !== undefined) claims['nbf'] = timeFrom(issuedAt, options.notBefore, 'notBefore');
  if (options.expiresIn !== undefined) claims['exp'] = timeFrom(issuedAt, options.expiresIn, 'expiresIn');
  for (const [name, claim] of CLAIMS) {
    if (options[name] === undefined) continue;
    if (claims[claim] !== undefined) {
      throw new Error(`Bad "options.${name}" option. The payload already has an "${claim}" property.`);
    }
    claims[claim] = options[name];
  }
  return claims;
}

function timeFrom(start: number, span: unknown, name: string): number {
  const time = addTimeSpan(start, span);
  if (time !== undefined) return time;
  throw new Error(`"${name}" should be a number of seconds or string representing a timespan eg: "1d", "20h", 60`);
}

function textOf(payload: unknown): string {
  return typeof payload === 'string' || Buffer.isBuffer(payload) ? payload.toString() : JSON.stringify(payload);
}

function base64url(text: string, encoding?: string): string {
  return Buffer.from(text, encoding as BufferEncoding).toString('base64url');
}
