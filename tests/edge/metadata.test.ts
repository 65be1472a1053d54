/**
 * `GET /.well-known/oauth-authorization-server`: what RFC 8414 has for the endpoints that there are.
 *
 * | RFC 8414 | shown by |
 * |---|---|
 * | 2: `issuer` and `response_types_supported` REQUIRED; what belongs to an endpoint that is not there is not told of | `2: …` |
 * | 2: `…_signing_alg_values_supported` MUST be present where a method signs; `none` MUST NOT be used | `2: who we are, …`, `2: where nobody can tell …` |
 * | 3: at the well-known path | all; `3: …` |
 * | 3.2: 200, `application/json` | `2: who we are, …` |
 * | 3.3: `issuer` MUST be identical to the one that was asked | `2: who we are, …`, and oauth-clients.test.ts, whose clients look |
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { SERVER, quash } from './assertions.ts';
import { issuer } from './refresh.ts';
import { get } from './requests.ts';
import { type Edge, start } from './server.ts';
import { ALGORITHMS, token } from './tokens.ts';

const PATH = '/.well-known/oauth-authorization-server';

let edge: Edge;
before(async () => {
  edge = await start({ ledger: {}, quash: { ...quash, server: { ...quash.server, metadata: true } } });
});
after(() => edge?.stop());

test('2: who we are, and what we take at which endpoint', async () => {
  const methods = ['client_secret_basic', 'client_secret_post', 'client_secret_jwt', 'private_key_jwt'];
  const { status, headers, body } = await get(edge, PATH);
  assert.deepEqual([status, headers.get('content-type')], [200, 'application/json']);
  assert.deepEqual(body, {
    issuer: SERVER,
    response_types_supported: [],
    grant_types_supported: [],
    revocation_endpoint: `${SERVER}/auth/revoke`,
    revocation_endpoint_auth_methods_supported: methods,
    revocation_endpoint_auth_signing_alg_values_supported: ALGORITHMS,
    introspection_endpoint: `${SERVER}/auth/introspect`,
    introspection_endpoint_auth_methods_supported: methods,
    introspection_endpoint_auth_signing_alg_values_supported: ALGORITHMS,
  });
});

test('2: an endpoint for refresh tokens, where they are exchanged here', async () => {
  const server = { url: SERVER, metadata: true };
  const exchanging = await start({ ledger: {}, quash: { server, issuers: [issuer('hs256', 'HS256')] } });
  try {
    const { body } = await get(exchanging, PATH);
    assert.deepEqual([body.grant_types_supported, body.token_endpoint], [['refresh_token'], `${SERVER}/auth/token`]);
    assert.ok(body.token_endpoint_auth_methods_supported.includes('none'));
    assert.deepEqual(body.token_endpoint_auth_signing_alg_values_supported, ALGORITHMS);
  } finally {
    await exchanging.stop();
  }
});

test('2: where nobody can tell whether an assertion is used twice, none is taken', async () => {
  const without = await start({ quash: { server: { url: SERVER, metadata: true } } });
  try {
    const { body } = await get(without, PATH);
    assert.deepEqual(body.introspection_endpoint_auth_methods_supported, ['client_secret_basic', 'client_secret_post']);
    assert.equal(body.introspection_endpoint_auth_signing_alg_values_supported, undefined);
  } finally {
    await without.stop();
  }
});

test('3: it is the origin’s own path, unless we are asked to answer', async () => {
  edge = await edge.restart({ quash });
  assert.equal((await get(edge, PATH)).code, 'token_missing');
  assert.equal((await get(edge, PATH, { authorization: `Bearer ${await token()}` })).status, 200);
});
