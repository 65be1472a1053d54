/** A Worker in Rust that guards its own routes: the same engine as a layer of an axum router, and in a plain handler. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { type Answer, call, get, logout, post, revoke } from './requests.ts';
import { type Edge, startAll } from './server.ts';
import { now, token } from './tokens.ts';

const routes = [
  { path: '/accounts', audiences: ['accounts'], scopes: ['accounts:write'] },
  { path: '/news', optional: true },
];

let edge: Edge;
/** What guards an origin by configuration: its answers are what the router's have to be. */
let gate: Edge;
before(async () => {
  [edge, gate] = await startAll({ guard: 'router' }, { quash: { routes } });
});
after(() => Promise.all([edge?.stop(), gate?.stop()]));

const subject = (claims: string | null): string | undefined =>
  claims ? JSON.parse(Buffer.from(claims, 'base64url').toString()).sub : undefined;

const writer = { aud: ['api', 'accounts'], scope: 'accounts:write' };

describe('the layer', () => {
  test('tells the handler whose request it is', async () => {
    const mine = await token({ claims: { sub: 'me' } });
    const { status, body } = await call(edge, mine, '/guarded');
    assert.equal(status, 200);
    assert.equal(subject(body.claims), 'me');
    assert.equal(body.source, 'header');
    assert.equal((await get(edge, '/guarded', { cookie: `session=${mine}` })).body.source, 'cookie');
  });

  test('passes on the body, and none of what the client made up', async () => {
    const mine = await token({ claims: { sub: 'me' } });
    const headers = { 'quash-claims': 'forged', 'Quash-Other': 'forged', 'x-mine': 'kept' };
    const large = 'x'.repeat(200_000);
    const { body } = await post(edge, '/guarded', large, { ...headers, authorization: `Basic dTpw, Bearer ${mine}` });
    assert.equal(subject(body.headers['quash-claims']), 'me');
    assert.equal(body.headers['quash-other'], null);
    assert.equal(body.headers['x-mine'], 'kept');
    assert.equal(body.headers.authorization, `Bearer ${mine}`);
    assert.equal(body.body, large);

    const nobody = (await get(edge, '/news', headers)).body;
    assert.deepEqual([nobody.claims, nobody.headers['quash-claims'], nobody.headers['quash-other']], [null, null, null]);
  });

  const told = ({ status, body, headers }: Answer) => ({
    status,
    body,
    headers: Object.fromEntries([...headers].filter(([name]) => name !== 'content-length' && name !== 'transfer-encoding')),
  });
  const refused: Record<string, [string, number, () => Promise<HeadersInit>]> = {
    'no token': ['/api', 401, async () => ({})],
    'two tokens': ['/api', 400, async () => ({ authorization: 'Bearer a.b.c', cookie: 'session=a.b.c' })],
    'a garbled token': ['/api', 401, async () => ({ authorization: 'Bearer garbage' })],
    'an expired token': ['/api', 401, async () => bearer({ iat: now() - 700, exp: now() - 100 })],
    'no scope': ['/accounts', 403, async () => bearer({ ...writer, scope: 'accounts:read' })],
    'no audience': ['/accounts', 401, async () => bearer({ ...writer, aud: 'api' })],
    'a bad token where none is needed': ['/news', 401, async () => ({ authorization: 'Bearer garbage' })],
    'a logout by GET': ['/auth/logout', 405, async () => ({})],
    'a logout from elsewhere': ['/auth/logout', 405, async () => ({ origin: 'https://app.example' })],
  };
  const bearer = async (claims: object) => ({ authorization: `Bearer ${await token({ claims: { ...claims } })}` });
  for (const [name, [path, status, make]] of Object.entries(refused)) {
    test(`answers as the gate does: ${name}`, async () => {
      const headers = await make();
      const [ours, theirs] = [await get(edge, path, headers), await get(gate, path, headers)];
      assert.equal(ours.status, status);
      assert.deepEqual(told(ours), told(theirs));
    });
  }

  test('guards what the router does not know, too', async () => {
    assert.equal((await get(edge, '/nowhere')).code, 'token_missing');
    assert.equal((await call(edge, await token(), '/nowhere')).status, 404);
  });

  test('lets a preflight through, which never has a token', async () => {
    const preflight = { origin: 'https://app.example', 'access-control-request-method': 'PUT' };
    for (const path of ['/guarded', '/accounts']) {
      const options = (headers: HeadersInit) => fetch(edge.url + path, { method: 'OPTIONS', headers });
      assert.equal((await options(preflight)).status, 200, path);
      assert.equal((await options({})).status, 401, path);
    }
  });
});

for (const [what, accounts, news, elsewhere] of [
  ['a policy of a route', '/accounts', '/news', '/guarded'],
  ['a policy in a plain handler', '/plain/accounts', '/plain/news', '/plain/x'],
] as const) {
  test(`${what}: audience and scope`, async () => {
    assert.equal((await call(edge, await token({ claims: writer }), accounts)).status, 200);
    const noScope = await call(edge, await token({ claims: { aud: writer.aud } }), accounts);
    assert.deepEqual([noScope.status, noScope.code], [403, 'scope_missing']);
    assert.match(noScope.headers.get('www-authenticate')!, /scope="accounts:write"$/);
    const noAudience = await call(edge, await token({ claims: { scope: writer.scope } }), accounts);
    assert.deepEqual([noAudience.status, noAudience.code], [401, 'audience_mismatch']);
    assert.equal((await call(edge, await token(), elsewhere)).status, 200);
  });

  test(`${what}: optional`, async () => {
    assert.deepEqual([(await get(edge, news)).status, (await get(edge, news)).body.claims], [200, null]);
    assert.equal(subject((await call(edge, await token({ claims: { sub: 'me' } }), news)).body.claims), 'me');
    assert.equal((await call(edge, 'garbage', news)).code, 'token_segments');
    assert.equal((await get(edge, elsewhere)).code, 'token_missing');
  });
}

