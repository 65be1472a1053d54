/** Rows that were there and are gone, with nothing else to show for it: nobody may take that for "not revoked". */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import type { IoRedisClient, StoreError } from 'quash/redis';

import { merge, row } from './entries.ts';
import { type Open, connect } from './redis-clients.ts';
import { startRedis, until } from './redis-server.ts';

const INCOMPLETE = { name: 'StoreError', code: 'store_incomplete' };
const KEYS = ['rows', 'log', 'expiries', 'state'] as const;

export function missesWhatIsLost(name: string, open: Open): void {
  async function begin(...args: string[]) {
    const stack = new AsyncDisposableStack();
    const server = stack.use(await startRedis(...args));
    const { append, lookUp, log } = stack.use(await open(server.socket));
    const { client } = stack.use(await connect(server.socket));
    const command = (name: string, ...args: string[]) => (client as IoRedisClient).call(name, args);
    return { server, command, append, lookUp, log, [Symbol.asyncDispose]: () => stack.disposeAsync() };
  }

  describe(`${name}, what Redis has lost`, { timeout: 120_000 }, () => {
    for (const name of KEYS) {
      test(`${name}, deleted`, async () => {
        await using place = await begin();
        await place.append([row(1, 'a'), row(2, 'a')], merge);
        assert.equal(await place.server.cli('DEL', `{quash}:${name}`), '1');
        await assert.rejects(place.log.read('head'), INCOMPLETE);
        await assert.rejects(place.log.read(0), INCOMPLETE);
        await assert.rejects(place.lookUp([row(1, '').key]), INCOMPLETE);
        // A number that is given again would mean something else than the first time.
        if (name === 'state') await assert.rejects(place.append([row(3, 'a')], merge), INCOMPLETE);
      });
    }

    for (const [what, ...command] of [
      ['a row', 'HDEL', '{quash}:rows'],
      ['its number', 'ZREM', '{quash}:log'],
      ['its expiry', 'ZREM', '{quash}:expiries'],
    ] as const) {
      test(`${what}, deleted by hand`, async () => {
        await using place = await begin();
        await place.append([row(1, 'a'), row(2, 'a')], merge);
        assert.equal(await place.server.cli(...command, row(1, '').key), '1');
        await assert.rejects(place.log.read('head'), INCOMPLETE);
        await assert.rejects(place.lookUp([row(2, '').key]), INCOMPLETE);
      });
    }

    test('a row, and another one put in its place', async () => {
      await using place = await begin();
      await place.append([row(1, 'a'), row(2, 'a')], merge);
      await place.server.cli('HDEL', '{quash}:rows', row(1, '').key);
      await place.server.cli('HSET', '{quash}:rows', row(3, '').key, '9999999999999 x');
      await assert.rejects(place.log.read('head'), INCOMPLETE);
    });

    test('a row that cannot be read', async () => {
      await using place = await begin();
      await place.append([row(1, 'a')], merge);
      await place.server.cli('HSET', '{quash}:rows', row(1, '').key, 'whatever');
      await assert.rejects(place.log.read('head'), INCOMPLETE);
      await assert.rejects(place.lookUp([row(1, '').key]), INCOMPLETE);
      await assert.rejects(place.append([row(1, 'b')], merge), INCOMPLETE);
    });

    test('a lost row is not written over, and the others are added all the same', async () => {
      await using place = await begin();
      await place.append([row(1, ['a', 'wide'])], merge);
      await place.server.cli('HDEL', '{quash}:rows', row(1, '').key);
      await assert.rejects(place.append([row(1, 'b'), row(2, 'b')], merge), INCOMPLETE);
      assert.equal(await place.server.cli('HKEYS', '{quash}:rows'), row(2, '').key);
      await assert.rejects(place.log.read('head'), INCOMPLETE, 'what it said is still unknown');
    });

    test('once it would have expired, it is missed no more', async () => {
      await using place = await begin();
      const soon = Date.now() + 1000;
      await place.append([row(1, 'a', soon), row(2, 'a')], merge);
      await place.server.cli('HDEL', '{quash}:rows', row(1, '').key);
      await until(() => place.log.read('head').then(() => true, () => false));
      assert.ok(Date.now() >= soon);
      assert.deepEqual((await place.log.read('head')).rows, [row(2, 'a')]);
      await place.append([row(1, 'b')], merge);
      assert.deepEqual(await place.lookUp([row(1, '').key]), [row(1, 'b')]);
    });

    test('everything: that is another log', async () => {
      await using place = await begin();
      await place.append([row(1, 'a')], merge);
      const before = await place.log.read('head');
      await place.server.cli('FLUSHALL');
      const after = await place.log.read('head');
      assert.deepEqual([after.head, after.rows], [0, []]);
      assert.notEqual(after.epoch, before.epoch);
    });

    test('what Redis evicts, by a policy that it must not have', async () => {
      await using place = await begin('--maxmemory-policy', 'allkeys-random');
      const rows = Array.from({ length: 50 }, (_, id) => row(id, 'a'));
      await place.append(rows, merge);
      const used = /used_memory:(\d+)/.exec(await place.server.cli('INFO', 'memory'))?.[1];
      await place.server.cli('CONFIG', 'SET', 'maxmemory', `${Number(used) + 1_000_000}`);
      // Others fill the memory, until one of our keys has to go. They are small and many: of few large ones, Redis may throw out all of
      // ours as well before it has thrown out one of them, and that would be another log.
      const read = () => place.log.read('head').then(({ rows }) => rows.length, (error: StoreError) => error.code);
      let seen = await read();
      for (let n = 0; seen === rows.length; n++) {
        await place.command('SET', `other-${n}`, 'x'.repeat(2000));
        seen = await read();
      }
      assert.equal(seen, 'store_incomplete');
      await assert.rejects(place.lookUp([row(1, '').key]), INCOMPLETE);
    });

    test('where Redis evicts only what expires, it loses nothing', async () => {
      await using place = await begin('--maxmemory-policy', 'volatile-random');
      await place.append(Array.from({ length: 50 }, (_, id) => row(id, 'a')), merge);
      const used = /used_memory:(\d+)/.exec(await place.server.cli('INFO', 'memory'))?.[1];
      await place.server.cli('CONFIG', 'SET', 'maxmemory', `${Number(used) + 500_000}`);
      for (let n = 0; n < 30; n++) await place.server.cli('SET', `other-${n}`, 'x'.repeat(50_000), 'EX', '1000');
      assert.notEqual(/evicted_keys:(\d+)/.exec(await place.server.cli('INFO', 'stats'))?.[1], '0');
      assert.equal((await place.log.read('head')).rows.length, 50);
    });

    test('where there is no memory left, an append is refused', async () => {
      await using place = await begin('--maxmemory-policy', 'noeviction');
      await place.append([row(1, 'a')], merge);
      await place.server.cli('CONFIG', 'SET', 'maxmemory', '1');
      await assert.rejects(place.append([row(2, 'a')], merge), { code: 'store_unavailable' });
      assert.deepEqual((await place.log.read('head')).rows, [row(1, 'a')]);
    });
  });
}
