import { waitUntil } from 'cloudflare:workers';

import type { Gate } from './gate.js';
import type { Bindings, Context } from './platform.js';
import type { Told } from './revoke.js';

/** What Quash answers itself, in Rust. */
export async function answer(request: Request, env: Bindings, context: Context, gate: Gate): Promise<Response> {
  return (await loaded(env, context, gate)).fetch(request);
}

/** Revokes what a Worker's own code demands; the gate knows of it before it is durable. */
export async function revoke(demand: string, env: Bindings, context: Context, gate: Gate): Promise<Told> {
  const told = await (await loaded(env, context, gate)).revoke(demand);
  const end = told.indexOf('\n');
  return { receipt: JSON.parse(told.slice(0, end)) as Told['receipt'], entries: told.slice(end + 1) };
}

/** It is loaded when it is first asked for: most isolates never are. */
async function loaded(env: Bindings, context: Context, gate: Gate) {
  const { default: Worker } = await import('../../wasm-endpoints/index.js');
  const endpoints = new Worker(context, env);
  // For each request: a panic leaves an instance that knows of nobody.
  endpoints.onRecord((lines) => gate.record(lines));
  endpoints.onJudge((token) => gate.judge(token, { waitUntil }));
  return endpoints;
}
