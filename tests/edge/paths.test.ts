/**
 * Paths as a client may write them. They are sent by hand to workerd itself: clients and proxies put them in order, and workerd does
 * not. What the origin then reads is what counts.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, before, describe, test } from 'node:test';

import { modulesOf } from '../bench/modules.ts';
import { type Workerd, startWorkerd } from '../bench/workerd.ts';
import { configuredIssuers, token } from './tokens.ts';

const WORKERS = {
  gate: '../../www/quash/dist/edge/worker.js',
  rust: '../edge/guard/build/index.js',
  // Reads paths in its own way.
  hono: '../edge/javascript/hono.js',
} as const;

const json = {
  QUASH_PEPPER: 'pepper-of-the-tests-0123456789abcdef',
  HS256_SECRET: 'hs256-secret-of-the-tests-0123456789',
  QUASH: {
    public: ['/public/*', '/open'],
    routes: [
      { path: '/admin', scopes: ['admin'], mode: 'danger_isolate' },
      { path: '/admin/*', scopes: ['admin'], mode: 'danger_isolate' },
      { path: '/*', mode: 'danger_isolate' },
    ],
    issuers: [{ ...configuredIssuers[0], keys: [{ kid: 'HS256', alg: 'HS256', secret: 'HS256_SECRET' }] }],
  },
};

/** In front of another Worker. */
const proxy = { ...json, QUASH: { ...json.QUASH, origin: { service: 'ORIGIN' } } };

/** Paths that mean `/api/secret`, or something behind `/admin`, to one origin or another. */
const DISGUISES = [
  '/public/../api/secret', '/public/./../api/secret', '/public/..', '/public/.', '/public//api', '/public/%2e%2e/api',
  '/public/..%2fapi', '/public/..\\api', '/public/..;/api/secret', '/public/a;/../../api', '/public/%3b', '/./admin/users',
  '/x/../admin/users', '//admin/users', '/admin;x/users', '/%61dmin/users', '/Admin/users', '/ADMIN', '/admin/', '/aDmin/',
];

for (const [guard, file] of Object.entries(WORKERS)) {
  describe(guard, () => {
    let workerd: Workerd;
    before(async () => {
      const [main, origin, kv] = await Promise.all(
        [file, '../edge/origin.js', 'verify/kv-worker.ts'].map((file) => modulesOf(file)),
      );
      workerd = await startWorkerd({
        main: { modules: main!, json: guard === 'hono' ? json : proxy, bindings: { QUASH_DENYLIST: 'kvNamespace = "kv"', ORIGIN: 'service = "origin"' } },
        origin: { modules: origin! },
        kv: { modules: kv! },
      });
    });
    after(() => workerd?.stop());

    const send = async (target: string, lines: readonly string[] = [], host = 'api.example', method = 'GET'): Promise<string> => {
      const socket = connect(workerd.port, '127.0.0.1');
      let answer = '';
      socket.setEncoding('latin1').on('data', (text) => (answer += text));
      socket.write([`${method} ${target} HTTP/1.1`, `Host: ${host}`, 'Connection: close', ...lines, '', ''].join('\r\n'), 'latin1');
      await once(socket, 'close');
      return answer;
    };
    const status = (answer: string) => Number(answer.slice('HTTP/1.1 '.length).slice(0, 3));

    test('that are plain are what they are', async () => {
      const mine = [`Authorization: Bearer ${await token()}`];
      const admin = [`Authorization: Bearer ${await token({ claims: { scope: 'admin' } })}`];
      assert.equal(status(await send('/public/page')), 200);
      assert.equal(status(await send('/public/.well-known/a..b')), 200);
      assert.equal(status(await send('/open')), 200);
      assert.equal(status(await send('/api/secret')), 401);
      assert.equal(status(await send('/api/secret?a=/public/../x', mine)), 200);
      assert.equal(status(await send('/admin/users', mine)), 403);
      assert.equal(status(await send('/admin/users', admin)), 200);
      assert.equal(status(await send('/admin', admin)), 200);
    });

    for (const path of DISGUISES) {
      test(`that are not: ${path}`, async () => {
        assert.notEqual(status(await send(path)), 200, 'without a token');
        const answer = await send(path, [`Authorization: Bearer ${await token()}`]);
        assert.equal(status(answer), 400, answer);
        assert.match(answer, /path_ambiguous/);
      });
    }

    test('a host is none, whatever it is', async () => {
      for (const host of ['a.example\\api\\secret?', 'a.example/api/secret?', 'a.example?', 'a.example#', 'a@b', '']) {
        const answer = await send('/public/page', [], host);
        const read = /"path":"([^"]*)"/.exec(answer)?.[1];
        assert.ok(read === undefined || read.startsWith('/public/page') || read === '/', `${host}: ${answer}`);
      }
    });

    test('a preflight reaches nobody’s data', async () => {
      const asking = ['Origin: https://a.example', 'Access-Control-Request-Method: GET'];
      const answer = await send('/api', [...asking, 'Cookie: a=secret', 'Authorization: Basic secret'], undefined, 'OPTIONS');
      assert.ok([200, 204].includes(status(answer)), answer);
      assert.doesNotMatch(answer, /secret/);
    });

    test('headers that only look like ours are not passed on', async () => {
      const answer = await send('/public/page', ['Quash_Claims: forged', 'quash-claims: forged', 'QUASH_X: forged']);
      assert.equal(status(answer), 200);
      assert.doesNotMatch(answer, /forged/);
    });
  });
}
