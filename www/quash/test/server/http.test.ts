import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, describe, test } from 'node:test';

import express from 'express';
import fastify from 'fastify';
import Koa from 'koa';
import * as forExpress from 'quash/express';
import * as forFastify from 'quash/fastify';
import * as forKoa from 'quash/koa';
import { memory } from 'quash/memory';
import { createJwt, type Store } from 'quash/server';

const SECRET = 'a secret of thirty-two bytes or more';
const PEPPER = 'a pepper of thirty-two bytes or more';

const store = memory();
let isDown = false;
const failing: Store = {
  append: async (...args) => (isDown ? Promise.reject(new Error('down')) : store.append(...args)),
  lookUp: async (keys) => (isDown ? Promise.reject(new Error('down')) : store.lookUp(keys)),
};
const jwt = createJwt({ store: failing, pepper: PEPPER, maxLifetime: '1h' });
const options = { jwt, key: SECRET, algorithms: ['HS256' as const], cookies: ['session'], allowedOrigins: ['https://app.example'] };
const unknown = { ...options, key: (_: unknown, answer: (error: Error) => void) => answer(new Error('connect ECONNREFUSED 10.0.0.7:8080')) };
const broken = { ...options, key: () => assert.fail('never called'), jwt: { verify: () => Promise.reject(new Error('broken')) } as never };

/** Each with `/me` and `/broken` guarded, and `POST /logout`. */
const SERVERS: Readonly<Record<string, () => Promise<RequestListener>>> = {
  express: async () => {
    const app = express();
    app.get('/me', forExpress.guard(options), (request, response) => void response.json((request as forExpress.AuthenticatedRequest).auth));
    app.get('/broken', forExpress.guard(broken));
    app.get('/unknown', forExpress.guard(unknown));
    app.post('/logout', forExpress.logout(options), (_, response) => void response.clearCookie('session').sendStatus(204));
    app.use(((_error, _request, response, _next) => void response.status(500).json({})) as express.ErrorRequestHandler);
    return app;
  },
  fastify: async () => {
    const app = fastify();
    app.get('/me', { onRequest: forFastify.guard(options) }, (request) => (request as forFastify.Request).auth);
    app.get('/broken', { onRequest: forFastify.guard(broken) }, () => ({}));
    app.get('/unknown', { onRequest: forFastify.guard(unknown) }, () => ({}));
    app.post('/logout', { onRequest: forFastify.logout(options) }, (_, reply) => reply.code(204).send());
    await app.ready();
    return app.routing;
  },
  koa: async () => {
    const app = new Koa({});
    app.silent = true;
    const [guard, guardBroken, logout] = [forKoa.guard(options), forKoa.guard(broken), forKoa.logout(options)];
    const guardUnknown = forKoa.guard(unknown);
    app.use(async (context) => {
      const entered = async (): Promise<void> => {
        context.body = context.path === '/me' ? context.state['auth'] : null;
      };
      const gate = { '/me': guard, '/broken': guardBroken, '/unknown': guardUnknown, '/logout': logout }[context.path]!;
      await gate(context, entered);
    });
    return app.callback();
  },
};

