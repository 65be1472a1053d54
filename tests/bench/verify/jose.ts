import { jwtVerify } from 'jose';

import { importKeys } from './key.ts';
import type { Claims, Setup, Verify } from './peer.ts';
import { bearer } from './token.ts';

export async function prepare(setup: Setup): Promise<Verify<string, Claims | undefined>> {
  const keys = await importKeys(setup);
  const options = {
    algorithms: [setup.alg],
    issuer: setup.issuers.map(({ issuer }) => issuer),
    audience: setup.audience,
    requiredClaims: ['exp'],
  };
  const keyOf = ({ kid = '' }: { kid?: string }): CryptoKey => {
    const trusted = keys.get(kid);
    if (!trusted) throw new Error('no such key');
    return trusted.key;
  };
  return async (authorization) => {
    try {
      const { payload, protectedHeader } = await jwtVerify(bearer(authorization), keyOf, options);
      // One issuer's key is not good for another's tokens.
      return payload.iss === keys.get(protectedHeader.kid ?? '')?.issuer ? payload : undefined;
    } catch {
      return undefined;
    }
  };
}
