/** The core as WebAssembly asks nothing of its host: no clock, no randomness, no JavaScript. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { describe, it } from 'node:test';

const read = (name: string) => readFile(resolve(import.meta.dirname, '../bench/build', name));

describe('the core as WebAssembly', () => {
  it('imports nothing, all of it', async () => {
    const module = await WebAssembly.compile(await read('whole_core.wasm'));
    // What nobody calls is there as code, or this would say nothing. In debug information it may be without.
    const functions = Buffer.concat(WebAssembly.Module.customSections(module, 'name').map((section) => Buffer.from(section)));
    for (const name of ['into_logout_token', 'into_security_event_token', 'explain', 'merge', 'from_entry', 'macs']) {
      assert.ok(functions.includes(name), `there is no ${name}`);
    }
    assert.deepEqual(WebAssembly.Module.imports(module), []);
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
