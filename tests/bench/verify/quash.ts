/**
 * The gate's judge, as it is deployed: it follows a ledger, which has a thousand revocations, and asks nobody for a request. For what
 * a look-up in Workers KV costs, see `jose+kv`.
 */
import { waitUntil } from 'cloudflare:workers';

import module from '../../../www/quash/wasm-engine/quash_engine.wasm';
import { Judge } from '../../../www/quash/dist/edge/judge.js';
import type { Env, Setup, Verify } from './peer.ts';
import { bindings } from './quash-bindings.ts';

const URL = 'https://api.example/account';
const REVOKED = 1000;

export async function prepare(setup: Setup, { KV, QUASH_LEDGER }: Env): Promise<Verify> {
  const root = QUASH_LEDGER.getByName('shard-0');
  const answer = await root.fetch('https://ledger.invalid/0/append?count=1&exact=1000000', { method: 'POST', body: `KV\n${revocations()}` });
  if (!answer.ok) throw new Error(`the ledger answers ${answer.status}`);
  return verifierBy(new Judge(module, { KV, QUASH_LEDGER, ...bindings(setup, 'bounded') }));
}

export function verifierBy(judge: Judge): Verify {
  return (authorization) => {
    const verdict = judge.judge({ url: URL, authorization, cookie: '', isPreflight: false }, { waitUntil });
    return verdict instanceof Promise ? verdict.then(({ kind }) => kind === 'admitted') : verdict.kind === 'admitted';
  };
}

function revocations(): string {
  const entry = `1 always - ${Date.now() + 3_600_000} ${Date.now()} logout`;
  const key = () => crypto.randomUUID().replaceAll('-', '');
  return Array.from({ length: REVOKED }, () => `r1/${key()} ${entry}\n`).join('');
}
