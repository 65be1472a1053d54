/**
 * `GET /auth/verify`: what a proxy is told about a request that it has. What of RFC 6750 reaches the client by it:
 *
 * | RFC 6750 | shown by |
 * |---|---|
 * | 3: without credentials, or with ones that do not enable access: MUST include `WWW-Authenticate`, with the scheme Bearer | `none, two, …`, `a route has its own terms` |
 * | 3: without any authentication information, SHOULD NOT include an error code | `none, two, …` |
 * | 3.1: `invalid_token` with 401, `insufficient_scope` with 403 | `none, two, …`, `a route has its own terms` |
 * | 2: MUST NOT use more than one method to transmit the token | `none, two, …` |
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { type Answer, type Place, call, get, logout } from './requests.ts';
import { type Edge, GUARDS, start } from './server.ts';
import { token } from './tokens.ts';

const routes = [
  { path: '/admin/*', scopes: ['admin'] },
  { path: '/optional', optional: true },
  { path: '/open', outage: 'danger_open' },
];
const verify = { uri: 'X-Forwarded-Uri', method: 'X-Forwarded-Method' };
const PREFLIGHT = { origin: 'https://app.example', 'access-control-request-method': 'POST' };

/** Asks as a proxy does that has a request for this URI. */
function ask(place: Place, uri: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
  return get(place, '/auth/verify', { 'x-forwarded-uri': uri, 'x-forwarded-method': method, ...headers });
}

const bearer = (text: string): Record<string, string> => ({ authorization: `Bearer ${text}` });

function passes({ status, headers, body }: Answer, text: string | undefined, source = ''): void {
  assert.deepEqual([status, body], [200, '']);
  // What is empty has to be there as well, to take the place of what a client has sent.
  assert.equal(headers.get('quash-claims'), text?.split('.')[1] ?? '');
  assert.equal(headers.get('quash-source'), source);
  assert.equal(headers.get('cache-control'), 'no-store');
}

function isRefused(answer: Answer, status: number, code: string): void {
  assert.deepEqual([answer.status, answer.code], [status, code]);
  assert.equal(answer.headers.get('quash-claims'), null);
}

