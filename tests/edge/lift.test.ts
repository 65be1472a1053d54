/** What was revoked by mistake is lifted by an administrator, everywhere, and can be revoked again. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

import { ADMINISTRATOR, all, ask, audit, explain, list, revokeOne } from './admin.ts';
import { type Place, call, logout } from './requests.ts';
import { CLIENT, type Edge, GUARDS, start } from './server.ts';
import { ISSUER, token } from './tokens.ts';

const MAX_STALENESS_S = 1;

const lift = (place: Place, id: string, query: Record<string, string> = {}) =>
  ask(place, 'DELETE', `/revocations/${id}?${new URLSearchParams(query)}`);

for (const guard of GUARDS) {
  describe(guard, () => {
    let edge: Edge;
    before(async () => {
      edge = await start({
        guard,
        ledger: { shards: 2, max_staleness: MAX_STALENESS_S },
        quash: { clients: [ADMINISTRATOR], routes: [{ path: '/strict', mode: 'strict' }, { path: '/eventual', mode: 'eventual' }] },
      });
    });
    after(() => edge?.stop());

    /** What both isolates say, once whatever is known is no older than the bound. */
    async function codes(mine: string): Promise<(string | undefined)[]> {
      await delay(MAX_STALENESS_S * 1000);
      const answers = [];
      for (const place of [edge, edge.other]) {
        for (const path of ['/x', '/strict', '/eventual']) answers.push((await call(place, mine, path)).code);
      }
      return new Set(answers).size === 1 ? answers.slice(1, 2) : answers;
    }

    test('a session that was ended by mistake goes on, and can be ended again', async () => {
      const sid = randomUUID();
      const mine = await token({ claims: { sid } });
      const { id, expires_at } = (await revokeOne(edge, { iss: ISSUER, sid })).body;
      assert.deepEqual(await codes(mine), ['token_revoked']);

      const before = Date.now() / 1000;
      const { status, body } = await lift(edge.other, id);
      assert.equal(status, 200);
      assert.deepEqual(Object.keys(body), ['outcome', 'id', 'kind', 'lifted_at', 'mode', 'effective_by']);
      assert.deepEqual([body.outcome, body.id, body.kind, body.mode], ['lifted', id, 'session', 'bounded']);
      assert.ok(body.lifted_at >= before && body.effective_by >= body.lifted_at + MAX_STALENESS_S);
      assert.deepEqual(await codes(mine), [undefined]);
      assert.deepEqual((await list(edge, { id })).body.revocations, []);
      assert.ok(!(await all((query) => list(edge, query), 'revocations')).some((row) => row.id === id));
      assert.equal((await explain(edge, mine)).body.verdict, 'accepted');

      await logout(edge, mine, { scope: 'session' });
      assert.deepEqual(await codes(mine), ['token_revoked']);
      const [again] = (await list(edge, { id })).body.revocations;
      assert.ok(again.revoked_at >= body.lifted_at && again.expires_at >= expires_at && again.reason === 'logout', JSON.stringify(again));
      // With all of its tokens: the one that it was ended with has no entry of its own.
      assert.equal((await lift(edge, id)).status, 200);
      for (const text of [mine, await token({ claims: { sid } })]) assert.deepEqual(await codes(text), [undefined]);
    });

    test('what Workers KV alone has taken, and nobody was told is done, is lifted as well', async () => {
      const sid = randomUUID();
      const mine = await token({ claims: { sid } });
      const { id } = (await revokeOne(edge, { iss: ISSUER, sid })).body;
      assert.equal((await lift(edge, id)).status, 200);
      await edge.ledgerFault('down');
      const failed = await revokeOne(edge, { iss: ISSUER, sid }).finally(() => edge.ledgerFault(undefined));
      assert.equal(failed.status, 503);
      assert.ok((await edge.entries()).some(({ name, value }) => name === `r1/${id}` && value.startsWith('2 1 always')));
      assert.equal((await lift(edge.other, id)).status, 200);
      assert.deepEqual(await codes(mine), [undefined]);
    });

    test('of the rest of what the token is revoked by, nothing is lifted', async () => {
      const claims = { sub: randomUUID(), sid: randomUUID() };
      const mine = await token({ claims });
      const { id } = (await revokeOne(edge, { iss: ISSUER, sub: claims.sub })).body;
      await logout(edge, mine);
      assert.equal((await lift(edge, id)).status, 200);
      assert.deepEqual(await codes(mine), ['token_revoked']);
      assert.deepEqual(await codes(await token({ claims: { ...claims, iat: Math.floor(Date.now() / 1000) - 60 } })), [undefined]);
    });
  });
}

