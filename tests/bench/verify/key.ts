import type { Algorithm, Issuer, Setup } from './peer.ts';

/** As WebCrypto is told them. */
export const PARAMETERS = {
  HS256: { name: 'HMAC', hash: 'SHA-256' },
  RS256: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
  ES256: { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
  EdDSA: { name: 'Ed25519' },
} as const satisfies Record<Algorithm, object>;

export interface Trusted {
  readonly issuer: string;
  readonly key: CryptoKey;
}

/** By `kid`: each key is imported once, and good for its own issuer alone. */
export async function importKeys({ alg, issuers }: Setup): Promise<Map<string, Trusted>> {
  const entry = async ({ issuer, kid, jwk }: Issuer): Promise<[string, Trusted]> => {
    const key = await crypto.subtle.importKey('jwk', jwk, PARAMETERS[alg], false, ['verify']);
    return [kid, { issuer, key }];
  };
  return new Map(await Promise.all(issuers.map(entry)));
}
