/** That the benches still run, and refuse what they have to: what they measure is for nobody to look at here. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { describe, test } from 'node:test';
import { promisify } from 'node:util';

import type { Figure } from './print.ts';

const run = promisify(execFile);

/** Some of the cases of each. */
const BENCHES = {
  cold: ['trivial', 'quash-gate', 'quash-rust-guard', 'jose'],
  http: ['trivial', 'quash-gate', 'quash-rust-guard', 'jose+kv'],
  staleness: ['bounded/5s', 'bounded/1s'],
  verify: ['quash/HS256/new', 'quash/EdDSA/repeat', 'jose/ES256/new', 'hono+kv/RS256/new'],
} as const;

describe('benches', () => {
  for (const [bench, some] of Object.entries(BENCHES)) {
    test(bench, async () => {
      const file = resolve(import.meta.dirname, `${bench}.ts`);
      const { stdout } = await run(process.execPath, [file, '--once', '--json']);
      const figures = stdout.trimEnd().split('\n').map((line) => JSON.parse(line) as Figure);
      assert.deepEqual(some.filter((name) => !figures.some((figure) => figure.case === name)), []);
      for (const figure of figures) assert.ok(Number.isFinite(figure.value), JSON.stringify(figure));
    });
  }
});
