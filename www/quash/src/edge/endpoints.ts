import { waitUntil } from 'cloudflare:workers';

import type { Gate } from './gate.js';
import type { Bindings, Context } from './platform.js';

/** What Quash answers itself, in Rust. It is loaded when it is first asked for: most isolates never are. */
export async function answer(request: Request, env: Bindings, context: Context, gate: Gate): Promise<Response> {
  const { default: Worker } = await import('../../wasm-endpoints/index.js');
  const endpoints = new Worker(context, env);
  // For each request: a panic leaves an instance that knows of nobody.
  endpoints.onRecord((lines) => gate.record(lines));
  endpoints.onJudge((token) => gate.judge(token, { waitUntil }));
  return endpoints.fetch(request);
}
