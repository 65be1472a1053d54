/** Mode `bounded` with more revocations than an isolate is to know exactly: it reads segments, and asks the ledger when in doubt. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

import { readDelta } from './ledger/delta.ts';
import { call, get, logout, revoke } from './requests.ts';
import { type Edge, GUARDS, type Guard, start } from './server.ts';
import { now, token } from './tokens.ts';

const EXACT = 1000;
/** So many that the head's answer does not have them all. */
const ROWS = 6000;
const MAX_STALENESS_S = 2;

describe('with segments', { concurrency: true }, () => {
  GUARDS.forEach(looksUp);
});

function looksUp(guard: Guard): void {
  describe(guard, { concurrency: false }, () => {
    let edge: Edge;
    const sub = `user-${Math.random()}`;
    /** Revoked before there were segments, each for one test: what was asked about is known from then on. */
    let revoked: string[];
    let live: string;
    before(async () => {
      edge = await start({
        guard,
        ledger: { exact: EXACT, max_staleness: MAX_STALENESS_S },
        quash: {
          routes: [
            { path: '/known', outage: 'last_known_good', max_age: 600 },
            { path: '/open', outage: 'danger_open' },
          ],
        },
      });
      revoked = await Promise.all(Array.from({ length: 6 }, () => token()));
      live = await token();
      for (const token of revoked) assert.equal((await revoke(edge, token)).status, 200);
      const old = await token({ claims: { sub } });
      assert.equal((await logout(edge, old, { scope: 'everywhere' })).status, 200);
      revoked.push(old);
      await fill();
      await published(edge);
      // Isolates that know nothing.
      edge = await edge.restart();
    });
    after(() => edge.stop());

    /** Sessions of others that have ended: the last nibble says that they are sessions. */
    async function fill(): Promise<void> {
      const line = () => `r1/${randomBytes(16).toString('hex').slice(1)}3 1 always - ${(now() + 900) * 1000} ${now() * 1000} logout`;
      for (let at = 0; at < ROWS; at += 1000) {
        const body = ['QUASH_DENYLIST', ...Array.from({ length: 1000 }, line)].map((line) => `${line}\n`).join('');
        const answer = await edge.ledger(`0/append?count=1&exact=${EXACT}`, { method: 'POST', body });
        assert.equal(answer.status, 200, await answer.text());
      }
    }

    test('a new isolate reads them, and no row that they stand for', async () => {
      const before = await edge.ledgerCalls();
      assert.equal((await call(edge, live)).status, 200);
      // The head, 64 segments, and perhaps a page.
      const calls = (await edge.ledgerCalls()) - before;
      assert.ok(calls >= 65 && calls <= 67, `${calls}`);
      const { body } = await get(edge, '/auth/healthz');
      assert.deepEqual([body.status, body.entries_at_most], ['ok', 8192]);
      // The other one finds copies in the data centre's cache.
      assert.equal((await call(edge.other, live)).status, 200);
      assert.ok((await edge.ledgerCalls()) - before <= 70);
    });

    test('who may be revoked by a segment is looked up in the ledger, once', async () => {
      const [mine] = revoked;
      const before = await edge.ledgerCalls();
      assert.equal((await call(edge, mine!)).code, 'token_revoked');
      const after = await edge.ledgerCalls();
      assert.ok(after > before && after <= before + 2, `${after - before}`);
      for (let round = 0; round < 5; round += 1) assert.equal((await call(edge, mine!)).code, 'token_revoked');
      // But for the head, which is read all the time.
      assert.ok((await edge.ledgerCalls()) - after <= 2);
    });

    test('"everywhere" covers what was issued before, and not what is issued after', async () => {
      assert.equal((await call(edge, revoked.at(-1)!)).code, 'token_revoked');
      const login = () => token({ claims: { sub, iat: now() } });
      let mine = await login();
      let answer = await call(edge, mine);
      // In the second of the cutoff, one is told to come again.
      while (answer.status === 401) {
        const secs = Number(answer.headers.get('Retry-After'));
        assert.ok(secs >= 1 && secs <= 6, `${answer.headers.get('Retry-After')}`);
        await delay(secs * 1000);
        mine = await login();
        answer = await call(edge, mine);
      }
      assert.equal(answer.status, 200);
      assert.equal((await call(edge.other, mine)).status, 200);
    });

    test('what is revoked now is refused by the other isolate within the bound', async () => {
      const mine = await token();
      assert.equal((await call(edge.other, mine)).status, 200);
      assert.equal((await logout(edge, mine)).status, 200);
      const acknowledged = performance.now();
      assert.equal((await call(edge, mine)).code, 'token_revoked');
      for (;;) {
        const sent = performance.now();
        if ((await call(edge.other, mine)).code === 'token_revoked') break;
        assert.ok(sent - acknowledged <= MAX_STALENESS_S * 1000, `${sent - acknowledged}`);
        await delay(20);
      }
    });

    test('by what was last known nobody is let in who may be revoked, and nobody refused who may not', async () => {
      const [, known, open] = revoked;
      for (const path of ['/known', '/open']) assert.equal((await call(edge, live, path)).status, 200, path);
      await edge.ledgerFault('down');
      try {
        await delay(MAX_STALENESS_S * 1000 + 500);
        assert.equal((await call(edge, live)).code, 'ledger_unavailable');
        assert.equal((await call(edge, known!, '/known')).code, 'ledger_unavailable');
        assert.equal((await call(edge, live, '/known')).status, 200);
        // Workers KV has it, too.
        assert.equal((await call(edge, open!, '/open')).code, 'token_revoked');
        assert.equal((await call(edge, live, '/open')).status, 200);
      } finally {
        await edge.ledgerFault(undefined);
      }
    });

    test('no more than that while what is known is fresh, and the ledger cannot be asked', async () => {
      edge = await edge.restart({ ledger: { exact: EXACT, max_staleness: 60 } });
      const [, , , closed, known, open] = revoked;
      for (const path of ['/api', '/known', '/open']) assert.equal((await call(edge, live, path)).status, 200, path);
      await edge.ledgerFault('down');
      try {
        for (const path of ['/api', '/known', '/open']) assert.equal((await call(edge, live, path)).status, 200, path);
        assert.equal((await call(edge, closed!)).code, 'store_unavailable');
        assert.equal((await call(edge, known!, '/known')).code, 'store_unavailable');
        assert.equal((await call(edge, open!, '/open')).code, 'token_revoked');
      } finally {
        await edge.ledgerFault(undefined);
      }
    });
  });
}

/** When the ledger's alarms have made segments of all but the last few rows, too few to make them anew. */
async function published(edge: Edge): Promise<void> {
  const since = performance.now();
  for (;;) {
    const { edition, head } = readDelta(Buffer.from(await (await edge.ledger('0/head?count=1')).arrayBuffer()));
    if (head - edition < ROWS / 10) return;
    assert.ok(performance.now() - since < 60_000, `${edition} of ${head}`);
    await delay(200);
  }
}
