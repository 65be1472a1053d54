/** A logout while the origin works on a request: no other answer follows the logout's, and nobody else has to wait for that. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

import { call, logout } from './requests.ts';
import { type Edge, GUARDS, start } from './server.ts';
import { KINDS, now, token } from './tokens.ts';

for (const guard of GUARDS) describe(guard, () => {
  let edge: Edge;
  before(async () => {
    edge = await start({ guard });
  });
  after(() => edge.stop());

  for (const alg of KINDS) {
    for (const [name, times] of [['new', 0], ['known', 3]] as const) {
      test(`a request whose user logs out meanwhile is refused: ${alg}, ${name}`, async () => {
        const [mine, others] = [await token({ alg }), await token({ alg })];
        for (let round = 0; round < times; round += 1) for (const one of [mine, others]) await call(edge, one);
        const slow = Promise.all([mine, others].map((one) => call(edge, one, '/api?wait=600')));
        await delay(200);
        assert.equal((await logout(edge, mine)).status, 200);
        const [refused, answered] = await slow;
        assert.deepEqual([refused!.status, refused!.code], [401, 'token_revoked']);
        assert.equal(answered!.status, 200);
        assert.match(refused!.headers.get('www-authenticate') ?? '', /token_revoked/);
      });
    }
  }

  test('and so is one whose token dies by itself meanwhile', async () => {
    const mine = await token({ claims: { exp: now() - 3 } }); // The leeway is 5 s.
    const slow = call(edge, mine, '/api?wait=3500');
    await delay(200);
    assert.equal((await logout(edge, mine)).body.tokens[0].outcome, 'revoked');
    assert.equal((await slow).code, 'token_revoked');
    assert.equal((await call(edge, mine)).code, 'token_expired');
  });

  test('all others are asked about in this isolate only, whatever the store does', async () => {
    const tokens = await Promise.all(KINDS.map((alg) => token({ alg })));
    const since = performance.now();
    const slow = Promise.all(tokens.map((mine) => call(edge, mine, '/api?wait=600')));
    await delay(200);
    await edge.fault('hang');
    // It is not acknowledged, and in force here all the same.
    const unacknowledged = logout(edge, await token());
    try {
      assert.deepEqual((await slow).map(({ status }) => status), tokens.map(() => 200));
      assert.ok(performance.now() - since < 2000, `${performance.now() - since} ms`);
      assert.equal((await unacknowledged).code, 'store_unavailable');
    } finally {
      await edge.fault(undefined);
    }
  });
});
