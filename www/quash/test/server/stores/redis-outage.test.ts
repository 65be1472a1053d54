import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { type StoreError, redis } from 'quash/redis';

import { CLIENTS } from './redis-clients.ts';
import { startRedis, until } from './redis-server.ts';
import { merge, row } from './words.ts';

const UNAVAILABLE = { name: 'StoreError', code: 'store_unavailable' };
const KEY = row(1, '').key;

describe('an outage of Redis', { timeout: 120_000, concurrency: true }, () => {
  for (const [name, connect] of Object.entries(CLIENTS)) {
    test(`${name}: one that hangs, and one that is gone for a while`, async () => {
      await using server = await startRedis();
      await using connected = await connect(server.socket);
      const store = redis(connected.client, { timeout: 200 });
      const { log } = store;
      const isUp = () => store.lookUp([KEY]).then(() => true, () => false);
      await until(isUp);
      await until(() => store.append([row(1, 'a')], merge).then(() => true, () => false));

      server.freeze();
      await assert.rejects(log!.read('head'), UNAVAILABLE);
      await assert.rejects(store.lookUp([KEY]), UNAVAILABLE);
      await assert.rejects(store.append([row(1, 'b')], merge), UNAVAILABLE);
      server.thaw();
      await until(isUp);

      await server.kill();
      await assert.rejects(log!.read('head'), UNAVAILABLE);
      await assert.rejects(store.append([row(1, 'c')], merge), UNAVAILABLE);
      await server.restart();
      // The client itself has to notice, and connect again.
      await until(() => store.append([row(1, 'd')], merge).then(() => true, () => false));
      await until(isUp);
      assert.ok((await store.lookUp([KEY]))[0]?.entry.includes('d'));
    });
  }

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
        await store.append([row(1, `w${others++}`)], merge);
        return client.call(command, args);
      },
    });
    await assert.rejects(slow.append([row(1, 'mine')], merge), { name: 'StoreError', code: 'store_conflict' });
  });
});
