/**
 * With its cache of 1000 tokens, in Node: it needs Node's own cryptography. A verifier for each issuer, so that each can be given
 * its key beforehand: one that asks for the key of a token is slower.
 */
import { type JsonWebKey as NodeJwk, createPublicKey } from 'node:crypto';

import { createVerifier } from 'fast-jwt';

import type { Issuer, Setup, Verify } from './peer.ts';
import { bearer, kidOf } from './token.ts';

export async function prepare({ alg, audience, issuers }: Setup): Promise<Verify> {
  const verifierOf = ({ issuer, kid, jwk }: Issuer) =>
    [
      kid,
      createVerifier({
        key: alg === 'HS256' ? Buffer.from(jwk.k!, 'base64url') : pem(jwk),
        algorithms: [alg],
        allowedIss: issuer,
        allowedAud: audience,
        requiredClaims: ['iss', 'aud', 'exp'],
        cache: true,
      }),
    ] as const;
  const verifiers = new Map(issuers.map(verifierOf));
  return (authorization) => {
    try {
      const token = bearer(authorization);
      return verifiers.get(kidOf(token))?.(token);
    } catch {
      return undefined;
    }
  };
}

function pem(jwk: JsonWebKey): string {
  return createPublicKey({ key: jwk as NodeJwk, format: 'jwk' }).export({ type: 'spki', format: 'pem' }).toString();
}
