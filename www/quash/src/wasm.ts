// @ts-expect-error: how wasm-bindgen's glue is given its module is in none of its types.
import { __wbg_set_wasm as setModule } from '../wasm/quash_bg.js';
import { expiringWrites, selects } from '../wasm/quash_bg.js';
import type { Engine } from './engine.js';

/** What takes longer to fetch and compile 9 KB, hangs. */
const TIMEOUT_MS = 1000;

/**
 * `crates/browser` as WebAssembly or, where that may not run (a Content-Security-Policy without `wasm-unsafe-eval`, Lockdown
 * Mode), as JavaScript.
 */
export async function startWasm(): Promise<Engine> {
  try {
    const late = new Promise<never>((_, reject) => setTimeout(reject, TIMEOUT_MS));
    setModule(await Promise.race([instantiate(), late]));
    return { name: 'wasm', selects, expiringWrites };
  } catch {
    setModule(await import('../wasm/quash_js.js'));
    return { name: 'wasm2js', selects, expiringWrites };
  }
}

async function instantiate(): Promise<WebAssembly.Exports> {
  const file = await fetch(new URL('../wasm/quash_bg.wasm', import.meta.url));
  // Not by streaming: that insists on a MIME type which not every server knows.
  const { instance } = await WebAssembly.instantiate(await file.arrayBuffer());
  return instance.exports;
}
