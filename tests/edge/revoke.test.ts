/**
 * `POST /auth/revoke`: each MUST of RFC 7009 section 2 that applies to us.
 *
 * | RFC 7009 | shown by |
 * |---|---|
 * | 2: MUST support the revocation of refresh tokens, and SHOULD that of access tokens | `2: …` of whole-logout.test.ts; `2.1: an authenticated client …` |
 * | 2.1: a POST with `application/x-www-form-urlencoded`; `token` REQUIRED | `2.1: a POST with a form, which has a token` |
 * | 2.1: first validates the client's credentials | `2.1: nobody else …`, and clients.test.ts |
 * | 2.1: then that the token was issued to this client; if not, the request is refused, and the client informed | `2.1: a client does not …` |
 * | 2.1: the invalidation takes place immediately | `2.1: an authenticated client …` |
 * | 2.1: a hint that finds nothing: MUST extend its search across all token types | `2.1: the client may …` |
 * | 2.2: 200, also for an invalid token | `2.1: an authenticated client …`, `2.2: …` |
 * | 2.2.1: errors as in RFC 6749 section 5.2; 503 where the token is still in force | `2.1: …`, `2.2.1: …` |
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { call, get, post, revoke } from './requests.ts';
import { CLIENT, type Edge, start } from './server.ts';
import { now, token } from './tokens.ts';

let edge: Edge;
before(async () => {
  edge = await start();
});
after(() => edge.stop());

test('2.1: an authenticated client revokes a token', async () => {
  const mine = await token();
  const answer = await revoke(edge, mine);
  assert.deepEqual([answer.status, answer.body], [200, '']);
  assert.equal((await call(edge, mine)).code, 'token_revoked');
});

test('2.1: the client may authenticate in the form, and give a hint, whatever it is', async () => {
  for (const token_type_hint of ['access_token', 'refresh_token', 'unknown', '']) {
    const mine = await token();
    const form = { token: mine, token_type_hint, client_id: CLIENT.id, client_secret: CLIENT.secret };
    assert.equal((await post(edge, '/auth/revoke', form)).status, 200);
    assert.equal((await call(edge, mine)).code, 'token_revoked');
  }
});

test('2.1: nobody else revokes anything', async () => {
  const mine = await token();
  const basic = (text: string) => ({ authorization: `Basic ${Buffer.from(text).toString('base64')}` });
  const strangers: HeadersInit[] = [
    {},
    basic(`${CLIENT.id}:wrong`),
    basic(`nobody:${CLIENT.secret}`),
    { authorization: `Bearer ${mine}` },
    { cookie: `session=${mine}` },
  ];
  for (const headers of strangers) {
    const answer = await post(edge, '/auth/revoke', { token: mine }, headers);
    assert.deepEqual([answer.status, answer.code, answer.body.error], [401, 'client_unknown', 'invalid_client']);
    assert.match(answer.headers.get('www-authenticate') ?? '', /^Basic /);
  }
  assert.equal((await call(edge, mine)).status, 200);
});

test("2.1: a client does not revoke another client's token", async () => {
  for (const claims of [{ client_id: 'other' }, { azp: 'other' }]) {
    const theirs = await token({ claims });
    const answer = await revoke(edge, theirs);
    assert.deepEqual([answer.status, answer.code, answer.body.error], [400, 'client_mismatch', 'unauthorized_client']);
    assert.equal((await call(edge, theirs)).status, 200);
  }
  const own = await token({ claims: { client_id: CLIENT.id } });
  assert.equal((await revoke(edge, own)).status, 200);
});

test('2.1: a POST with a form, which has a token', async () => {
  const form = { client_id: CLIENT.id, client_secret: CLIENT.secret };
  for (const without of [form, { ...form, token: '' }]) {
    const answer = await post(edge, '/auth/revoke', without);
    assert.deepEqual([answer.status, answer.code, answer.body.error], [400, 'parameter_invalid', 'invalid_request']);
  }
  const mine = await token();
  const query = await get(edge, `/auth/revoke?${new URLSearchParams({ ...form, token: mine })}`);
  assert.deepEqual([query.status, query.code, query.headers.get('allow')], [405, 'method_not_allowed', 'POST']);
  const json = await post(edge, '/auth/revoke', JSON.stringify({ ...form, token: mine }), { 'content-type': 'application/json' });
  assert.deepEqual([json.status, json.code, json.body.error], [415, 'body_not_form', 'invalid_request']);
  assert.equal((await call(edge, mine)).status, 200);
});

test('2.2: an invalid token is no error, and writes nothing', async () => {
  const before = (await edge.entries()).length;
  for (const invalid of [
    'garbage',
    await token({ key: new Uint8Array(32) }),
    await token({ claims: { iat: now() - 800, exp: now() - 200 } }),
    await token({ claims: { iss: 'https://evil.example' } }),
  ]) {
    assert.equal((await revoke(edge, invalid)).status, 200);
  }
  assert.equal((await edge.entries()).length, before);
});

test('2.2.1: 503 while the store fails', async () => {
  const mine = await token();
  await edge.fault('write');
  try {
    const answer = await revoke(edge, mine);
    assert.deepEqual([answer.status, answer.code], [503, 'store_unavailable']);
    assert.ok(answer.headers.has('retry-after'));
  } finally {
    await edge.fault(undefined);
  }
});
