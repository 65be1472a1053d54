/** `GET /auth/healthz`: what a request would meet, told to whoever asks. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

import { type Answer, type Place, call, get, logout } from './requests.ts';
import { type Edge, GUARDS, start } from './server.ts';
import { token } from './tokens.ts';

const MAX_STALENESS_S = 2;

const health = (place: Place): Promise<Answer> => get(place, '/auth/healthz');

for (const guard of GUARDS) describe(guard, { concurrency: false }, () => {
  describe('with a ledger', () => {
    let edge: Edge;
    before(async () => {
      edge = await start({ guard, ledger: { max_staleness: MAX_STALENESS_S } });
    });
    after(() => edge.stop());

    /** Asks until the answer is another one, for as long as that may take. */
    const until = async (wanted: string): Promise<Answer> => {
      for (const since = performance.now(); ; await delay(20)) {
        const answer = await health(edge.other);
        if (answer.body.status === wanted) return answer;
        assert.ok(performance.now() - since < 6000, `${answer.body.status}, and not ${wanted}`);
      }
    };

    test('an isolate that has just started is well, though it knew nothing when it was asked', async () => {
      for (const place of [edge, edge.other]) {
        const { status, headers, body } = await health(place);
        const { age, ...rest } = body;
        assert.equal(status, 200);
        assert.deepEqual(rest, { status: 'ok', mode: 'bounded', source: 'fresh', max_staleness: MAX_STALENESS_S, entries_at_most: 1024 });
        assert.ok(age >= 0 && age <= MAX_STALENESS_S, `${age}`);
        assert.equal(headers.get('cache-control'), 'no-store');
        assert.equal(headers.get('content-type'), 'application/json');
      }
    });

    test('it reads no other store, and says nothing of a logout', async () => {
      await edge.fault('read');
      try {
        await logout(edge, await token());
        const { status, body } = await health(edge);
        assert.deepEqual([status, body.entries_at_most], [200, 1024]);
      } finally {
        await edge.fault(undefined);
      }
    });

    test('it says that the ledger is down when requests are refused for that, and not before', async () => {
      const mine = await token();
      assert.equal((await call(edge.other, mine)).status, 200);
      await edge.ledgerFault('down');
      try {
        const degraded = await until('degraded');
        assert.deepEqual([degraded.status, degraded.body.source], [200, 'fresh']);
        assert.equal((await call(edge.other, mine)).status, 200);
        const down = await until('down');
        assert.deepEqual([down.status, down.body.source], [503, 'last_known_good']);
        assert.ok(down.body.age > MAX_STALENESS_S, `${down.body.age}`);
        assert.equal(down.headers.get('cache-control'), 'no-store');
        assert.equal((await call(edge.other, mine)).code, 'ledger_unavailable');
        edge = await edge.restart();
        const unknowing = await health(edge.other);
        assert.deepEqual([unknowing.status, unknowing.body.source, unknowing.body.age], [503, 'none', undefined]);
      } finally {
        await edge.ledgerFault(undefined);
      }
      assert.equal((await until('ok')).status, 200);
      assert.equal((await call(edge.other, mine)).status, 200);
    });
  });

  test('without a ledger it is Workers KV that decides', async () => {
    const edge = await start({ guard });
    try {
      const { status, body } = await health(edge);
      assert.deepEqual([status, body], [200, { status: 'ok', mode: 'eventual', source: 'kv', entries_at_most: 1024 }]);
      const head = await fetch(`${edge.url}/auth/healthz`, { method: 'HEAD' });
      assert.deepEqual([head.status, await head.text()], [200, '']);
    } finally {
      await edge.stop();
    }
  });
});
