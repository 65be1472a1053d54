/** `kill -9` of workerd, again and again, while the ledger is written to: nothing that was acknowledged is lost. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

import { type Ledger, startLedger } from './ledger/server.ts';

const ROUNDS = 50;
const WRITERS = 8;

let ledger: Ledger;
before(async () => {
  ledger = await startLedger();
});
after(() => ledger.stop());

test('takes nothing that was acknowledged', async (context) => {
  const acknowledged: string[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    let running = true;
    const writers = Array.from({ length: WRITERS }, async () => {
      while (running) {
        const key = `r1/${randomBytes(16).toString('hex')}`;
        const entry = `1 always - ${Date.now() + 3_600_000} ${Date.now()} logout`;
        const answer = await ledger.post('1/append', [`${key} ${entry}`]).catch(() => undefined);
        if (answer?.status === 200) acknowledged.push(key);
      }
    });
    await delay(50 + 150 * Math.random());
    const restarted = ledger.restart();
    running = false;
    await Promise.all(writers);
    ledger = await restarted;
    const found = await (await ledger.post('1/look-up', acknowledged)).text();
    const keys = new Set(found.split('\n').map((line) => line.slice(0, line.indexOf(' '))));
    assert.deepEqual(acknowledged.filter((key) => !keys.has(key)), [], `round ${round}`);
  }
  assert.ok(acknowledged.length > ROUNDS, `${acknowledged.length}`);
  context.diagnostic(`${acknowledged.length} acknowledged, ${ROUNDS} times killed`);
});