for (const guard of GUARDS) describe(guard, () => {
  let edge: Edge;
  before(async () => {
    edge = await start({ guard, quash: { routes, verify } });
  });
  after(() => edge?.stop());

  test('a token in force, in the header or in a cookie', async () => {
    const mine = await token();
    passes(await ask(edge, '/api/x?y=z', bearer(mine)), mine);
    passes(await ask(edge, 'https://app.example/api', bearer(mine)), mine);
    passes(await ask(edge, '/api', { cookie: `session=${mine}` }), mine);
    const head = await fetch(`${edge.url}/auth/verify`, { method: 'HEAD', headers: { 'x-forwarded-uri': '/api', ...bearer(mine) } });
    assert.equal(head.status, 200);
  });

  test('none, two, or one that was revoked: with the challenge for the client', async () => {
    const mine = await token();
    const none = await ask(edge, '/api');
    isRefused(none, 401, 'token_missing');
    assert.equal(none.headers.get('www-authenticate'), 'Bearer realm="quash"');
    isRefused(await ask(edge, '/api', { ...bearer(mine), cookie: `session=${mine}` }), 403, 'token_ambiguous');
    assert.equal((await logout(edge, mine)).status, 200);
    const revoked = await ask(edge, '/api', bearer(mine));
    isRefused(revoked, 401, 'token_revoked');
    assert.match(revoked.headers.get('www-authenticate') ?? '', /^Bearer .*error="invalid_token"/);
  });

  test('what is public is, and says nothing of whoever asks', async () => {
    for (const uri of ['/', '/?x', '/public/a', '/optional']) passes(await ask(edge, uri), undefined);
    passes(await ask(edge, '/public/a', bearer('garbage')), undefined);
    isRefused(await ask(edge, '/optional', bearer('garbage')), 401, 'token_segments');
  });

  test('a route has its own terms', async () => {
    const [mine, admin] = [await token(), await token({ claims: { scope: 'admin' } })];
    const refused = await ask(edge, '/admin/users', bearer(mine));
    isRefused(refused, 403, 'scope_missing');
    assert.match(refused.headers.get('www-authenticate') ?? '', /^Bearer .*error="insufficient_scope".*scope="admin"/);
    passes(await ask(edge, '/admin/users', bearer(admin)), admin);
  });

  test('a path that could be read in two ways is none, nor is what is no path', async () => {
    const mine = await token();
    for (const uri of [
      '/public/../admin/users',
      '/public/%2e%2e/admin/users',
      '/public//admin',
      '//admin/users',
      '/Admin/users',
      '/public\\..\\admin',
      '/public/a, /admin/users',
      '/public/..;/admin',
      'https://app.example/public/../admin',
      'public/a',
      '*',
      'app.example:443',
    ]) {
      isRefused(await ask(edge, uri, bearer(mine)), 403, 'path_ambiguous');
      isRefused(await ask(edge, uri), 403, 'path_ambiguous');
    }
    isRefused(await get(edge, '/auth/verify', bearer(mine)), 403, 'path_ambiguous');
  });

  test('only what the configured header says counts', async () => {
    const others = { 'x-original-uri': '/public/a', 'x-original-url': 'https://app.example/public/a' };
    isRefused(await ask(edge, '/api', others), 401, 'token_missing');
    isRefused(await get(edge, '/auth/verify?/public/a', { 'x-forwarded-uri': '/api' }), 401, 'token_missing');
    isRefused(await ask(edge, '/api', { 'x-original-method': 'OPTIONS', ...PREFLIGHT }), 401, 'token_missing');
  });

  test('our own endpoints are a path like any other, behind a proxy', async () => {
    for (const uri of ['/auth/logout', '/auth/healthz', '/auth/verify']) isRefused(await ask(edge, uri), 401, 'token_missing');
  });

  test('a preflight passes without a token, by the method that the proxy tells', async () => {
    const mine = await token();
    passes(await ask(edge, '/api', PREFLIGHT, 'OPTIONS'), undefined);
    passes(await ask(edge, '/api', { ...PREFLIGHT, ...bearer(mine) }, 'OPTIONS'), undefined);
    isRefused(await ask(edge, '/api', PREFLIGHT, 'GET'), 401, 'token_missing');
    isRefused(await ask(edge, '/api', {}, 'OPTIONS'), 401, 'token_missing');
    const own = await fetch(`${edge.url}/auth/verify`, { method: 'OPTIONS', headers: { ...PREFLIGHT, 'x-forwarded-uri': '/api' } });
    assert.equal(own.status, 401);
  });

  test('while nobody knows, nobody passes, but where that is what the route wants; and then it is told', async () => {
    const mine = await token();
    await edge.fault('read');
    try {
      const answer = await ask(edge, '/api', bearer(mine));
      isRefused(answer, 503, 'store_unavailable');
      assert.ok(answer.headers.has('retry-after'));
      passes(await ask(edge, '/open', bearer(mine)), mine, 'none');
    } finally {
      await edge.fault(undefined);
    }
  });
});

describe('with the path behind ours, and without any', () => {
  for (const guard of GUARDS) test(guard, async () => {
    let edge = await start({ guard, quash: { routes, verify: { uri: 'path' } } });
    try {
      const mine = await token();
      passes(await get(edge, '/auth/verify/api?x', bearer(mine)), mine);
      passes(await get(edge, '/auth/verify/public/a'), undefined);
      passes(await get(edge, '/auth/verify/'), undefined);
      isRefused(await get(edge, '/auth/verify/api'), 401, 'token_missing');
      isRefused(await get(edge, '/auth/verify/api', { 'x-forwarded-uri': '/public/a' }), 401, 'token_missing');
      isRefused(await get(edge, '/auth/verify//public/a', bearer(mine)), 403, 'path_ambiguous');
      isRefused(await get(edge, '/auth/verify', bearer(mine)), 403, 'path_ambiguous');
      const method = async (method: string) =>
        (await fetch(`${edge.url}/auth/verify/api`, { method, headers: PREFLIGHT })).status;
      assert.deepEqual([await method('OPTIONS'), await method('POST')], [200, 401]);

      edge = await edge.restart({ quash: {} });
      // Nobody has said that proxies may ask: it is a path of the origin's.
      isRefused(await ask(edge, '/public/a'), 401, 'token_missing');
      assert.equal((await call(edge, mine, '/auth/verify')).status, (await call(edge, mine, '/auth/unknown')).status);
    } finally {
      await edge.stop();
    }
  });
});
