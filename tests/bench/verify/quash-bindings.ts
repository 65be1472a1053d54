import type { Issuer, Setup } from './peer.ts';

/** What a Worker with Quash is bound to, besides `KV`. No route asks the denylist: that is what `jose+kv` does. */
export function bindings({ alg, audience, issuers }: Setup): Record<string, unknown> {
  const secrets = Object.fromEntries(issuers.map(({ kid, jwk }) => [kid, atob((jwk.k ?? '').replaceAll('-', '+').replaceAll('_', '/'))]));
  const key = ({ kid, jwk }: Issuer) => (jwk.k === undefined ? { kid, alg, jwk } : { kid, alg, secret: kid });
  return {
    ...secrets,
    PEPPER: 'a pepper of thirty-two bytes, or more',
    QUASH: {
      origin: { url: 'https://origin.example' },
      denylist: 'KV',
      peppers: ['PEPPER'],
      routes: [{ path: '/*', mode: 'danger_isolate' }],
      issuers: issuers.map((issuer) => ({
        issuer: issuer.issuer,
        audiences: [audience],
        max_lifetime: 30 * 24 * 3600,
        keys: [key(issuer)],
      })),
    },
  };
}
