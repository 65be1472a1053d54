/** Tokens that jose would not make: any header, any payload, any signature. And the shape of the table that lists them. */
import * as crypto from 'node:crypto';
import type { KeyObject } from 'node:crypto';

import { type Algorithm, type TokenOptions, signingKeys, token } from './tokens.ts';

export type Key = Uint8Array | KeyObject;

/** A token, and what has to be said of it. */
export interface Case {
  readonly name: string;
  /** What every guard says: `accepted`, or the code. */
  readonly verdict: string;
  /** Whether the oracle accepts what we refuse. It has to, else the case is no exception any more. */
  readonly isStricter: boolean;
  make(): string | Promise<string>;
}

export type Make = Case['make'];

export const accepted = (name: string, make: Make): Case => ({ name, verdict: 'accepted', isStricter: false, make });
export const refused = (name: string, code: string, make: Make): Case => ({ name, verdict: code, isStricter: false, make });
export const stricter = (name: string, code: string, make: Make): Case => ({ name, verdict: code, isStricter: true, make });

/** A signature as `alg` wants it, with any key: also one that is not meant for it. */
export function signature(alg: Algorithm, input: string, key: Key = signingKeys[alg]): Buffer {
  const [data, hash] = [Buffer.from(input), `sha${alg.slice(2)}`];
  if (key instanceof Uint8Array) return crypto.createHmac(hash, key).update(data).digest();
  if (alg === 'EdDSA') return crypto.sign(null, data, key);
  if (alg.startsWith('ES')) return crypto.sign(hash, data, { key, dsaEncoding: 'ieee-p1363' });
  return crypto.sign(hash, data, alg.startsWith('PS') ? pss(key, crypto.constants.RSA_PSS_SALTLEN_DIGEST) : key);
}

export function pss(key: KeyObject, saltLength: number): crypto.SignKeyObjectInput {
  return { key, padding: crypto.constants.RSA_PKCS1_PSS_PADDING, saltLength };
}

export type Signer = (input: string) => Uint8Array;

/** As the key of an algorithm signs. */
export const as = (alg: Algorithm, key?: Key): Signer => (input) => signature(alg, input, key);

/** A token of these two texts, which need not be JSON. */
export function compact(header: string, payload: string, sign: Signer): string {
  const input = `${encode(header)}.${encode(payload)}`;
  return `${input}.${encode(sign(input))}`;
}

/** A token that is as it should be, but for what the options change; and signed by anybody. */
export async function forged(header: object, sign: Signer, options: TokenOptions = {}): Promise<string> {
  return compact(JSON.stringify(header), await payload(options), sign);
}

/** The claims of a good token, as JSON. */
export async function payload(options: TokenOptions = {}): Promise<string> {
  const [, claims] = (await token(options)).split('.');
  return Buffer.from(claims!, 'base64url').toString();
}

/** A good token, but for its signature. */
export async function tampered(alg: Algorithm, change: (signature: Buffer) => Uint8Array): Promise<string> {
  const text = await token({ alg });
  const dot = text.lastIndexOf('.') + 1;
  return text.slice(0, dot) + encode(change(Buffer.from(text.slice(dot), 'base64url')));
}

/** Other keys, of the same kinds as those that are configured: an attacker's. */
export const foreignKeys: Readonly<Record<Algorithm, Key>> = otherKeys();

function otherKeys(): Record<Algorithm, Key> {
  const rsa = crypto.generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  const ec = (namedCurve: string) => crypto.generateKeyPairSync('ec', { namedCurve }).privateKey;
  const secret = crypto.randomBytes(64);
  return {
    ...{ HS256: secret, HS384: secret, HS512: secret },
    ...{ RS256: rsa, RS384: rsa, RS512: rsa, PS256: rsa, PS384: rsa, PS512: rsa },
    ...{ ES256: ec('P-256'), ES384: ec('P-384'), ES512: ec('P-521') },
    EdDSA: crypto.generateKeyPairSync('ed25519').privateKey,
  };
}

export function publicJwk(key: Key): crypto.JsonWebKey {
  if (key instanceof Uint8Array) return { kty: 'oct', k: encode(key) };
  return crypto.createPublicKey(key).export({ format: 'jwk' });
}

export const encode = (value: Uint8Array | string): string => Buffer.from(value).toString('base64url');
