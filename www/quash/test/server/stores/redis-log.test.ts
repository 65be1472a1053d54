import assert from 'node:assert/strict';
import { test } from 'node:test';

import { type IoRedisClient, redis } from 'quash/redis';

import { merge, row, says } from './entries.ts';
import { connect, openBy } from './redis-clients.ts';
import { keepsItsLog } from './redis-log.ts';
import { startRedis, until } from './redis-server.ts';

keepsItsLog('quash/redis', openBy(connect));

test('a row that expires and goes while another is merged with it', async () => {
  await using server = await startRedis();
  await using connected = await connect(server.socket);
  const { append, lookUp } = redis(connected.client);
  const soon = Date.now() + 200;
  await append([row(1, 'old', soon)], merge);
  const client = connected.client as IoRedisClient;
  const slow = redis({
    call: async (command: string, args: string[]) => {
      const answer = await client.call(command, args);
      await until(async () => (await lookUp([row(1, '').key]))[0]?.expiresAt !== soon);
      return answer;
    },
  });
  await slow.append([row(1, 'new')], merge);
  const [found] = await lookUp([row(1, '').key]);
  assert.ok(says(found, row(1, 'new')));
});

test('a prefix that is no hash tag is refused', () => {
  const client = { call: async () => [] };
  for (const prefix of ['', 'a}b', '{a']) assert.throws(() => redis(client, { prefix }), TypeError);
});
