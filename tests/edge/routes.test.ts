/** What a route may ask for, by configuration: docs/configuration.md. */
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { after, before, describe, test } from 'node:test';

import { call, get, logout, revoke } from './requests.ts';
import { type Edge, GUARDS, start } from './server.ts';
import { token } from './tokens.ts';

const routes = [
  { path: '/accounts/own', scopes: ['accounts:read'] },
  { path: '/accounts/*', audiences: ['accounts', 'bank'], scopes: ['accounts:read', 'accounts:write'] },
  { path: '/news/*', optional: true },
  { path: '/open/*', outage: 'danger_open' },
  { path: '/isolate/*', mode: 'danger_isolate' },
  // Never reached: the first that matches holds.
  { path: '/news/members', scopes: ['member'] },
];

for (const guard of GUARDS) describe(guard, () => {
  let edge: Edge;
  before(async () => {
    edge = await start({ guard, quash: { routes } });
  });
  after(() => edge.stop());

  const during = async (fault: 'read' | 'hang', check: () => Promise<void>) => {
    await edge.fault(fault);
    try {
      await check();
    } finally {
      await edge.fault(undefined);
    }
  };

  describe('scopes', () => {
    const banker = { aud: ['api', 'bank'] };

    test('all of them are needed, and named to whoever lacks one', async () => {
      for (const scope of [undefined, '', 'accounts:read', 'accounts:read accounts:write2', 'accounts:readaccounts:write']) {
        const answer = await call(edge, await token({ claims: { ...banker, scope } }), '/accounts/7');
        assert.deepEqual([answer.status, answer.code], [403, 'scope_missing'], scope);
        assert.equal(answer.body.error, 'insufficient_scope');
        assert.equal(
          answer.headers.get('www-authenticate'),
          'Bearer realm="quash", error="insufficient_scope", error_description="scope_missing",' +
            ' scope="accounts:read accounts:write"',
        );
      }
      const scope = 'openid accounts:write accounts:read';
      assert.equal((await call(edge, await token({ claims: { ...banker, scope } }), '/accounts/7')).status, 200);
    });

    test('elsewhere none is', async () => {
      assert.equal((await call(edge, await token(), '/api')).status, 200);
      assert.equal((await call(edge, await token(), '/accounts')).status, 200);
    });

    test('the first route that matches holds', async () => {
      const reader = await token({ claims: { scope: 'accounts:read' } });
      assert.equal((await call(edge, reader, '/accounts/own')).status, 200);
      assert.equal((await call(edge, reader, '/accounts/own/x')).code, 'audience_mismatch');
      assert.equal((await call(edge, await token(), '/news/members')).status, 200);
    });

    test('a revoked token is revoked, whatever it lacks', async () => {
      const mine = await token({ claims: { scope: 'accounts:read' } });
      await revoke(edge, mine);
      assert.equal((await call(edge, mine, '/accounts/own')).code, 'token_revoked');
    });
  });

  test("audiences: one of them, on top of the issuer's", async () => {
    const scope = 'accounts:read accounts:write';
    for (const aud of ['api', ['api', 'account'], 'bank', ['bank', 'accounts']]) {
      const answer = await call(edge, await token({ claims: { aud, scope } }), '/accounts/7');
      assert.deepEqual([answer.status, answer.code, answer.body.error], [401, 'audience_mismatch', 'invalid_token']);
      assert.match(answer.headers.get('www-authenticate')!, /^Bearer .*error="invalid_token"/);
    }
    for (const other of ['accounts', 'bank']) {
      assert.equal((await call(edge, await token({ claims: { aud: ['api', other], scope } }), '/accounts/7')).status, 200);
    }
  });

  describe('optional', () => {
    test("without a token it is nobody's", async () => {
      const { status, body } = await get(edge, '/news/today', { 'quash-claims': 'forged', 'x-mine': 'kept' });
      assert.equal(status, 200);
      assert.equal(body.headers['quash-claims'], undefined);
      assert.equal(body.headers['x-mine'], 'kept');
    });

    test('with one it is theirs', async () => {
      const { body } = await call(edge, await token({ claims: { sub: 'me' } }), '/news/today');
      assert.equal(JSON.parse(Buffer.from(body.headers['quash-claims'], 'base64url').toString()).sub, 'me');
    });

    test('with a bad one it is refused', async () => {
      assert.equal((await call(edge, 'garbage', '/news/today')).code, 'token_segments');
      assert.equal((await call(edge, await token({ claims: { aud: 'other' } }), '/news/today')).status, 401);
      const mine = await token();
      await logout(edge, mine);
      assert.equal((await get(edge, '/news/today', { cookie: `session=${mine}` })).code, 'token_revoked');
      const both = { cookie: `session=${await token()}`, authorization: `Bearer ${await token()}` };
      assert.equal((await get(edge, '/news/today', both)).code, 'token_ambiguous');
    });
  });

  test('a path that could be read as that of another route is refused', async () => {
    const mine = await token();
    // `fetch` would tidy some of them up.
    const raw = (path: string) =>
      new Promise<[number | undefined, string]>((resolve, reject) => {
        const sent = request(edge.url, { path, headers: { authorization: `Bearer ${mine}` } }, (answer) => {
          let body = '';
          answer.on('data', (chunk) => (body += chunk));
          answer.on('end', () => resolve([answer.statusCode, JSON.parse(body).code]));
        });
        sent.on('error', reject).end();
      });
    for (const path of [
      '//accounts/7',
      '/news//accounts/7',
      '/%61ccounts/7',
      '/api/..%2faccounts/7',
      '/api/%5c..%5caccounts/7',
      '/api/%2e%2e%2Faccounts',
      '/api/%252e',
    ]) {
      assert.deepEqual(await raw(path), [400, 'path_ambiguous'], path);
    }
    for (const path of ['/api/a%20b', '/api/%C3%A9', '/api?x=//%2e', '/news/../api']) {
      assert.deepEqual((await raw(path))[0], 200, path);
    }
  });

  describe('while the denylist fails', () => {
    for (const fault of ['read', 'hang'] as const) {
      test(`${fault}: a route that is open then lets through what is not known to be revoked`, async () => {
        const [mine, gone] = [await token(), await token()];
        await logout(edge, gone);
        assert.equal((await call(edge, mine, '/open/x')).body.headers['quash-source'], undefined);
        await during(fault, async () => {
          const { status, body } = await call(edge, mine, '/open/x');
          assert.deepEqual([status, body.headers['quash-source']], [200, 'none']);
          assert.equal((await call(edge, gone, '/open/x')).code, 'token_revoked');
          assert.equal((await call(edge, 'garbage', '/open/x')).code, 'token_segments');
          const other = await call(edge, mine, '/api');
          assert.deepEqual([other.status, other.code], [503, 'store_unavailable']);
        });
      });

      test(`${fault}: a route that asks this isolate alone notices nothing`, async () => {
        const [mine, gone] = [await token(), await token()];
        await logout(edge, gone);
        await during(fault, async () => {
          const started = performance.now();
          const { status, body } = await call(edge, mine, '/isolate/x');
          assert.deepEqual([status, body.headers['quash-source']], [200, undefined]);
          assert.equal((await call(edge, gone, '/isolate/x')).code, 'token_revoked');
          // The denylist is given up on only after longer than that.
          if (fault === 'hang') assert.ok(performance.now() - started < 1000, `${performance.now() - started} ms`);
        });
      });
    }
  });

  test('a route that asks this isolate alone does not know what others revoked', async () => {
    const mine = await token();
    await logout(edge, mine);
    assert.equal((await call(edge, mine, '/isolate/x')).code, 'token_revoked');
    edge = await edge.restart();
    assert.equal((await call(edge, mine, '/isolate/x')).status, 200);
    assert.equal((await call(edge, mine, '/open/x')).code, 'token_revoked');
  });
});

test('without routes, no path is too ambiguous for a token', async () => {
  const edge = await start();
  try {
    assert.equal((await call(edge, await token(), '/%61pi')).status, 200);
  } finally {
    await edge.stop();
  }
});
