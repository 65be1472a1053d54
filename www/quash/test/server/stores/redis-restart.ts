/** Restarts and failovers: what Redis keeps is known by its number, and what it gave away cannot be mistaken for something else. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import type { Row } from 'quash/redis';

import { merge, mergeAll, row, says } from './entries.ts';
import { Follower } from './follower.ts';
import type { Open } from './redis-clients.ts';
import { startMaster, startRedis, until } from './redis-server.ts';

export function survivesRestarts(name: string, open: Open): void {
  describe(`${name}, a restart of Redis`, { timeout: 120_000, concurrency: true }, () => {
    test('with appendfsync always, nothing that was acknowledged is lost', async () => {
      await using server = await startRedis('--appendonly', 'yes', '--appendfsync', 'always');
      await using store = await open(server.socket, { timeout: 500 });
      // Of a machine that is busy, what is there has to be told nevertheless.
      await using reader = await open(server.socket);
      const acknowledged: Row[] = [];
      const follower = new Follower(reader.log);
      let isDown = false;
      const writers = Array.from({ length: 8 }, async (_, writer) => {
        for (let n = 0; !isDown; n++) {
          const rows = [row(writer * 10_000 + n, 'own'), row(n % 7, `w${writer}`)];
          await store.append(rows, merge).then(() => acknowledged.push(...rows), () => {});
        }
      });
      await until(async () => acknowledged.length > 500);
      await follower.sync();
      // In the middle of what they do.
      await until(async () => acknowledged.length > 1000);
      await server.kill();
      isDown = true;
      await Promise.all(writers);
      await server.restart();
      await until(() => reader.lookUp([]).then(() => true, () => false));

      const expected = mergeAll(acknowledged);
      const found = new Map((await reader.lookUp([...expected.keys()])).map((row) => [row.key, row]));
      await follower.sync();
      for (const [key, row] of expected) {
        for (const known of [found.get(key), follower.rows.get(key)]) assert.ok(says(known, row), row.entry);
      }
    });

    test('of one that keeps nothing, followers see that it is another log', async () => {
      await using server = await startRedis();
      await using store = await open(server.socket, { timeout: 2000 });
      await store.append([row(1, 'a'), row(2, 'a')], merge);
      const before = await store.log.read('head');
      await server.kill();
      await server.restart();
      await until(() => store.append([row(3, 'a'), row(4, 'a'), row(5, 'a')], merge).then(() => true, () => false));
      const after = await store.log.read('head');
      assert.notEqual(after.epoch, before.epoch);
      assert.deepEqual([after.head, after.rows.length], [3, 3]);
    });

    test('a server that may not write speaks for nobody: a replica, and a master that has lost its own', async () => {
      await using master = await startMaster();
      await using replica = await startRedis('--replicaof', '127.0.0.1', `${master.port}`);
      await using cutOff = await open(master.socket);
      await using other = await open(replica.socket);
      await cutOff.append([row(1, 'a')], merge);
      await until(async () => (await replica.cli('HGET', '{quash}:state', 'head')) === '1');
      const silent = async (store: typeof other) => {
        await assert.rejects(store.log.read('head'), { code: 'store_unavailable' });
        await assert.rejects(store.lookUp([row(1, 'a').key]), { code: 'store_unavailable' });
      };
      await silent(other);
      await replica.cli('REPLICAOF', 'NO', 'ONE');
      assert.equal((await other.lookUp([row(1, 'a').key])).length, 1);
      await master.cli('CONFIG', 'SET', 'min-replicas-to-write', '1');
      await silent(cutOff);
    });

    test('numbers that a promoted replica gives again are those of another log', async () => {
      await using master = await startMaster();
      await using replica = await startRedis('--replicaof', '127.0.0.1', `${master.port}`);
      await using old = await open(master.socket);
      await using promoted = await open(replica.socket);
      await old.append([row(1, 'a'), row(2, 'a')], merge);
      await until(async () => (await replica.cli('HGET', '{quash}:state', 'head')) === '2');
      const replicated = await old.log.read('head');
      await assert.rejects(promoted.append([row(9, 'a')], merge), { code: 'store_unavailable' });

      // The replica is behind by two rows when it takes over.
      await replica.cli('REPLICAOF', 'NO', 'ONE');
      await old.append([row(3, 'lost'), row(4, 'lost')], merge);
      const follower = new Follower(old.log);
      await follower.sync();
      const before = await promoted.log.read('head');
      assert.deepEqual(before, replicated, 'a lower head, as long as no number is given');

      await promoted.append([row(5, 'new'), row(6, 'new'), row(7, 'new')], merge);
      const after = await promoted.log.read('head');
      assert.equal(after.head, 5, 'more than the old one had');
      assert.notEqual(after.epoch, before.epoch);
      // An append that changes nothing gives no number, and so no epoch.
      await promoted.append([row(5, 'new')], merge);
      assert.equal((await promoted.log.read('head')).epoch, after.epoch);
    });

    test('nor can a master that comes back give its old numbers another meaning', async () => {
      await using first = await startMaster();
      await using second = await startMaster();
      await using store = await open(first.socket);
      await second.cli('REPLICAOF', '127.0.0.1', `${first.port}`);
      await store.append([row(1, 'a'), row(2, 'a')], merge);
      const headOf = (server: typeof first) => server.cli('HGET', '{quash}:state', 'head');
      await until(async () => (await headOf(second)) === '2');
      await second.cli('REPLICAOF', 'NO', 'ONE');
      await store.append([row(3, 'lost'), row(4, 'lost')], merge);
      const before = await store.log.read('head');

      await first.cli('REPLICAOF', '127.0.0.1', `${second.port}`);
      await until(async () => (await headOf(first)) === '2');
      await first.cli('REPLICAOF', 'NO', 'ONE');
      await store.append([row(5, 'new'), row(6, 'new')], merge);
      const after = await store.log.read('head');
      assert.equal(after.head, before.head);
      assert.notEqual(after.epoch, before.epoch);
    });
  });
}
