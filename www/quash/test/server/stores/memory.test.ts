import assert from 'node:assert/strict';
import { test } from 'node:test';

import { memory } from 'quash/memory';

import { conforms } from './conformance.ts';
import { merge, row } from './entries.ts';

conforms(
  'memory',
  async () => {
    const store = memory();
    return { open: async () => store, [Symbol.asyncDispose]: async () => {} };
  },
  { isAtomic: true, hasLog: false },
);

test('what has expired takes no place', async ({ mock }) => {
  const store = memory();
  await store.append(Array.from({ length: 1500 }, (_, n) => row(n, 'a', Date.now() + 1000)), merge);
  mock.timers.enable({ apis: ['Date'], now: Date.now() + 2000 });
  await store.append(Array.from({ length: 3000 }, (_, n) => row(5000 + n, 'a')), merge);
  mock.timers.setTime(0);
  const keys = Array.from({ length: 1500 }, (_, n) => row(n, 'a').key);
  assert.deepEqual(await store.lookUp(keys), [], 'not even by a clock that was set back');
});
