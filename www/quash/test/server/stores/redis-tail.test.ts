/** Who has read a head gets only what is new of the next one, and has to come to the same as who reads it for the first time. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { redis } from 'quash/redis';

import { SEED, random } from './random.ts';
import { connect } from './redis-clients.ts';
import { startRedis } from './redis-server.ts';
import { LATER, merge, row } from './words.ts';

const KEYS = ['rows', 'log', 'expiries', 'state'] as const;

async function begin() {
  const open = new AsyncDisposableStack();
  const server = open.use(await startRedis());
  const { client } = open.use(await connect(server.socket));
  const [store, other] = [redis(client), redis(client)];
  const copy = async (from: string, to: string) => {
    await server.cli('DEL', ...KEYS.map((key) => `${to}:${key}`));
    for (const key of KEYS) await server.cli('COPY', `${from}:${key}`, `${to}:${key}`);
  };
  return {
    server,
    client,
    store,
    other,
    save: () => copy('{quash}', '{quash}:saved'),
    /** As a replica does that lacks the last rows: it has the log, but gives no number by the same replication id. */
    goBack: () => copy('{quash}:saved', '{quash}').then(() => server.cli('HSET', '{quash}:state', 'replication', 'another')),
    /** Compares with what one is told who never asked before. */
    check: async (what: string) => assert.deepEqual(await store.log!.read('head'), await redis(client).log!.read('head'), what),
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}

const many = (count: number, first: number, word = 'a') => Array.from({ length: count }, (_, n) => row(first + n, word));

test('a head that has moved on by more than it has', async () => {
  await using place = await begin();
  for (const count of [10, 1500, 1024, 3000, 1]) {
    await place.other.append(many(count, count * 10), merge);
    await place.check(`${count} more`);
  }
});

test('a head of another log, which has grown longer than the one before', async () => {
  await using place = await begin();
  await place.other.append(many(5, 0, 'before'), merge);
  await place.check('the first one');
  await place.server.cli('FLUSHALL');
  await place.other.append(many(9, 3, 'after'), merge);
  await place.check('the second one');
});

test('a head that went back, and has grown again', async () => {
  await using place = await begin();
  await place.other.append(many(5, 0), merge);
  await place.save();
  await place.other.append(many(5, 10, 'lost'), merge);
  await place.check('the longer one');
  await place.goBack();
  await place.other.append(many(9, 20, 'new'), merge);
  await place.check('the one that grew again');
});

test(`a head that is read again (seed ${SEED})`, { timeout: 120_000 }, async () => {
  await using place = await begin();
  const { store, other, server } = place;
  const pick = random(SEED);
  const steps = {
    append: () => {
      const ofFew = pick(2) === 0;
      const rows = Array.from({ length: 1 + pick(ofFew ? 30 : 700) }, () =>
        row(pick(ofFew ? 20 : 4000), `w${pick(9)}`, pick(10) === 0 ? Date.now() - 1 : LATER),
      );
      return other.append(rows, merge);
    },
    nothing: () => {},
    overtake: () => Promise.all([store.log!.read('head'), other.append([row(pick(9), `w${pick(9)}`)], merge), store.log!.read('head')]),
    lose: () => server.cli('FLUSHALL'),
    save: place.save,
    goBack: async () => {
      if ((await server.cli('EXISTS', '{quash}:saved:state')) === '1') await place.goBack();
    },
  };
  const weighted = [...Array(7).fill('append'), 'nothing', 'overtake', 'lose', 'save', 'goBack'] as (keyof typeof steps)[];
  for (let n = 0; n < 120; n++) {
    const step = weighted[pick(weighted.length)]!;
    await steps[step]();
    // Who comes back after a while has missed several.
    if (pick(3) > 0) await place.check(`${step}, step ${n}`);
  }
});

test('of a head that is read again, only what is new travels', async () => {
  await using place = await begin();
  const client = place.client as { call(command: string, args: string[]): Promise<unknown> };
  let answer: unknown;
  const store = redis({ call: async (command: string, args: string[]) => (answer = await client.call(command, args)) });
  await store.append(many(1500, 0), merge);
  assert.equal((await store.log!.read('head')).rows.length, 1500);
  await store.append([row(3, 'b')], merge);
  const { rows } = await store.log!.read('head');
  assert.deepEqual([rows.length, rows.at(-1)], [1500, row(3, ['a', 'b'])]);
  assert.ok(JSON.stringify(answer).length < 500);
});
