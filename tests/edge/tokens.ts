/** Tokens as issuers make them, signed by `jose`: not by anything of ours. */
import { type KeyObject, createPublicKey, generateKeyPairSync, randomUUID } from 'node:crypto';

import { SignJWT } from 'jose';

const SECRET = new TextEncoder().encode('hs256-secret-of-the-tests-0123456789');
/** As long as HS512 wants it. */
export const LONG_SECRET = 'hs512-secret-of-the-tests-0123456789-0123456789-0123456789-0123456789';
const long = new TextEncoder().encode(LONG_SECRET);

// Made anew in each run; RSA's is one for all, since it takes a second.
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
const ec = (namedCurve: string) => generateKeyPairSync('ec', { namedCurve }).privateKey;

export const signingKeys = {
  HS256: SECRET,
  HS384: long,
  HS512: long,
  RS256: rsa,
  RS384: rsa,
  RS512: rsa,
  PS256: rsa,
  PS384: rsa,
  PS512: rsa,
  ES256: ec('P-256'),
  ES384: ec('P-384'),
  ES512: ec('P-521'),
  EdDSA: generateKeyPairSync('ed25519').privateKey,
} as const satisfies Record<string, Uint8Array | KeyObject>;

export type Algorithm = keyof typeof signingKeys;
export const ALGORITHMS = Object.keys(signingKeys) as Algorithm[];
/** One of each kind, for what takes a while. */
export const KINDS = ['HS256', 'RS256', 'ES256', 'EdDSA'] as const satisfies Algorithm[];

/** The RSA public key as it is configured, to confuse a verifier with. */
export const rsaPem = createPublicKey(rsa).export({ type: 'spki', format: 'pem' }).toString();

export const ISSUER = 'https://issuer.example';

/** One issuer with a key for each algorithm: as a secret, a PEM (RSA) and JWKs. */
export const configuredIssuers = [
  {
    issuer: ISSUER,
    audiences: ['api'],
    max_lifetime: 900,
    leeway: 5,
    required_claims: ['sub'],
    revocable_claims: ['tenant'],
    keys: ALGORITHMS.map((alg) => ({ kid: alg, alg, ...configured(alg) })),
  },
];

function configured(alg: Algorithm): object {
  const key = signingKeys[alg];
  if (key instanceof Uint8Array) return { secret: key === SECRET ? 'HS256_SECRET' : 'LONG_SECRET' };
  return key === rsa ? { pem: rsaPem } : { jwk: createPublicKey(key).export({ format: 'jwk' }) };
}

export const now = (): number => Math.floor(Date.now() / 1000);

export interface TokenOptions {
  readonly alg?: Algorithm;
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly header?: Readonly<Record<string, unknown>>;
  readonly key?: Uint8Array | KeyObject;
}

/** A token that the Worker accepts, but for what the options change. A claim given as `undefined` is left out. */
export async function token(options: TokenOptions = {}): Promise<string> {
  const { alg = 'HS256', claims = {}, header = {}, key = signingKeys[alg] } = options;
  const iat = now() - 1;
  const payload = {
    iss: ISSUER,
    sub: 'ann@example.com',
    aud: 'api',
    iat,
    exp: iat + 600,
    jti: randomUUID(),
    ...claims,
  };
  return new SignJWT(payload).setProtectedHeader({ alg, kid: alg, ...header }).sign(key);
}
