/**
 * The gate's judge, on a route that asks no denylist: what is looked at for revocations is what the isolate itself has revoked,
 * here a thousand tokens of others. For what a look-up in Workers KV costs, see `jose+kv`.
 */
import module from '../../../crates/js/build/quash_engine.wasm';
import { Judge } from '../../../crates/js/host/judge.ts';
import type { Env, Issuer, Setup, Verify } from './peer.ts';

const URL = 'https://api.example/account';
const REVOKED = 1000;

const context = { waitUntil: () => {} };

export async function prepare({ alg, audience, issuers }: Setup, { KV }: Env): Promise<Verify> {
  const secrets = Object.fromEntries(issuers.map(({ kid, jwk }) => [kid, atob((jwk.k ?? '').replaceAll('-', '+').replaceAll('_', '/'))]));
  const key = ({ kid, jwk }: Issuer) => (jwk.k === undefined ? { kid, alg, jwk } : { kid, alg, secret: kid });
  const judge = new Judge(module, {
    ...secrets,
    KV,
    PEPPER: 'a pepper of thirty-two bytes, or more',
    QUASH: {
      origin: { url: 'https://origin.example' },
      denylist: 'KV',
      peppers: ['PEPPER'],
      routes: [{ path: '/*', lookup: 'danger_isolate' }],
      issuers: issuers.map((issuer) => ({
        issuer: issuer.issuer,
        audiences: [audience],
        max_lifetime: 30 * 24 * 3600,
        keys: [key(issuer)],
      })),
    },
  });
  judge.record(revocations());
  return (authorization) => {
    const verdict = judge.judge({ url: URL, authorization, cookie: '', isPreflight: false }, context);
    return verdict instanceof Promise ? verdict.then(({ kind }) => kind === 'admitted') : verdict.kind === 'admitted';
  };
}

function revocations(): string {
  const entry = `1 always - ${Date.now() + 3_600_000} ${Date.now()} logout`;
  const key = () => crypto.randomUUID().replaceAll('-', '');
  return Array.from({ length: REVOKED }, () => `r1/${key()} ${entry}\n`).join('');
}
