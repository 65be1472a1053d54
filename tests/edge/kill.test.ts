/** `kill -9` of workerd, again and again, while the ledger is written to: nothing that was acknowledged is lost. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

import { modulesOf } from '../bench/modules.ts';
import { startWorkerd } from '../bench/workerd.ts';

const ROUNDS = 50;
const WRITERS = 8;
const SHARD = '1';

test('takes nothing that was acknowledged', async (context) => {
  const disk = await mkdtemp(join(tmpdir(), 'quash-kill-'));
  const main = {
    modules: await modulesOf('../edge/ledger/plain.js'),
    objects: ['Ledger'],
    bindings: { LEDGER: 'durableObjectNamespace = "Ledger"' },
  };
  let workerd = await startWorkerd({ main }, disk);
  const post = (action: string, lines: readonly string[]): Promise<Response> =>
    fetch(`${workerd.url}/${SHARD}/${action}?count=1${action === 'append' ? '&exact=1000000' : ''}`, { method: 'POST', body: lines.map((line) => `${line}\n`).join('') });
  const acknowledged: string[] = [];
  try {
    for (let round = 0; round < ROUNDS; round += 1) {
      let running = true;
      const writers = Array.from({ length: WRITERS }, async () => {
        while (running) {
          const key = `r1/${randomBytes(16).toString('hex')}`;
          const answer = await post('append', ['QUASH_DENYLIST', `${key} 1 always - ${Date.now() + 3_600_000} ${Date.now()} logout`]).catch(() => undefined);
          if (answer?.status === 200) acknowledged.push(key);
        }
      });
      await delay(150 + 150 * Math.random());
      await workerd.kill();
      running = false;
      await Promise.all(writers);
      workerd = await startWorkerd({ main }, disk);
      const found = await (await post('look-up', acknowledged)).text();
      const keys = new Set(found.split('\n').map((line) => line.slice(0, line.indexOf(' '))));
      assert.deepEqual(acknowledged.filter((key) => !keys.has(key)), [], `round ${round}`);
    }
    assert.ok(acknowledged.length > ROUNDS, `${acknowledged.length}`);
    context.diagnostic(`${acknowledged.length} acknowledged, ${ROUNDS} times killed`);
  } finally {
    await workerd.stop();
    await rm(disk, { recursive: true, force: true });
  }
});
