/** Workers in JavaScript that guard what they answer themselves: a plain handler, and an app of Hono's. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

import { type Answer, call, get, logout, post, revoke } from './requests.ts';
import { type Edge, start, startAll } from './server.ts';
import { now, token } from './tokens.ts';

const routes = [
  { path: '/accounts', scopes: ['accounts:write'] },
  { path: '/news', optional: true },
  { path: '/open', outage: 'danger_open' },
];

/** What guards an origin: its answers are what the others' have to be. */
let gate: Edge;
before(async () => {
  gate = await start({ quash: { routes } });
});
after(() => gate.stop());

for (const guard of ['plain', 'hono'] as const) describe(guard, { concurrency: false }, () => {
  let edge: Edge;
  before(async () => {
    edge = await start({ guard, quash: { routes } });
  });
  after(() => edge.stop());

  test('tells the handler whose request it is', async () => {
    const mine = await token({ claims: { sub: 'Zoë' } });
    for (const headers of [{ authorization: `Bearer ${mine}` }, { cookie: `other=é; session=${mine}` }]) {
      const { status, body } = await get(edge, '/api', headers);
      assert.deepEqual([status, body.auth.claims.sub, body.auth.token, body.auth.label], [200, 'Zoë', mine, '']);
    }
    for (const path of ['/', '/public/page', '/news']) {
      const { status, body } = await get(edge, path);
      assert.deepEqual([status, body.auth], [200, null], path);
    }
  });

  test('passes on the body, and none of what the client made up', async () => {
    const mine = await token({ claims: { sub: 'me' } });
    const forged = { 'quash-claims': 'forged', quash_source: 'forged', 'x-mine': 'kept' };
    const large = 'x'.repeat(200_000);
    const { body } = await post(edge, '/api', large, { ...forged, authorization: `Basic dTpw, Bearer ${mine}` });
    const { 'quash-claims': claims, 'x-mine': kept, authorization, quash_source: source } = body.headers;
    assert.deepEqual([claims, kept, authorization, source], [mine.split('.')[1], 'kept', `Bearer ${mine}`, undefined]);
    assert.deepEqual([body.method, body.body], ['POST', large]);

    const anybody = (await get(edge, '/news', forged)).body;
    assert.deepEqual([anybody.headers['quash-claims'], anybody.headers['x-mine']], [undefined, 'kept']);
  });

  const bearer = async (claims: object) => ({ authorization: `Bearer ${await token({ claims: { ...claims } })}` });
  const refused: Record<string, [string, number, () => Promise<HeadersInit>]> = {
    'no token': ['/api', 401, async () => ({})],
    'two tokens': ['/api', 400, async () => ({ authorization: 'Bearer a.b.c', cookie: 'session=a.b.c' })],
    'a garbled token': ['/api', 401, async () => ({ authorization: 'Bearer garbage' })],
    'an expired token': ['/api', 401, async () => bearer({ iat: now() - 700, exp: now() - 100 })],
    'no scope': ['/accounts', 403, async () => bearer({ scope: 'accounts:read' })],
    'a bad token where none is needed': ['/news', 401, async () => ({ authorization: 'Bearer garbage' })],
    'a logout by GET': ['/auth/logout', 405, async () => ({})],
    'a logout from elsewhere': ['/auth/logout', 405, async () => ({ origin: 'https://app.example' })],
  };
  for (const [name, [path, status, make]] of Object.entries(refused)) {
    test(`answers as the gate does: ${name}`, async () => {
      const headers = await make();
      const [ours, theirs] = [await get(edge, path, headers), await get(gate, path, headers)];
      assert.equal(ours.status, status);
      assert.deepEqual(told(ours), told(theirs));
    });
  }

  test('after a logout the token is refused', async () => {
    const mine = await token();
    assert.equal((await call(edge, mine)).status, 200);
    const { status, body, headers } = await logout(edge, mine);
    assert.deepEqual([status, body.outcome], [200, 'revoked']);
    assert.match(headers.getSetCookie()[0]!, /^session=;.*Max-Age=0/);
    for (const path of ['/api', '/news', '/open']) assert.equal((await call(edge, mine, path)).code, 'token_revoked', path);
  });

  test('a back end revokes', async () => {
    const mine = await token();
    assert.equal((await revoke(edge, mine)).status, 200);
    assert.equal((await call(edge, mine)).code, 'token_revoked');
  });

  test('what was at work when its user logged out is not answered', async () => {
    const mine = await token();
    const slow = call(edge, mine, '/held');
    while (!(await get(edge, '/public/held')).body) await delay(20);
    assert.equal((await logout(edge, mine)).status, 200);
    await get(edge, '/public/let-go');
    const { status, code, headers } = await slow;
    assert.deepEqual([status, code, headers.get('x-behind')], [401, 'token_revoked', null]);
  });

  test('while the denylist fails, who is let in nevertheless is told of', async () => {
    const mine = await token();
    await edge.fault('read');
    try {
      const closed = await call(edge, mine);
      assert.deepEqual([closed.status, closed.code], [503, 'store_unavailable']);
      const { status, body } = await call(edge, mine, '/open');
      assert.deepEqual([status, body.auth.label, body.headers['quash-source']], [200, 'none', 'none']);
    } finally {
      await edge.fault(undefined);
    }
  });

  test('what the handler throws is its own', async () => {
    assert.equal((await call(edge, await token(), '/fails')).status, 500);
    assert.equal((await call(edge, await token())).status, 200);
  });
});

