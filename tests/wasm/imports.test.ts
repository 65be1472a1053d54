/** The core as WebAssembly asks nothing of its host: no clock, no randomness, no JavaScript. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { before, describe, it } from 'node:test';

const MODULE = resolve(import.meta.dirname, '../bench/build/quash_bench.wasm');

describe('the core as WebAssembly', () => {
  let module: WebAssembly.Module;
  before(async () => {
    module = await WebAssembly.compile(await readFile(MODULE));
  });

  it('imports nothing', () => {
    assert.deepEqual(WebAssembly.Module.imports(module), []);
  });

  it('runs all the same, from the text of a token to the verdict', async () => {
    const { exports } = await WebAssembly.instantiate(module);
    for (const name of ['parse', 'id', 'verdict', 'pipeline']) {
      const batch = exports[name];
      assert.ok(batch instanceof Function, `there is no ${name}`);
      assert.equal(batch(1), 1, name);
    }
  });
});
