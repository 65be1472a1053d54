import type { Env, Peer, Setup, Verify } from '../verify/peer.ts';

interface Bindings extends Env {
  readonly SETUP: Setup;
}

/** A Worker that answers only who brings a good token. */
export function guard(peer: Peer) {
  let verify: Verify | undefined;
  return {
    async fetch(request: Request, env: Bindings): Promise<Response> {
      verify ??= await peer.prepare(env.SETUP, env);
      const isGood = await verify(request.headers.get('Authorization') ?? '');
      return isGood ? new Response('ok') : new Response(null, { status: 401 });
    },
  };
}
