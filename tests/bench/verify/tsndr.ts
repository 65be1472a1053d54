/** It checks neither issuer nor audience. Both are checked here, as its users have to. */
import { verify } from '@tsndr/cloudflare-worker-jwt';

import { importKeys } from './key.ts';
import type { Algorithm, Claims, Setup, Verify } from './peer.ts';
import { bearer, kidOf } from './token.ts';

export const lacks: readonly Algorithm[] = ['EdDSA'];

export async function prepare(setup: Setup): Promise<Verify<string, Claims | undefined>> {
  const keys = await importKeys(setup);
  return async (authorization) => {
    try {
      const token = bearer(authorization);
      const trusted = keys.get(kidOf(token));
      const claims = trusted && (await verify<Claims>(token, trusted.key, { algorithm: setup.alg }))?.payload;
      if (claims?.exp === undefined || claims.iss !== trusted?.issuer) return undefined;
      return [claims.aud].flat().includes(setup.audience) ? claims : undefined;
    } catch {
      return undefined;
    }
  };
}
