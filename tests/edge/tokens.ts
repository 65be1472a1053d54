/** Tokens as issuers make them, signed by `jose`: not by anything of ours. */
import { randomUUID } from 'node:crypto';

import { type CryptoKey, SignJWT, exportJWK, exportSPKI, generateKeyPair } from 'jose';

export const ALGORITHMS = ['HS256', 'RS256', 'ES256', 'EdDSA'] as const;
export type Algorithm = (typeof ALGORITHMS)[number];

const HS256 = new TextEncoder().encode('hs256-secret-of-the-tests-0123456789');
const rs256 = await generateKeyPair('RS256', { extractable: true });
const es256 = await generateKeyPair('ES256', { extractable: true });
const eddsa = await generateKeyPair('EdDSA', { extractable: true });

export const signingKeys: Readonly<Record<Algorithm, Uint8Array | CryptoKey>> = {
  HS256,
  RS256: rs256.privateKey,
  ES256: es256.privateKey,
  EdDSA: eddsa.privateKey,
};

/** The RS256 public key as it is configured, to confuse a verifier with. */
export const rs256Pem = await exportSPKI(rs256.publicKey);

export const ISSUER = 'https://issuer.example';

/** One issuer with a key for each algorithm: as a secret, a PEM and two JWKs. */
export const configuredIssuers = [
  {
    issuer: ISSUER,
    audiences: ['api'],
    max_lifetime: 900,
    leeway: 5,
    required_claims: ['sub'],
    revocable_claims: ['tenant'],
    keys: [
      { kid: 'HS256', alg: 'HS256', secret: 'HS256_SECRET' },
      { kid: 'RS256', alg: 'RS256', pem: rs256Pem },
      { kid: 'ES256', alg: 'ES256', jwk: await exportJWK(es256.publicKey) },
      { kid: 'EdDSA', alg: 'EdDSA', jwk: await exportJWK(eddsa.publicKey) },
    ],
  },
];

export const now = (): number => Math.floor(Date.now() / 1000);

export interface TokenOptions {
  readonly alg?: Algorithm;
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly header?: Readonly<Record<string, unknown>>;
  readonly key?: Uint8Array | CryptoKey;
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