test('two layers: both have to agree', async () => {
  assert.equal((await call(edge, await token(), '/both')).code, 'scope_missing');
  assert.equal((await call(edge, await token({ claims: { scope: 'accounts:write' } }), '/both')).status, 200);
});

test('a path that the configuration has as public is so to its own layer only', async () => {
  assert.equal((await get(edge, '/public/page')).status, 404);
  assert.equal((await get(edge, '/public/strict')).code, 'token_missing');
  // Not the path that the nested router sees.
  assert.equal((await get(edge, '/nested/public/page')).code, 'token_missing');
  assert.equal((await call(edge, await token(), '/nested/public/page')).status, 200);
});

describe('a logout through the layer', () => {
  test('is acknowledged as the gate does, and then the token is refused everywhere', async () => {
    const mine = await token({ claims: writer });
    for (const path of ['/guarded', '/accounts', '/plain/x']) assert.equal((await call(edge, mine, path)).status, 200);
    const answer = await logout(edge, mine);
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get('clear-site-data'), '"cookies", "storage"');
    assert.match(answer.headers.get('set-cookie')!, /^session=;.*Max-Age=0/);
    for (const path of ['/guarded', '/accounts', '/news', '/open', '/isolate', '/plain/x']) {
      const refusal = await call(edge, mine, path);
      assert.deepEqual([refusal.status, refusal.code], [401, 'token_revoked'], path);
    }
  });

  test('takes the token of a form', async () => {
    const mine = await token();
    assert.equal((await post(edge, '/auth/logout', { token: mine })).status, 200);
    assert.equal((await call(edge, mine, '/guarded')).code, 'token_revoked');
  });

  test('is refused to a page of another site', async () => {
    const mine = await token();
    const headers = { cookie: `session=${mine}`, 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' };
    assert.equal((await post(edge, '/auth/logout', {}, headers)).code, 'cross_site_refused');
    assert.equal((await call(edge, mine, '/guarded')).status, 200);
  });

  test('is a 503 when it is not durable', async () => {
    const mine = await token();
    await during('write', async () => {
      const answer = await logout(edge, mine);
      assert.deepEqual([answer.status, answer.code], [503, 'store_unavailable']);
      assert.equal(answer.headers.get('set-cookie'), null);
    });
    assert.equal((await call(edge, mine, '/guarded')).code, 'token_revoked');
  });

  for (const path of ['/slow', '/plain/slow']) {
    test(`comes before the answer to a request that was let through: ${path}`, async () => {
      const [mine, other] = [await token(), await token()];
      const slow = Promise.all([call(edge, mine, `${path}/500`), call(edge, other, `${path}/500`)]);
      await new Promise((resolve) => setTimeout(resolve, 100));
      assert.equal((await logout(edge, mine)).status, 200);
      const [answer, others] = await slow;
      assert.deepEqual([answer.status, answer.code], [401, 'token_revoked']);
      assert.equal(others.status, 200);
    });
  }

  test('a handle, and a revocation by a back end', async () => {
    const mine = await token();
    const minted = await post(edge, '/auth/handle', {}, { authorization: `Bearer ${mine}` });
    assert.equal(minted.status, 200);
    assert.equal((await post(edge, '/auth/logout', { handle: minted.body.handle })).status, 200);
    assert.equal((await call(edge, mine, '/guarded')).code, 'token_revoked');
    const other = await token();
    assert.deepEqual([(await revoke(edge, other)).status, (await call(edge, other, '/guarded')).status], [200, 401]);
    assert.equal((await post(edge, '/auth/revoke', { token: other })).code, 'client_unknown');
  });
});

const during = async (fault: 'read' | 'write' | 'hang', check: () => Promise<void>): Promise<void> => {
  await edge.fault(fault);
  try {
    await check();
  } finally {
    await edge.fault(undefined);
  }
};

for (const fault of ['read', 'hang'] as const) {
  test(`while the denylist fails (${fault}), each route does as its policy says`, async () => {
    const [mine, gone] = [await token(), await token()];
    await logout(edge, gone);
    await during(fault, async () => {
      const closed = await call(edge, mine, '/guarded');
      assert.deepEqual([closed.status, closed.code], [503, 'store_unavailable']);
      assert.equal(closed.headers.get('retry-after'), '5');
      for (const [path, source, label] of [['/open', 'none', 'none'], ['/isolate', 'isolate', null]] as const) {
        const { body } = await call(edge, mine, path);
        assert.deepEqual([body.verdict_source, body.headers['quash-source']], [source, label], path);
        assert.equal((await call(edge, gone, path)).code, 'token_revoked', path);
      }
    });
  });
}
