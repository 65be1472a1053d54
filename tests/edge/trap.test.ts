/** A panic in the engine costs the request that it met, and nothing else: not what was revoked, nor any request beside it. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { call, get, logout } from './requests.ts';
import { type Edge, start } from './server.ts';
import { KINDS, token } from './tokens.ts';

let edge: Edge;
before(async () => {
  edge = await start({
    faultyEngine: true,
    // What this isolate has revoked, and nothing else.
    quash: { routes: [{ path: '/isolate', mode: 'danger_isolate' }] },
  });
});
after(() => edge.stop());

test('the next request is answered, and what was revoked is revoked', async () => {
  const [gone, alive] = await Promise.all([token(), token()]);
  await logout(edge, gone);
  for (let round = 0; round < 3; round++) {
    assert.equal((await call(edge, gone, '/isolate')).code, 'token_revoked');
    assert.equal((await call(edge, alive, '/isolate')).status, 200);
    const { status, code } = await call(edge, alive, '/trap');
    assert.deepEqual([status, code], [500, 'platform_failed']);
  }
  assert.equal((await call(edge, gone, '/isolate')).code, 'token_revoked');
  assert.equal((await get(edge, '/public/page')).status, 200);
});

test('requests that the engine has begun with are begun again', async () => {
  const tokens = await Promise.all(Array.from({ length: 40 }, (_, at) => token({ alg: KINDS[at % KINDS.length]! })));
  const requests = tokens.map((token, at) => call(edge, token, at === 20 ? '/trap' : '/api?wait=5'));
  const answers = await Promise.all(requests);
  assert.deepEqual(answers.map(({ status }) => status), tokens.map((_, at) => (at === 20 ? 500 : 200)));
});
