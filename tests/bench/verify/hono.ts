/** With a CryptoKey: from a string or a JWK, hono imports the key again for every token. */
import { verify } from 'hono/jwt';

import { importKeys } from './key.ts';
import type { Claims, Setup, Verify } from './peer.ts';
import { bearer, kidOf } from './token.ts';

export async function prepare(setup: Setup): Promise<Verify<string, Claims | undefined>> {
  const keys = await importKeys(setup);
  const { alg, audience: aud } = setup;
  return async (authorization) => {
    try {
      const token = bearer(authorization);
      const trusted = keys.get(kidOf(token));
      if (!trusted) return undefined;
      const claims = await verify(token, trusted.key, { alg, iss: trusted.issuer, aud });
      return claims.exp === undefined ? undefined : (claims as Claims);
    } catch {
      return undefined;
    }
  };
}
