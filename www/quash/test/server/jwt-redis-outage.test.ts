/** While Redis cannot be asked, no token is good and none is destroyed; and what was acknowledged is true afterwards. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { OURS, SECRET, startWorld } from './jwt-redis-libraries.ts';
import { CLIENTS, CLUSTER_CLIENTS, connect } from './stores/redis-clients.ts';
import { startCluster, startRedis, until } from './stores/redis-server.ts';

const UNAVAILABLE = { name: 'StoreError', code: 'store_unavailable' };
const DESTROYED = { name: 'TokenDestroyedError' };
const DURABLE = ['--appendonly', 'yes', '--appendfsync', 'always'];

describe('an outage', { timeout: 120_000, concurrency: true }, () => {
  for (const [name, connect] of Object.entries(CLIENTS)) {
    test(`${name}: Redis hangs, and is gone for a while`, async () => {
      await using server = await startRedis(...DURABLE);
      await using connected = await connect(server.socket);
      const patient = new OURS.default(connected.client, { timeout: 60_000 });
      const jwtr = new OURS.default(connected.client, { timeout: 200 });
      const [good, destroyed] = [await patient.sign({ sub: 'ada' }, SECRET), await patient.sign({ sub: 'ada' }, SECRET)];
      await patient.destroy(destroyed);
      const refuses = async () => {
        const calls = [() => jwtr.verify(good, SECRET), () => jwtr.verify(destroyed, SECRET), () => jwtr.sign({}, SECRET)];
        for (const call of [...calls, () => jwtr.destroy(destroyed)]) await assert.rejects(call, UNAVAILABLE);
        // What needs no Redis needs none.
        await assert.rejects(jwtr.verify(good, 'another secret of thirty-two bytes'), { message: 'invalid signature' });
      };
      const isUp = () => patient.verify(good, SECRET).then(() => true, () => false);

      server.freeze();
      await refuses();
      server.thaw();
      await until(isUp);
      await assert.rejects(patient.verify(destroyed, SECRET), DESTROYED);

      await server.kill();
      await refuses();
      await server.restart();
      // The client itself has to notice, and connect again.
      await until(isUp);
      await assert.rejects(patient.verify(destroyed, SECRET), DESTROYED);
    });
  }

  test('what was acknowledged outlives a crash', async () => {
    await using server = await startRedis(...DURABLE);
    await using connected = await connect(server.socket);
    const jwtr = new OURS.default(connected.client, { timeout: 500 });
    const [good, destroyed]: [string[], string[]] = [[], []];
    let isDown = false;
    const users = Array.from({ length: 8 }, async (_, user) => {
      while (!isDown) {
        await jwtr.sign({ user }, SECRET, { expiresIn: '15m' }).then((token) => good.push(token), () => {});
        const token = await jwtr.sign({ user }, SECRET).catch(() => undefined);
        if (token) await jwtr.destroy(token).then(() => destroyed.push(token), () => {});
      }
    });
    await until(async () => destroyed.length > 200);
    await server.kill();
    isDown = true;
    await Promise.all(users);
    await server.restart();
    const patient = new OURS.default(connected.client, { timeout: 60_000 });
    await until(() => patient.verify(good[0], SECRET).then(() => true, () => false));
    for (const token of good) await patient.verify(token, SECRET);
    for (const token of destroyed) await assert.rejects(patient.verify(token, SECRET), DESTROYED);
  });

  test('where nothing is kept, everybody is logged out', async () => {
    await using world = await startWorld();
    const token = await world.ours.sign({ sub: 'ada' }, SECRET);
    await world.server.kill();
    await world.server.restart();
    await until(() => world.ours.sign({}, SECRET).then(() => true, () => false));
    await assert.rejects(world.ours.verify(token, SECRET), DESTROYED);
  });

  test('what Redis refuses is no label that is gone, and says why', async () => {
    await using world = await startWorld();
    const { ours, server } = world;
    const token = await ours.sign({ jti: 'j' }, SECRET);
    await server.cli('CONFIG', 'SET', 'maxmemory', '1');
    await assert.rejects(ours.sign({}, SECRET), (error: Error) => {
      assert.match(String(error.cause), /OOM/);
      return error.name === 'StoreError';
    });
    await ours.verify(token, SECRET);
    await server.cli('CONFIG', 'SET', 'maxmemory', '0');
    await server.cli('DEL', 'jwt_label:j');
    await server.cli('LPUSH', 'jwt_label:j', 'no label');
    await assert.rejects(ours.verify(token, SECRET), UNAVAILABLE);
  });
});

test('labels are found in a cluster', { timeout: 120_000 }, async (t) => {
  await using cluster = await startCluster();
  for (const [name, connect] of Object.entries(CLUSTER_CLIENTS)) {
    await t.test(name, async () => {
      await using connected = await connect(cluster.ports);
      const jwtr = new OURS.default(connected.client);
      // So many that each master has some.
      const tokens = await Promise.all(Array.from({ length: 36 }, (_, user) => jwtr.sign({ user }, SECRET, { expiresIn: '15m' })));
      for (const token of tokens) {
        await jwtr.verify(token, SECRET);
        assert.equal(await jwtr.destroy(token), true);
        await assert.rejects(jwtr.verify(token, SECRET), DESTROYED);
      }
    });
  }
});
