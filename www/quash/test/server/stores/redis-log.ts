import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { LATER, merge, row } from './entries.ts';
import type { Open } from './redis-clients.ts';
import { type RedisServer, startRedis, until } from './redis-server.ts';

export function keepsItsLog(name: string, open: Open): void {
  describe(`${name}, the log in Redis`, { timeout: 120_000 }, () => {
    let server: RedisServer;
    const stack = new AsyncDisposableStack();
    before(async () => {
      server = stack.use(await startRedis());
    });
    after(() => stack.disposeAsync());

    let prefixes = 0;
    async function begin() {
      const prefix = `log-${prefixes++}`;
      const { append, lookUp, log } = stack.use(await open(server.socket, { prefix }));
      return { append, lookUp, log, key: (name: string) => `{${prefix}}:${name}` };
    }

    /** As crates/core/src/ledger/page.rs has it in its tests. */
    test('which numbers an answer is about', async () => {
      const { log, key } = await begin();
      await log.read('head');
      for (const [part, head, from, to] of [
        ['head', 0, 0, 0], ['head', 1, 0, 1], ['head', 1024, 0, 1024], ['head', 1025, 0, 1025], ['head', 2048, 0, 2048],
        ['head', 2049, 1024, 2049], ['head', 3072, 1024, 3072], ['head', 3073, 2048, 3073],
        [0, 1024, 0, 1024], [1, 5000, 1024, 4096], [0, 0, 0, 0], [0, 1023, 0, 1023], [4, 5000, 3072, 5000],
        [2 ** 43, 5000, 3072, 5000],
      ] as const) {
        await server.cli('HSET', key('state'), 'head', `${head}`);
        const { epoch: _, ...answer } = await log.read(part);
        assert.deepEqual(answer, { from, to, head, rows: [] }, `${part} of ${head}`);
      }
    });

    test('an answer that is too long ends with a page', async () => {
      const { append, log } = await begin();
      await append(Array.from({ length: 20_000 }, (_, id) => row(id, 'a')), merge);
      // Some have moved: of the first 18 pages, so that they are no longer than 16 384 rows together with these.
      await append(Array.from({ length: 1500 }, (_, n) => row(n * 12, 'b')), merge);
      let [at, rows] = [0, 0];
      const ends = [];
      while (at < 20_480) {
        const part = await log.read(at / 1024);
        assert.deepEqual([part.from, part.to % 1024, part.head], [at, 0, 21_500]);
        assert.ok(part.rows.length <= 16_384);
        [at, rows] = [part.to, rows + part.rows.length];
        ends.push(part.to);
      }
      // 16 384 rows and 1365 that moved away are 17 pages and 341 numbers; the last full page is the twentieth.
      assert.deepEqual(ends, [17_408, 20_480]);
      const head = await log.read('head');
      assert.deepEqual([head.from, head.to, rows + head.rows.filter((_, n) => n >= 1024).length], [19_456, 21_500, 20_000]);
    });

    test('numbers beyond any that Lua would write as they are', async () => {
      const { append, log, key } = await begin();
      await log.read('head');
      for (const head of [2 ** 31 - 1, 2 ** 32, 1e15, 2 ** 53 - 10]) {
        await server.cli('HSET', key('state'), 'head', `${head}`);
        await append([row(head % 1000, `w${head}`)], merge);
        const part = await log.read('head');
        const from = (Math.floor(head / 1024) - 1) * 1024;
        assert.deepEqual([part.from, part.to, part.head, part.rows.length], [from, head + 1, head + 1, 1]);
        assert.equal(await server.cli('ZSCORE', key('log'), row(head % 1000, '').key), `${head + 1}`);
      }
    });

    test('what has expired leaves the log, and Redis', async () => {
      const { append, lookUp, log, key } = await begin();
      const soon = Date.now() + 400;
      await append([row(1, 'a', soon), row(2, 'a'), ...Array.from({ length: 300 }, (_, n) => row(10 + n, 'a', soon))], merge);
      // What is there is told of until then, by the clock of Redis.
      await until(async () => {
        const [{ rows }, found] = [await log.read('head'), await lookUp([row(1, '').key])];
        const [seconds = 0, micros = 0] = (await server.cli('TIME')).split('\n').map(Number);
        const isOver = seconds * 1000 + micros / 1000 >= soon;
        assert.ok(isOver || (rows.length === 302 && found.length === 1), 'it is gone too early');
        return rows.length === 1 && found.length === 0;
      });
      assert.deepEqual((await log.read('head')).rows, [row(2, 'a')]);
      await until(async () => {
        await append([row(2, 'a')], merge);
        const counts = [await server.cli('HLEN', key('rows')), await server.cli('ZCARD', key('log')), await server.cli('ZCARD', key('expiries'))];
        return counts.every((count) => count === '1');
      });
      assert.equal((await log.read('head')).head, 302, 'numbers are never given again');
    });

    test('what was made to last longer outlives what it was', async () => {
      const { append, lookUp } = await begin();
      const soon = Date.now() + 200;
      await append([row(1, 'a', soon), row(2, 'a', soon)], merge);
      await append([row(1, 'a', LATER)], merge);
      await until(async () => (await lookUp([row(2, '').key])).length === 0);
      await append([row(3, 'a')], merge);
      assert.deepEqual(await lookUp([row(1, '').key]), [row(1, 'a', LATER)]);
    });

    test('what has not been removed yet, but has expired, is not told of', async () => {
      const { append, lookUp, log } = await begin();
      // More than are removed at once, and the few that are asked for are the last to go.
      const rows = Array.from({ length: 500 }, (_, id) => row(id, 'a', Date.now() - 1000 + id));
      await append([...rows, row(900, 'a')], merge);
      assert.deepEqual(await lookUp([row(499, '').key, row(900, '').key]), [row(900, 'a')]);
      assert.deepEqual((await log.read('head')).rows, [row(900, 'a')]);
    });

    test('the stored form is pinned', async () => {
      const { append, log, key } = await begin();
      await append([row(1, 'a', LATER)], merge);
      const { epoch } = await log.read('head');
      const { key: id, entry } = row(1, 'a', LATER);
      assert.equal(await server.cli('HGETALL', key('rows')), `${id}\n${LATER} ${entry}`);
      assert.equal(await server.cli('ZRANGE', key('log'), '0', '-1', 'WITHSCORES'), `${id}\n1`);
      assert.equal(await server.cli('ZRANGE', key('expiries'), '0', '-1', 'WITHSCORES'), `${id}\n${LATER}`);
      const replication = /master_replid:(\w+)/.exec(await server.cli('INFO', 'replication'))?.[1];
      assert.equal(await server.cli('HGETALL', key('state')), `epoch\n${epoch}\nhead\n1\ncount\n1\nreplication\n${replication}`);
    });

    test('scripts that Redis has forgotten are sent again', async () => {
      const { append, lookUp } = await begin();
      await append([row(1, 'a')], merge);
      await server.cli('SCRIPT', 'FLUSH');
      await append([row(1, 'b')], merge);
      assert.deepEqual(await lookUp([row(1, '').key]), [row(1, ['a', 'b'])]);
    });
  });
}
