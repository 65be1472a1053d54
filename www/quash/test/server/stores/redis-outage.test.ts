import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { type StoreError, redis } from 'quash/redis';

import { LATER, merge, row } from './entries.ts';
import { CLIENTS, openBy } from './redis-clients.ts';
import { outlastsOutages } from './redis-outage.ts';
import { startRedis } from './redis-server.ts';

const UNAVAILABLE = { name: 'StoreError', code: 'store_unavailable' };

describe('an outage of Redis', { timeout: 120_000, concurrency: true }, () => {
  for (const [name, connect] of Object.entries(CLIENTS)) outlastsOutages(name, openBy(connect));

  test('an answer that comes too late has no consequences', async () => {
    const answers: ((answer: unknown) => void)[] = [];
    const store = redis({ call: () => new Promise((resolve) => answers.push(resolve)) }, { timeout: 10 });
    await assert.rejects(store.append([row(1, 'a')], merge), UNAVAILABLE);
    // It found something else, which there would be to merge with.
    const { entry, expiresAt } = row(1, 'b');
    answers[0]?.(['0', `${expiresAt} ${entry}`]);
    await new Promise(setImmediate);
    assert.equal(answers.length, 1);
  });

  test('what is refused says why', async () => {
    await using server = await startRedis();
    await using connected = await CLIENTS['ioredis 5']!(server.socket);
    await server.cli('SET', '{quash}:rows', 'not ours');
    const store = redis(connected.client);
    await assert.rejects(store.log!.read('head'), { code: 'store_incomplete' });
    await server.cli('HSET', '{quash}:state', 'head', '0');
    await assert.rejects(store.log!.read('head'), (error: StoreError) => {
      assert.equal(error.code, 'store_unavailable');
      assert.match(String(error.cause), /WRONGTYPE/);
      return true;
    });
  });

  test('writers that never agree end with an error', async () => {
    await using server = await startRedis();
    await using connected = await CLIENTS['ioredis 5']!(server.socket);
    const store = redis(connected.client);
    await store.append([row(1, 'first')], merge);
    // Another writer comes between each look and each write.
    let others = 0;
    const client = connected.client as { call(command: string, args: string[]): Promise<unknown> };
    const slow = redis({
      call: async (command: string, args: string[]) => {
        await store.append([row(1, 'other', LATER + others++)], merge);
        return client.call(command, args);
      },
    });
    await assert.rejects(slow.append([row(1, 'mine')], merge), { name: 'StoreError', code: 'store_conflict' });
  });
});
