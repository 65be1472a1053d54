import { type Bindings, type Context } from './platform.js';

/** What Quash answers itself, in Rust. It is loaded when it is first asked for: most isolates never are. */
export async function answer(
  request: Request,
  env: Bindings,
  context: Context,
  record: (lines: string) => void,
): Promise<Response> {
  const { default: Worker } = await import('../../wasm-endpoints/index.js');
  const endpoints = new Worker(context, env);
  // For each request: a panic leaves an instance that knows of nobody.
  endpoints.onRecord(record);
  return endpoints.fetch(request);
}
