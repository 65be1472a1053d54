/**
 * The gate's judge, on a route that asks no denylist: what is looked at for revocations is what the isolate itself has revoked,
 * here a thousand tokens of others. For what a look-up in Workers KV costs, see `jose+kv`.
 */
import module from '../../../crates/js/build/quash_engine.wasm';
import { Judge } from '../../../crates/js/host/judge.ts';
import type { Env, Setup, Verify } from './peer.ts';
import { bindings } from './quash-bindings.ts';

const URL = 'https://api.example/account';
const REVOKED = 1000;

const context = { waitUntil: () => {} };

export async function prepare(setup: Setup, env: Env): Promise<Verify> {
  const judge = new Judge(module, { KV: env.KV, ...bindings(setup) });
  judge.record(revocations());
  return verifierBy(judge);
}

export function verifierBy(judge: Judge): Verify {
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
