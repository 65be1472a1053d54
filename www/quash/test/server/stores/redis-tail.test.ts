import assert from 'node:assert/strict';
import { test } from 'node:test';

import { type IoRedisClient, redis } from 'quash/redis';

import { merge, row } from './entries.ts';
import { connect, openBy } from './redis-clients.ts';
import { startRedis } from './redis-server.ts';
import { many, readsAgain } from './redis-tail.ts';

readsAgain('quash/redis', openBy(connect));

test('of a head that is read again, only what is new travels', async () => {
  await using server = await startRedis();
  await using connected = await connect(server.socket);
  const client = connected.client as IoRedisClient;
  let answer: unknown;
  const store = redis({ call: async (command: string, args: string[]) => (answer = await client.call(command, args)) });
  await store.append(many(1500, 0), merge);
  assert.equal((await store.log!.read('head')).rows.length, 1500);
  await store.append([row(3, 'b')], merge);
  const { rows } = await store.log!.read('head');
  assert.deepEqual([rows.length, rows.at(-1)], [1500, row(3, ['a', 'b'])]);
  assert.ok(JSON.stringify(answer).length < 500);
});
