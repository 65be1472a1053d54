/** nginx with `auth_request`, unchanged, in front of somebody else's stack: what docs/forward-auth.md has is what runs here. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { type Nginx, startNginx } from './nginx.ts';
import { type Answer, call, get, logout } from './requests.ts';
import { type Edge, start } from './server.ts';
import { token } from './tokens.ts';

let edge: Edge;
let nginx: Nginx;
before(async () => {
  const routes = [{ path: '/admin/*', scopes: ['admin'] }];
  edge = await start({ quash: { routes, verify: { uri: 'X-Original-URI', method: 'X-Original-Method' } } });
  nginx = await startNginx(edge.url);
});
after(async () => {
  await nginx?.stop();
  await edge?.stop();
});

const bearer = (text: string): Record<string, string> => ({ authorization: `Bearer ${text}` });

function reaches({ status, body }: Answer, path: string): void {
  assert.deepEqual([status, body], [200, `upstream ${path}`]);
}

test('a token in force reaches the upstream, with its claims and no others', async () => {
  const mine = await token();
  reaches(await get(nginx, '/api?x=y', { ...bearer(mine), 'quash-claims': 'forged', 'quash-source': 'forged' }), '/api?x=y');
  assert.equal(nginx.reached[0]?.['quash-claims'], mine.split('.')[1]);
  assert.equal(nginx.reached[0]?.['quash-source'], undefined);
  reaches(await get(nginx, '/public/a', { 'quash-claims': 'forged' }), '/public/a');
  assert.equal(nginx.reached[0]?.['quash-claims'], undefined);
});

test('none, and one that was revoked, do not; the client is told why', async () => {
  const mine = await token();
  const before = nginx.reached.length;
  const none = await get(nginx, '/api');
  assert.deepEqual([none.status, none.headers.get('www-authenticate')], [401, 'Bearer realm="quash"']);
  assert.equal((await logout(edge, mine)).status, 200);
  const revoked = await call(nginx, mine);
  assert.equal(revoked.status, 401);
  assert.match(revoked.headers.get('www-authenticate') ?? '', /error_description="token_revoked"/);
  assert.equal(nginx.reached.length, before);
});

test('it is the path that nginx has that counts, whatever the client says of it', async () => {
  const mine = await token();
  assert.equal((await get(nginx, '/admin/users', { ...bearer(mine), 'x-original-uri': '/public/a' })).status, 403);
  assert.equal((await get(nginx, '/public/%2e%2e/admin/users', bearer(mine))).status, 403);
  reaches(await get(nginx, '/admin/users', bearer(await token({ claims: { scope: 'admin' } }))), '/admin/users');
});

test('a preflight passes, and nothing that only says it is one', async () => {
  const headers = { origin: 'https://app.example', 'access-control-request-method': 'POST' };
  assert.equal((await fetch(`${nginx.url}/api`, { method: 'OPTIONS', headers })).status, 200);
  assert.equal((await get(nginx, '/api', { ...headers, 'x-original-method': 'OPTIONS' })).status, 401);
});

test('nobody asks the edge through nginx but nginx', async () => {
  assert.equal((await get(nginx, '/quash-verify', bearer(await token()))).status, 404);
});

test('while nobody knows, it is 503', async () => {
  const mine = await token();
  await edge.fault('read');
  try {
    const answer = await call(nginx, mine);
    assert.deepEqual([answer.status, answer.headers.get('retry-after')], [503, '5']);
  } finally {
    await edge.fault(undefined);
  }
});
