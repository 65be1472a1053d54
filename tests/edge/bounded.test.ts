/** Mode `bounded`: two isolates on a real workerd that share a ledger, and nothing read for a request. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

import { keyOf } from './ids.ts';
import { call, get, logout, revoke } from './requests.ts';
import { type Edge, GUARDS, type Guard, start } from './server.ts';
import { token } from './tokens.ts';

const MAX_STALENESS_S = 2;

/** So many that each of four shards gets some. */
function manyTokens(): Promise<string[]> {
  return Promise.all(Array.from({ length: 24 }, () => token()));
}

/** The ledger tries every 10 s, and may have just begun to when it failed for 12. */
async function isInWorkersKv(edge: Edge, jti: string): Promise<void> {
  const since = performance.now();
  while (!(await edge.entries()).some(({ name }) => name === keyOf('token_id', jti))) {
    assert.ok(performance.now() - since < 30_000, 'the copy was not made');
    await delay(100);
  }
}

// They mostly wait, so they do it together.
describe('with a ledger', { concurrency: true }, () => {
  GUARDS.forEach(follows);
  GUARDS.forEach(knowsWhatWasBefore);
  reliesOnWorkersKv();
});

function follows(guard: Guard): void {
  describe(`bounded, ${guard}`, { concurrency: false }, () => {
    let edge: Edge;
    before(async () => {
      edge = await start({
        guard,
        ledger: { max_staleness: MAX_STALENESS_S },
        quash: {
          routes: [
            { path: '/strict', mode: 'strict' },
            { path: '/strict-open', mode: 'strict', outage: 'danger_open' },
            { path: '/known', outage: 'last_known_good', max_age: 6 },
            { path: '/open', outage: 'danger_open' },
          ],
        },
      });
    });
    after(() => edge.stop());

    test('a revocation is refused by the other isolate within the bound, and here at once', async () => {
      for (let round = 0; round < 5; round += 1) {
        const mine = await token();
        assert.equal((await call(edge.other, mine)).status, 200);
        const { status, body } = await logout(edge, mine);
        const acknowledged = performance.now();
        assert.deepEqual([status, body.mode], [200, 'bounded']);
        const within = body.effective_by - body.revoked_at;
        assert.ok(within >= MAX_STALENESS_S * 1000 && within < MAX_STALENESS_S * 1000 + 3000, `${within}`);
        assert.equal((await call(edge, mine)).code, 'token_revoked');
        for (;;) {
          const sent = performance.now();
          const answer = await call(edge.other, mine);
          if (answer.code === 'token_revoked') break;
          // It was decided after it was sent.
          assert.ok(sent - acknowledged <= MAX_STALENESS_S * 1000, `${answer.status} ${sent - acknowledged} ms later`);
          await delay(20);
        }
      }
    });

    test('"everywhere" covers what was issued before, and not what is issued after', async () => {
      const sub = `user-${Math.random()}`;
      const [mine, elsewhere] = [await token({ claims: { sub } }), await token({ claims: { sub } })];
      assert.equal((await call(edge.other, elsewhere)).status, 200);
      assert.equal((await logout(edge, mine, { scope: 'everywhere' })).status, 200);
      await delay(MAX_STALENESS_S * 1000);
      assert.equal((await call(edge.other, elsewhere)).code, 'token_revoked');
      const answer = await call(edge.other, elsewhere);
      assert.ok(Number(answer.headers.get('Retry-After')) >= 1);
    });

    test('`strict` lets nothing pass that was acknowledged', async () => {
      for (let round = 0; round < 20; round += 1) {
        const mine = await token();
        assert.equal((await call(edge.other, mine, '/strict')).status, 200);
        assert.equal((await revoke(edge, mine)).status, 200);
        assert.equal((await call(edge.other, mine, '/strict')).code, 'token_revoked');
      }
    });

    test('while the ledger cannot be reached, each route does what it says, and nothing is acknowledged', async () => {
      const [mine, revoked] = [await token(), await token()];
      assert.equal((await logout(edge, revoked)).status, 200);
      await delay(MAX_STALENESS_S * 1000);
      assert.equal((await call(edge.other, revoked)).code, 'token_revoked');
      for (const path of ['/api', '/strict', '/known', '/open']) assert.equal((await call(edge.other, mine, path)).status, 200, path);
      await edge.ledgerFault('down');
      try {
        assert.equal((await call(edge.other, mine, '/strict')).code, 'store_unavailable');
        await delay(MAX_STALENESS_S * 1000 + 100);
        const refused = await call(edge.other, mine);
        assert.deepEqual([refused.status, refused.code], [503, 'ledger_unavailable']);
        assert.ok(Number(refused.headers.get('Retry-After')) >= 1);
        assert.equal((await call(edge.other, mine, '/known')).status, 200);
        assert.equal((await call(edge.other, mine, '/open')).status, 200);
        for (const path of ['/api', '/known', '/open']) {
          assert.equal((await call(edge.other, revoked, path)).code, 'token_revoked', path);
        }
        assert.equal((await logout(edge, mine)).code, 'store_unavailable');
        await delay(4000);
        assert.equal((await call(edge.other, mine, '/known')).code, 'ledger_unavailable');
        // Workers KV has it: what the ledger did not acknowledge is not lost for that.
        assert.equal((await call(edge.other, mine, '/open')).code, 'token_revoked');
      } finally {
        await edge.ledgerFault(undefined);
      }
      await delay(4500);
      assert.equal((await call(edge.other, await token())).status, 200);
    });

    test('the origin is told what a verdict rests on when that is less than its route asks for, and by nobody else', async () => {
      const mine = await token();
      /** What the origin reads, whatever the client says. */
      const told = async (path: string): Promise<string | undefined> => {
        const headers = { authorization: `Bearer ${mine}`, 'quash-source': 'forged', Quash_Source: 'forged' };
        const { status, body } = await get(edge.other, path, headers);
        assert.equal(status, 200, path);
        return body.headers['quash-source'] ?? body.headers.quash_source;
      };
      for (const path of ['/api', '/strict', '/strict-open', '/known', '/open', '/public/page']) assert.equal(await told(path), undefined, path);
      await edge.ledgerFault('down');
      try {
        assert.equal(await told('/strict-open'), 'none');
        await delay(MAX_STALENESS_S * 1000 + 100);
        assert.match((await told('/known'))!, /^last_known_good;age=[3-5]$/);
        assert.equal(await told('/open'), 'kv_fallback');
        await edge.fault('read');
        assert.match((await told('/known'))!, /^last_known_good;age=[3-6]$/);
        assert.equal(await told('/open'), 'none');
      } finally {
        await edge.fault(undefined);
        await edge.ledgerFault(undefined);
      }
      await delay(4500);
      for (const path of ['/api', '/known']) assert.equal(await told(path), undefined, path);
    });

    test('a request reads no store, and the ledger is asked for all of them together', async (context) => {
      const mine = await token();
      for (const place of [edge, edge.other]) assert.equal((await call(place, mine)).status, 200);
      await edge.fault('read');
      try {
        const [start, before] = [performance.now(), await edge.ledgerCalls()];
        let requests = 0;
        const users = [edge, edge.other, edge.other].map(async (place) => {
          while (performance.now() - start < 4 * MAX_STALENESS_S * 1000) {
            assert.equal((await call(place, mine)).status, 200);
            requests += 1;
          }
        });
        await Promise.all(users);
        const calls = (await edge.ledgerCalls()) - before;
        // Two isolates, each of which may be its data centre's only one, at most twice in the time that is allowed.
        assert.ok(calls <= 2 * 2 * 4 + 2, `${calls} of ${requests}`);
        assert.ok(requests > 100, `${requests}`);
        context.diagnostic(`${requests} requests, the ledger was asked ${calls} times`);
      } finally {
        await edge.fault(undefined);
      }
    });

    test('a ledger that is slow is no outage, and one that hangs is one', async () => {
      const mine = await token();
      assert.equal((await call(edge.other, mine)).status, 200);
      await edge.ledgerFault('slow');
      try {
        for (let round = 0; round < 30; round += 1) {
          assert.equal((await call(edge.other, mine)).status, 200);
          await delay(100);
        }
        await edge.ledgerFault('hang');
        await delay(MAX_STALENESS_S * 1000);
        assert.equal((await call(edge.other, mine)).code, 'ledger_unavailable');
      } finally {
        await edge.ledgerFault(undefined);
      }
      await delay(4500);
      assert.equal((await call(edge.other, mine)).status, 200);
    });

    for (const fault of ['write', 'hang'] as const) {
      test(`without Workers KV a logout is acknowledged at once, and the copy is made later: ${fault}`, async () => {
        const [jti, sent] = [randomUUID(), performance.now()];
        const mine = await token({ claims: { jti } });
        await edge.fault(fault);
        try {
          assert.equal((await logout(edge, mine)).status, 200);
          assert.ok(performance.now() - sent < 1500, `${performance.now() - sent} ms`);
          await delay(MAX_STALENESS_S * 1000);
          assert.equal((await call(edge.other, mine)).code, 'token_revoked');
        } finally {
          await edge.fault(undefined);
        }
        await isInWorkersKv(edge, jti);
      });
    }

    test('Workers KV gets what was acknowledged, whatever dies then', async () => {
      const jti = randomUUID();
      await edge.fault('hang');
      try {
        assert.equal((await logout(edge, await token({ claims: { jti } }))).status, 200);
        edge = await edge.restart();
      } finally {
        await edge.fault(undefined);
      }
      await isInWorkersKv(edge, jti);
    });

    test('more shards lose nothing: neither what was revoked before, nor what is revoked then', async () => {
      const [before, after] = [await manyTokens(), await manyTokens()];
      const refused = async (tokens: readonly string[], path: string) =>
        (await Promise.all(tokens.map((token) => call(edge.other, token, path)))).filter(({ code }) => code === 'token_revoked').length;
      for (const mine of before) assert.equal((await logout(edge, mine)).status, 200);
      edge = await edge.restart({ ledger: { max_staleness: MAX_STALENESS_S, shards: 4 } });
      await delay(MAX_STALENESS_S * 1000);
      for (const path of ['/api', '/strict']) assert.equal(await refused(before, path), before.length, path);
      for (const mine of after) assert.equal((await logout(edge, mine)).status, 200);
      assert.equal(await refused(after, '/strict'), after.length);
      await delay(MAX_STALENESS_S * 1000);
      assert.equal(await refused([...before, ...after], '/api'), before.length + after.length);
      // A version of before goes on for a while, or comes back.
      edge = await edge.restart({ ledger: { max_staleness: MAX_STALENESS_S } });
      for (const path of ['/api', '/strict']) {
        assert.equal(await refused([...before, ...after], path), before.length + after.length, path);
      }
      const mine = await token();
      assert.equal((await logout(edge, mine)).status, 200);
      assert.equal(await refused([mine], '/strict'), 1);
    });

    test('what was acknowledged is there after kill -9', async () => {
      const mine = await token();
      assert.equal((await logout(edge, mine)).status, 200);
      edge = await edge.restart();
      // Until then a copy of before, in the data centre's cache, may be gone by.
      await delay(MAX_STALENESS_S * 1000);
      assert.equal((await call(edge.other, mine)).code, 'token_revoked');
      assert.equal((await call(edge, mine)).code, 'token_revoked');
    });
  });
}

