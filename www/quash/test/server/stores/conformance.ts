/** What every store has to do, whatever it keeps rows in, and whatever it is written in: `tests/server/stores.test.ts` asks it of Rust's. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import type { Store } from 'quash/redis';

import { Follower } from './follower.ts';
import { SEED, random } from './random.ts';
import { LATER, merge, mergeAll, row, says } from './entries.ts';

/** An empty place that rows are kept in, and stores that keep them there, as of several processes. */
export interface Place extends AsyncDisposable {
  open(): Promise<Store>;
}

export interface Guarantees {
  /** Whether writers of the same row at the same moment miss nothing of each other. */
  readonly isAtomic: boolean;
  readonly hasLog: boolean;
}

export function conforms(name: string, begin: () => Promise<Place>, { isAtomic, hasLog }: Guarantees): void {
  describe(name, { timeout: 120_000 }, () => {
    test('what is appended is there, and nothing else', async () => {
      await using place = await begin();
      const [store, other] = [await place.open(), await place.open()];
      await store.append([row(1, 'a'), row(2, 'b')], merge);
      const keys = [row(1, '').key, row(2, '').key, row(3, '').key];
      assert.deepEqual(byKey(await other.lookUp(keys)), [row(1, 'a'), row(2, 'b')]);
      assert.deepEqual([await store.lookUp([]), await store.append([], merge)], [[], undefined]);
    });

    test('what is there is merged with, and never shortened', async () => {
      await using place = await begin();
      const store = await place.open();
      await store.append([row(1, 'a', LATER + 5)], merge);
      await store.append([row(1, 'b', LATER)], merge);
      assert.deepEqual(await store.lookUp([row(1, '').key]), [row(1, ['a', 'b'], LATER + 5)]);
      await store.append([row(1, 'a', LATER + 9)], merge);
      assert.deepEqual(await store.lookUp([row(1, '').key]), [row(1, ['a', 'b'], LATER + 9)]);
    });

    test('many rows at once, some of them of one key', async () => {
      await using place = await begin();
      const store = await place.open();
      const rows = Array.from({ length: 150 }, (_, n) => row(n % 130, `w${n}`));
      await store.append(rows, merge);
      const expected = mergeAll(rows);
      assert.deepEqual(byKey(await store.lookUp([...expected.keys()])), byKey(expected.values()));
    });

    test('what has expired is not told of', async () => {
      await using place = await begin();
      const store = await place.open();
      await store.append([row(1, 'a', Date.now() - 1), row(2, 'b')], merge);
      assert.deepEqual(await store.lookUp([row(1, '').key, row(2, '').key]), [row(2, 'b')]);
    });

    if (isAtomic) {
      test(`what many append at once comes to all that they say (seed ${SEED})`, async () => {
        await using place = await begin();
        const pick = random(SEED);
        const writers = await Promise.all(Array.from({ length: 50 }, () => place.open()));
        const rows = Array.from({ length: 1000 }, (_, n) => row(pick(n % 2 ? 3 : 200), `w${pick(400)}`, LATER + pick(1000)));
        const byWriter = writers.map((_, at) => rows.filter((_, n) => n % writers.length === at));
        await Promise.all(
          writers.map(async (writer, at) => {
            for (const row of byWriter[at] ?? []) {
              await writer.append([row], merge);
              const [found] = await writer.lookUp([row.key]);
              assert.ok(says(found, row), `${row.entry} is not in ${found?.entry}`);
            }
          }),
        );
        const expected = mergeAll(rows);
        assert.deepEqual(byKey(await writers[0]!.lookUp([...expected.keys()])), byKey(expected.values()));
      });
    }

    if (hasLog) followsItsLog(begin);
  });
}

function followsItsLog(begin: () => Promise<Place>): void {
  test('the log has each row once, by its last change', async () => {
    await using place = await begin();
    const store = await place.open();
    const { epoch, ...empty } = await store.log!.read('head');
    assert.match(epoch, /^[0-9a-f]{16}$/);
    assert.deepEqual(empty, { from: 0, to: 0, head: 0, rows: [] });
    await store.append([row(1, 'a')], merge);
    await store.append([row(2, 'a')], merge);
    await store.append([row(1, 'b')], merge);
    const rows = [row(2, 'a'), row(1, ['a', 'b'])];
    const expected = { epoch, from: 0, to: 3, head: 3, rows };
    assert.deepEqual(await store.log!.read('head'), expected);
    assert.deepEqual(await store.log!.read(0), expected, 'a page that is not full is the head');
  });

  test('an append that comes again gets no number', async () => {
    await using place = await begin();
    const [store, other] = [await place.open(), await place.open()];
    const rows = [row(1, ['a', 'b'], LATER + 5), row(2, 'a')];
    await store.append(rows, merge);
    const before = await store.log!.read('head');
    for (const again of [rows, rows.slice(1), [row(1, 'a')], [row(1, 'b', LATER + 5), row(1, 'a')]]) await other.append(again, merge);
    assert.deepEqual(await store.log!.read('head'), before);
    assert.equal(before.head, 2);
  });

  test(`who follows misses nothing that was there when he asked (seed ${SEED})`, async () => {
    await using place = await begin();
    const pick = random(SEED);
    const writers = await Promise.all(Array.from({ length: 6 }, () => place.open()));
    const { log } = await place.open();
    const [follower, late] = [new Follower(log!), new Follower(log!)];
    const acknowledged: ReturnType<typeof row>[] = [];
    const writing = Promise.all(
      writers.map(async (writer) => {
        for (let calls = 0; calls < 40; calls++) {
          const rows = Array.from({ length: 1 + pick(30) }, () => row(pick(3000), `w${pick(20)}`));
          await writer.append(rows, merge);
          acknowledged.push(...rows);
        }
      }),
    );
    let isOver = false;
    void writing.finally(() => (isOver = true));
    do {
      const count = acknowledged.length;
      await follower.sync();
      for (const [key, row] of mergeAll(acknowledged.slice(0, count))) {
        const known = follower.rows.get(key);
        assert.ok(says(known, row), `${row.entry} is not in ${known?.entry}`);
      }
    } while (!isOver);
    await writing;
    await Promise.all([follower.sync(), late.sync()]);
    const expected = byKey(mergeAll(acknowledged).values());
    assert.deepEqual(byKey(follower.rows.values()), expected);
    assert.deepEqual(byKey(late.rows.values()), expected);
    assert.ok(late.pages > 0, 'there were pages to read');
    assert.deepEqual([follower.resets, late.resets], [1, 1]);
  });
}

function byKey<T extends { readonly key: string }>(rows: Iterable<T>): T[] {
  return [...rows].sort((one, other) => (one.key < other.key ? -1 : 1));
}
