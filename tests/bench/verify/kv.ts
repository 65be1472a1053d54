import type { Claims, Env, Peer, Setup, Verify } from './peer.ts';

type Prepare = (setup: Setup, env: Env) => Promise<Verify<string, Claims | undefined>>;

/** What is commonly written for revocation: the token is good unless Workers KV has its `jti`. */
export function withKv(prepare: Prepare): Peer {
  return {
    prepare: async (setup, env) => {
      const verify = await prepare(setup, env);
      return async (authorization) => {
        const claims = await verify(authorization);
        return claims?.jti !== undefined && (await env.KV.get(claims.jti)) === null;
      };
    },
  };
}
