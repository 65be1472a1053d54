/** Who has read a head gets only what is new of the next one, and has to come to the same as who reads it for the first time. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { LATER, merge, row } from './entries.ts';
import { SEED, random } from './random.ts';
import type { Open } from './redis-clients.ts';
import { startRedis } from './redis-server.ts';

const KEYS = ['rows', 'log', 'expiries', 'state'] as const;

/** Rows of numbers that follow each other. */
export const many = (count: number, first: number, word = 'a') => Array.from({ length: count }, (_, n) => row(first + n, word));

export function readsAgain(name: string, open: Open): void {
  async function begin() {
    const stack = new AsyncDisposableStack();
    const server = stack.use(await startRedis());
    const [store, other] = [stack.use(await open(server.socket)), stack.use(await open(server.socket))];
    const copy = async (from: string, to: string) => {
      await server.cli('DEL', ...KEYS.map((key) => `${to}:${key}`));
      for (const key of KEYS) await server.cli('COPY', `${from}:${key}`, `${to}:${key}`);
    };
    return {
      server,
      store,
      other,
      save: () => copy('{quash}', '{quash}:saved'),
      /** As a replica does that lacks the last rows: it has the log, but gives no number by the same replication id. */
      goBack: () => copy('{quash}:saved', '{quash}').then(() => server.cli('HSET', '{quash}:state', 'replication', 'another')),
      /** Compares with what one is told who never asked before. */
      check: async (what: string) => {
        await using late = await open(server.socket);
        assert.deepEqual(await store.log.read('head'), await late.log.read('head'), what);
      },
      [Symbol.asyncDispose]: () => stack.disposeAsync(),
    };
  }

  describe(`${name}, a log that is read again`, { timeout: 120_000 }, () => {
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

    test(`a head that is read again (seed ${SEED})`, async () => {
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
        overtake: () => Promise.all([store.log.read('head'), other.append([row(pick(9), `w${pick(9)}`)], merge), store.log.read('head')]),
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
  });
}