describe('plain', () => {
  let [edge, remote]: (Edge | undefined)[] = [];
  before(async () => {
    [edge, remote] = await startAll({ guard: 'plain', quash: { routes } }, { guard: 'remote' });
  });
  after(() => Promise.all([edge?.stop(), remote?.stop()]));

  test('a preflight is not for the handler, and has no credentials', async () => {
    const preflight = { ...PREFLIGHT, cookie: `session=${await token()}` };
    const told = await fetch(`${edge!.url}/api`, { method: 'OPTIONS', headers: preflight });
    const { headers } = (await told.json()) as any;
    assert.deepEqual([told.status, headers.cookie, headers.origin], [203, undefined, PREFLIGHT.origin]);
    const untold = await fetch(`${remote!.url}/api`, { method: 'OPTIONS', headers: preflight });
    assert.deepEqual([untold.status, await untold.text()], [204, '']);
  });

  test('endpoints that are down are an answer', async () => {
    const mine = await token();
    const { status, code } = await logout(remote!, mine);
    assert.deepEqual([status, code], [500, 'platform_failed']);
    assert.deepEqual((await call(remote!, mine, '/revoke')).body, { name: 'QuashError', code: 'platform_failed' });
    assert.equal((await call(remote!, mine)).status, 200);
  });

  test('an origin that nobody would ask is refused before the first request', async () => {
    const wrong = start({ guard: 'plain', quash: { origin: { service: 'ORIGIN' } } });
    await assert.rejects(wrong, /QUASH\.origin: what may pass is for the handler/);
  });
});

describe('hono', () => {
  let edge: Edge;
  before(async () => {
    edge = await start({ guard: 'hono', quash: { routes } });
  });
  after(() => edge.stop());

  test('what stands before the guard adds to refusals, too, and weakens none', async () => {
    const { status, headers } = await get(edge, '/api', { origin: PREFLIGHT.origin });
    const names = ['access-control-allow-origin', 'x-before', 'x-after', 'x-behind', 'cache-control'];
    const seen = names.map((name) => headers.get(name));
    assert.deepEqual([status, ...seen], [401, PREFLIGHT.origin, 'was here', 'was here', null, 'no-store']);
    assert.deepEqual((await logout(edge, await token())).headers.getSetCookie().map((cookie) => cookie.split('=')[0]), ['session', 'before']);
    const preflight = await fetch(`${edge.url}/api`, { method: 'OPTIONS', headers: PREFLIGHT });
    assert.deepEqual([preflight.status, preflight.headers.get('access-control-allow-origin')], [204, PREFLIGHT.origin]);
  });

  test('a late refusal can be read by the page that asked', async () => {
    const mine = await token();
    const slow = get(edge, '/held', { authorization: `Bearer ${mine}`, origin: PREFLIGHT.origin });
    while (!(await get(edge, '/public/held')).body) await delay(20);
    await logout(edge, mine);
    await get(edge, '/public/let-go');
    const { code, headers } = await slow;
    assert.deepEqual([code, headers.get('access-control-allow-origin')], ['token_revoked', PREFLIGHT.origin]);
  });

  test('two guards know the same', async () => {
    const mine = await token();
    assert.equal((await call(edge, mine, '/twice')).status, 200);
    await logout(edge, mine);
    assert.equal((await call(edge, mine, '/twice')).code, 'token_revoked');
  });

  test('a body that was read before is the app’s still', async () => {
    const { status, body } = await post(edge, '/api?read=1', 'text', { authorization: `Bearer ${await token()}` });
    assert.deepEqual([status, body.body], [200, 'text']);
  });
});

const PREFLIGHT = { origin: 'https://app.example', 'access-control-request-method': 'PUT' };

function told({ status, body, headers }: Answer): object {
  const own = (name: string) => !/^(content-length|transfer-encoding|x-|access-control-|vary|set-cookie)/.test(name);
  return { status, body, headers: Object.fromEntries([...headers].filter(([name]) => own(name))) };
}
