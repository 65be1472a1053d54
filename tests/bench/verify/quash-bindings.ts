import type { Issuer, Setup } from './peer.ts';

/** Where Quash looks for revocations: in a ledger that it follows, or in nothing but what the isolate itself has revoked. */
export type Mode = 'bounded' | 'danger_isolate';

/** What a Worker with Quash is bound to, besides `KV` and, for a ledger, `QUASH_LEDGER`. */
export function bindings({ alg, audience, issuers }: Setup, mode: Mode): Record<string, unknown> {
  const secrets = Object.fromEntries(issuers.map(({ kid, jwk }) => [kid, atob((jwk.k ?? '').replaceAll('-', '+').replaceAll('_', '/'))]));
  const key = ({ kid, jwk }: Issuer) => (jwk.k === undefined ? { kid, alg, jwk } : { kid, alg, secret: kid });
  return {
    ...secrets,
    PEPPER: 'a pepper of thirty-two bytes, or more',
    QUASH: {
      origin: { url: 'https://origin.example' },
      denylist: 'KV',
      peppers: ['PEPPER'],
      mode,
      ...(mode === 'bounded' && { ledger: {} }),
      issuers: issuers.map((issuer) => ({
        issuer: issuer.issuer,
        audiences: [audience],
        max_lifetime: 30 * 24 * 3600,
        keys: [key(issuer)],
      })),
    },
  };
}
