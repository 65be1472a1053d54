/** The core as WebAssembly asks nothing of its host: no clock, no randomness, no JavaScript. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { describe, it } from 'node:test';

const read = (name: string) => readFile(resolve(import.meta.dirname, '../bench/build', name));

describe('the core as WebAssembly', () => {
  it('imports nothing, all of it', async () => {
    const file = await read('whole_core.wasm');
    // What nobody calls is there, or this would say nothing.
    for (const name of ['into_logout_token', 'into_security_event_token', 'explain', 'merge', 'from_entry', 'macs']) {
      assert.ok(file.includes(name), `there is no ${name}`);
    }
    assert.deepEqual(WebAssembly.Module.imports(await WebAssembly.compile(file)), []);
  });

  it('runs without a host, from the text of a token to the verdict', async () => {
    const { exports } = await WebAssembly.instantiate(await WebAssembly.compile(await read('quash_bench.wasm')));
    for (const name of ['parse', 'id', 'verdict', 'pipeline']) {
      const batch = exports[name];
      assert.ok(batch instanceof Function, `there is no ${name}`);
      assert.equal(batch(1), 1, name);
    }
  });
});