for (const [name, listener] of Object.entries(SERVERS)) {
  describe(name, async () => {
    const server: Server = createServer(await listener()).listen(0, '127.0.0.1');
    after(() => server.close());
    const call = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
      fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`, { method, headers });
    const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
    const cookie = (token: string) => ({ cookie: `theme=dark; session=${token}` });
    const login = () => jwt.sign({ sub: 'ada' }, SECRET, { expiresIn: 60 });
    const refused = async (response: Response) => {
      const { error, code } = (await response.json()) as { error?: string; code: string };
      const { headers, status } = response;
      assert.equal(headers.get('Content-Type')?.split(';')[0], 'application/json');
      assert.equal(headers.get('Cache-Control'), 'no-store');
      return [status, error, code, headers.get('WWW-Authenticate')];
    };

    test('a good token is let in, from a header or a cookie', async () => {
      const token = login();
      for (const headers of [bearer(token), cookie(token), { authorization: `bearer ${token}` }]) {
        const response = await call('/me', headers);
        const { claims, token: told } = (await response.json()) as { claims: { sub: string }; token: string };
        assert.deepEqual([response.status, claims.sub, told], [200, 'ada', token]);
      }
    });

    test('whoever may not pass is told why', async () => {
      const token = login();
      const invalid = (code: string) => [401, 'invalid_token', code, `Bearer realm="quash", error="invalid_token", error_description="${code}"`];
      assert.deepEqual(await refused(await call('/me')), [401, undefined, 'token_missing', 'Bearer realm="quash"']);
      const garbled = await call('/me', bearer('x'));
      assert.equal(((await garbled.clone().json()) as { message: string }).message, 'the token is not accepted');
      assert.deepEqual(await refused(garbled), invalid('token_refused'));
      assert.deepEqual(await refused(await call('/me', { ...bearer(token), ...cookie(token) })), [
        400, 'invalid_request', 'token_ambiguous', 'Bearer realm="quash", error="invalid_request", error_description="token_ambiguous"',
      ]);
      const expired = jwt.sign({ iat: 1_000_000, exp: 1_000_001 }, SECRET);
      assert.deepEqual(await refused(await call('/me', bearer(expired))), invalid('token_expired'));
      await jwt.destroy(token, SECRET);
      assert.deepEqual(await refused(await call('/me', bearer(token))), invalid('token_revoked'));
    });

    test('what is wrong with the server is its own affair', async () => {
      assert.equal((await call('/broken', bearer(login()))).status, 500);
    });

    test('a logout destroys the token, and may come twice', async () => {
      const token = login();
      for (const _ of [1, 2]) assert.equal((await call('/logout', bearer(token), 'POST')).status, 204);
      assert.equal((await call('/me', bearer(token))).status, 401);
      assert.equal((await call('/logout', {}, 'POST')).status, 401);
      assert.equal((await call('/logout', bearer('x'), 'POST')).status, 401);
    });

    test('no page of another site logs a visitor out', async () => {
      const token = login();
      const own = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      for (const headers of [
        { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' },
        { 'sec-fetch-site': 'same-site', origin: 'https://blog.example' },
        { 'sec-fetch-site': 'cross-site', origin: 'null' },
        { 'sec-fetch-site': 'cross-site', origin: own.replace('http:', 'https:') },
        { 'sec-fetch-site': 'none' },
        {},
      ]) {
        const response = await call('/logout', { ...cookie(token), ...headers }, 'POST');
        assert.deepEqual((await refused(response)).slice(0, 3), [403, 'access_denied', 'cross_site_refused']);
      }
      assert.equal((await call('/me', cookie(token))).status, 200);
      const allowed = { 'sec-fetch-site': 'cross-site', origin: 'https://app.example' };
      assert.equal((await call('/logout', { ...cookie(token), ...allowed }, 'POST')).status, 204);
      assert.equal((await call('/logout', { ...cookie(login()), origin: own }, 'POST')).status, 204);
      assert.equal((await call('/logout', { ...cookie(login()), 'sec-fetch-site': 'same-origin' }, 'POST')).status, 204);
    });

    test('a cookie that a neighbour has planted keeps nobody from logging out', async () => {
      const token = login();
      const both = { cookie: `session=junk; session=${token}`, 'sec-fetch-site': 'same-origin' };
      assert.equal((await call('/logout', both, 'POST')).status, 204);
      assert.equal((await call('/me', bearer(token))).status, 401);
    });

    test('keys that cannot be fetched are an outage, and nobody is told of it', async () => {
      const response = await call('/unknown', bearer(login()));
      assert.equal(response.headers.get('Retry-After'), '5');
      const text = await response.clone().text();
      assert.ok(!text.includes('10.0.0.7'), text);
      assert.deepEqual((await refused(response)).slice(0, 3), [503, 'temporarily_unavailable', 'keys_unavailable']);
    });

    test('while the store is down nobody is let in, and no logout acknowledged', async () => {
      const token = login();
      isDown = true;
      try {
        const planted = { cookie: `session=junk; session=${token}`, 'sec-fetch-site': 'same-origin' };
        for (const response of [
          await call('/me', bearer(token)),
          await call('/logout', bearer(token), 'POST'),
          await call('/logout', planted, 'POST'),
        ]) {
          assert.equal(response.headers.get('Retry-After'), '1');
          assert.deepEqual((await refused(response)).slice(0, 3), [503, 'temporarily_unavailable', 'store_unavailable']);
        }
      } finally {
        isDown = false;
      }
      assert.equal((await call('/me', bearer(token))).status, 200);
    });
  });
}

test('a request that somebody else has answered meanwhile is left alone', async () => {
  const passedOn: unknown[] = [];
  const guard = forExpress.guard(options);
  const server = createServer((request, response) => {
    guard(request, response, (error) => void passedOn.push(error));
    response.writeHead(503).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const { port } = server.address() as AddressInfo;
    for (const headers of [{}, { authorization: `Bearer ${jwt.sign({}, SECRET, { expiresIn: 60 })}` }]) {
      assert.equal((await fetch(`http://127.0.0.1:${port}/`, { headers })).status, 503);
    }
    assert.deepEqual(passedOn, []);
  } finally {
    server.close();
  }
});
