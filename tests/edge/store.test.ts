/** What is stored, and that it stays. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';

import { keyOf, keyOfSigningInput } from './ids.ts';
import { call, logout, revoke } from './requests.ts';
import { type Edge, type Entry, start } from './server.ts';
import { ISSUER, now, token } from './tokens.ts';

let edge: Edge;
before(async () => {
  edge = await start();
});
after(() => edge.stop());

/** As configured in tokens.ts, and the margin for clocks that differ. */
const LEEWAY = 5;
const CLOCK_MARGIN = 60;
const MAX_LIFETIME = 900;

async function entry(key: string): Promise<Entry> {
  const found = (await edge.entries()).find(({ name }) => name === key);
  assert.ok(found, `no entry ${key}`);
  return found;
}

describe('an entry', () => {
  test('of a token: key, value and expiry are what the format says', async () => {
    const [jti, exp] = [randomUUID(), now() + 300];
    const { body } = await logout(edge, await token({ claims: { jti, exp } }));
    const dead = exp + LEEWAY + CLOCK_MARGIN;
    const { value, expiration } = await entry(keyOf('token_id', jti));
    assert.equal(value, `1 always - ${dead * 1000} ${body.revoked_at} logout`);
    assert.equal(expiration, dead);
  });

  test('of a token without a jti', async () => {
    const mine = await token({ claims: { jti: undefined } });
    await revoke(edge, mine);
    assert.match((await entry(keyOfSigningInput(mine))).value, /^1 always - \d+ \d+ client$/);
  });

  test('of a subject: the cutoff, and the longest that its tokens can live', async () => {
    const sub = randomUUID();
    const { body } = await logout(edge, await token({ claims: { sub } }), { scope: 'everywhere' });
    const cutoff = body.revoked_at + LEEWAY * 1000;
    const dead = cutoff + (MAX_LIFETIME + LEEWAY + CLOCK_MARGIN) * 1000;
    const { value, expiration } = await entry(keyOf('subject', sub));
    assert.equal(value, `1 ${cutoff} - ${dead} ${body.revoked_at} logout`);
    assert.equal(expiration, Math.ceil(dead / 1000));
  });

  test('of a claim, by another hand: every token of the tenant until then', async () => {
    const tenant = randomUUID();
    const [before, later] = [now() - 30, now() - 10];
    const mine = await token({ claims: { tenant, iat: before } });
    const fresh = await token({ claims: { tenant, iat: later } });
    const key = keyOf('claim', ['tenant', tenant]);
    await edge.write(key, `1 ${(before + 5) * 1000} - ${(now() + 900) * 1000} ${now() * 1000} other`);
    assert.equal((await call(edge, mine)).code, 'token_revoked');
    assert.equal((await call(edge, fresh)).status, 200);
    assert.equal((await call(edge, await token({ claims: { iat: before } }))).status, 200);
  });

  test('of a token about to end: kept as long as Workers KV must', async () => {
    const [jti, exp] = [randomUUID(), now() - 50];
    const since = now();
    await logout(edge, await token({ claims: { jti, iat: exp - 100, exp } }));
    const { expiration } = await entry(keyOf('token_id', jti));
    assert.ok(expiration >= since + 60 && expiration <= now() + 62, `${expiration - since} s`);
  });

  test('says nothing of the user', async () => {
    const secrets = { sub: 'ann@example.com', sid: 'session-of-ann', jti: `jti-${'x'.repeat(600)}`, client_id: 'backend' };
    const mine = await token({ claims: secrets });
    await logout(edge, mine, { scope: 'session' });
    const entries = await edge.entries();
    const stored = JSON.stringify(entries);
    for (const readable of [...Object.values(secrets), ISSUER, mine.split('.')[2]!]) {
      assert.ok(!stored.includes(readable), `${readable} is stored`);
    }
    for (const { name } of entries) assert.match(name, /^r1\/[0-9a-f]{32}$/);
  });

  test('is not written again by a logout that adds nothing', async () => {
    const jti = randomUUID();
    const mine = await token({ claims: { jti } });
    await logout(edge, mine);
    const first = await entry(keyOf('token_id', jti));
    await logout(edge, mine);
    assert.deepEqual(await entry(keyOf('token_id', jti)), first);
  });

  test('that cannot be read is an outage, never "not revoked"', async () => {
    const jti = randomUUID();
    const mine = await token({ claims: { jti } });
    assert.equal((await call(edge, mine)).status, 200);
    await fetch(`${edge.url}/kv?key=${keyOf('token_id', jti)}`, { method: 'PUT', body: '2 something newer' });
    const answer = await call(edge, mine);
    assert.deepEqual([answer.status, answer.code], [503, 'store_unavailable']);
  });
});

test('a logout that the store did not take is taken when it comes again', async () => {
  const sub = randomUUID();
  const [mine, other] = await Promise.all([token({ claims: { sub } }), token({ claims: { sub } })]);
  await edge.fault('write');
  for (const scope of ['session', 'everywhere']) {
    const failed = await logout(edge, await token({ claims: { sub, sid: sub } }), { scope });
    assert.deepEqual([failed.status, failed.code], [503, 'store_unavailable'], scope);
  }
  assert.equal((await logout(edge, mine, { scope: 'everywhere' })).status, 503);
  await edge.fault(undefined);
  // It is refused here since it was to be revoked. That is no reason to revoke no more.
  assert.equal((await call(edge, mine)).code, 'token_revoked');
  const { status, body } = await logout(edge, mine, { scope: 'everywhere' });
  assert.deepEqual([status, body.outcome], [200, 'revoked']);
  await entry(keyOf('subject', sub));
  edge = await edge.restart();
  assert.equal((await call(edge, other)).code, 'token_revoked');
});

test('a revocation survives the death of workerd', async () => {
  const [gone, alive] = await Promise.all([token(), token()]);
  await logout(edge, gone);
  edge = await edge.restart();
  assert.equal((await call(edge, gone)).code, 'token_revoked');
  assert.equal((await call(edge, alive)).status, 200);
});

test('the data centre knows before Workers KV shows it', async () => {
  const jti = randomUUID();
  const mine = await token({ claims: { jti } });
  await logout(edge, mine);
  // KV answers as it does elsewhere for a minute: as if nothing had been written. And no isolate remembers.
  await fetch(`${edge.url}/kv?key=${keyOf('token_id', jti)}`, { method: 'DELETE' });
  edge = await edge.restart();
  assert.deepEqual((await edge.entries()).filter(({ name }) => name === keyOf('token_id', jti)), []);
  assert.equal((await call(edge, mine)).code, 'token_revoked');
});

test('after the answer to a logout, no request is let through: 100 races', async () => {
  for (let round = 0; round < 100; round++) {
    const mine = await token();
    let loggedOut = Infinity;
    // Requests that start before, during and after the logout, and some that the origin keeps waiting.
    const requests = Array.from({ length: 12 }, async (_, index) => {
      await new Promise((resolve) => setTimeout(resolve, index));
      const { status, code } = await call(edge, mine, index % 3 === 0 ? '/api?wait=10' : '/api');
      return { status, code, late: performance.now() > loggedOut };
    });
    const answer = logout(edge, mine).then(({ status }) => {
      assert.equal(status, 200);
      loggedOut = performance.now();
    });
    for (const { status, code, late } of await Promise.all(requests)) {
      if (late) assert.equal(status, 401);
      if (status !== 200) assert.equal(code, 'token_revoked');
    }
    await answer;
    assert.equal((await call(edge, mine)).code, 'token_revoked');
  }
});