/** Nobody follows the ledger where nobody needs to: then the isolate that has revoked it has to ask. */
for (const guard of GUARDS) test(`in mode eventual, also where it was revoked, ${guard}`, async () => {
  const edge = await start({ guard, ledger: {}, quash: { mode: 'eventual', clients: [ADMINISTRATOR] } });
  try {
    const mine = await token({ claims: { sid: randomUUID() } });
    assert.equal((await logout(edge, mine, { scope: 'session' })).status, 200);
    for (const place of [edge, edge.other]) assert.equal((await call(place, mine)).code, 'token_revoked');
    const { iss, sid } = { iss: ISSUER, sid: JSON.parse(Buffer.from(mine.split('.')[1]!, 'base64url').toString()).sid };
    const [{ id }] = (await list(edge, { iss, sid })).body.revocations;
    assert.equal((await lift(edge.other, id)).status, 200);
    for (const place of [edge, edge.other]) assert.equal((await call(place, mine)).status, 200);
    await logout(edge, mine, { scope: 'session' });
    for (const place of [edge, edge.other]) assert.equal((await call(place, mine)).code, 'token_revoked');
  } finally {
    await edge.stop();
  }
});

describe('the request', () => {
  let edge: Edge;
  before(async () => {
    edge = await start({ ledger: { shards: 2 }, quash: { clients: [ADMINISTRATOR] } });
  });
  after(() => edge?.stop());

  test('may be repeated, and is noted once', async () => {
    const { id } = (await revokeOne(edge, { iss: ISSUER, jti: randomUUID(), note: 'n' })).body;
    const told = { actor: 'ann', note: 'the wrong one' };
    const first = await lift(edge, id, told);
    const again = await lift(edge, id, told);
    assert.deepEqual([again.status, again.body.lifted_at], [200, first.body.lifted_at]);
    const records = (await all((query) => audit(edge, query), 'records')).filter((record) => record.id === id);
    const [lifted, revoked] = records;
    assert.deepEqual(lifted, { seq: lifted.seq, at: lifted.at, client: CLIENT.id, action: 'lift', id, ...told });
    assert.deepEqual([records.length, revoked.action], [2, 'revoke']);
  });

  test('is refused where there is nothing, and where there is no ledger', async () => {
    const id = 'ab'.repeat(15).concat('a4');
    const unknown = await lift(edge, id);
    assert.deepEqual([unknown.status, unknown.code], [404, 'revocation_unknown']);
    for (const [path, method, status, code] of [
      [`/revocations/${id.toUpperCase()}`, 'DELETE', 404, 'route_unknown'],
      [`/revocations/${id}0`, 'DELETE', 404, 'route_unknown'],
      [`/revocations/${id}`, 'GET', 405, 'method_not_allowed'],
      [`/revocations/${id}?reason=x`, 'DELETE', 400, 'parameter_invalid'],
      [`/revocations/${id}?note=${'x'.repeat(501)}`, 'DELETE', 400, 'parameter_invalid'],
    ] as const) {
      const answer = await ask(edge, method, path);
      assert.deepEqual([answer.status, answer.code], [status, code], path);
    }
    const stranger = await ask(edge, 'DELETE', `/revocations/${id}`, { headers: { authorization: '' } });
    assert.deepEqual([stranger.status, stranger.code], [401, 'client_unknown']);
    const alone = await start({ quash: { clients: [ADMINISTRATOR] } });
    try {
      const answer = await lift(alone, id);
      assert.deepEqual([answer.status, answer.code], [501, 'ledger_needed']);
    } finally {
      await alone.stop();
    }
  });

  test('fails while the ledger does, and nothing is acknowledged', async () => {
    const sid = randomUUID();
    const { id } = (await revokeOne(edge, { iss: ISSUER, sid })).body;
    await edge.ledgerFault('down');
    const answer = await lift(edge, id).finally(() => edge.ledgerFault(undefined));
    assert.deepEqual([answer.status, answer.code], [503, 'store_unavailable']);
    assert.equal((await list(edge, { id })).body.revocations.length, 1);
    assert.equal((await lift(edge, id)).status, 200);
  });
});