function knowsWhatWasBefore(guard: Guard): void {
  describe(`a ledger that was added to a deployment, ${guard}`, { concurrency: false }, () => {
    let edge: Edge;
    before(async () => {
      edge = await start({ guard, ledger: {}, ledgerIsNew: true, quash: { routes: [{ path: '/strict', mode: 'strict' }] } });
    });
    after(() => edge.stop());

    test('what was revoked before stays revoked', async () => {
      const jti = randomUUID();
      const mine = await token({ claims: { jti } });
      for (const path of ['/api', '/strict']) assert.equal((await call(edge, mine, path)).code, undefined, path);
      await edge.write(keyOf('token_id', jti), `1 always - ${Date.now() + 900_000} ${Date.now()} logout`);
      for (const path of ['/api', '/strict']) assert.equal((await call(edge, mine, path)).code, 'token_revoked', path);
    });

    test('while Workers KV cannot be read, nobody is let in', async () => {
      await edge.fault('read');
      try {
        for (const path of ['/api', '/strict']) assert.equal((await call(edge, await token(), path)).code, 'store_unavailable', path);
      } finally {
        await edge.fault(undefined);
      }
    });
  });
}

function reliesOnWorkersKv(): void {
  test('where a route relies on Workers KV, a logout is acknowledged when that has it, too', async () => {
    const edge = await start({ ledger: {}, quash: { routes: [{ path: '/eventual', mode: 'eventual' }] } });
    try {
      const mine = await token();
      await edge.fault('write');
      assert.equal((await logout(edge, mine)).code, 'store_unavailable');
      await edge.fault(undefined);
      assert.equal((await logout(edge, mine)).status, 200);
      assert.equal((await call(edge.other, mine, '/eventual')).code, 'token_revoked');
    } finally {
      await edge.stop();
    }
  });
}
