/**
 * `POST /auth/introspect` with a signed answer: each MUST of RFC 9701 that applies to us.
 *
 * | RFC 9701 | shown by |
 * |---|---|
 * | 4: asked for by `Accept`; the caller MUST be authenticated | `4: …` |
 * | 5: `Content-Type`, and `typ` of the JWT | `5: a JWT that says to whom it is, and what JSON says` |
 * | 5: `iss` MUST be our issuer URL, `aud` MUST identify the caller, `iat` MUST be when it was made | the same |
 * | 5: of a token that is not in force, or for another resource, `active` MUST be false, and other members MUST NOT be there | `5: …` |
 * | 5: no `sub` and no `exp` beside them (SHOULD NOT; section 8.1) | `5: a JWT …` |
 * | 5: requests that authenticate nobody MUST be refused, with 400 | `5: nobody is told anything` |
 * | 7: `introspection_signing_alg_values_supported` | `7` |
 * | 8.1: none of it is an access token | `8.1` |
 */
import assert from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import { after, before, describe, test } from 'node:test';

import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose';
import * as oauth from 'oauth4webapi';

import { SERVER, quash } from './assertions.ts';
import { secrets } from './refresh.ts';
import { type Answer, call, get, post, revoke } from './requests.ts';
import { CLIENT, type Edge, GUARDS, start } from './server.ts';
import { type Algorithm, configuredIssuers, now, signingKeys, token } from './tokens.ts';

const JWT = 'application/token-introspection+jwt';
const SIGNING = ['ES256', 'EdDSA', 'RS256', 'PS256'] as const satisfies Algorithm[];
const signing_keys = SIGNING.map((alg) => ({ kid: alg, alg, secret: `${alg}_KEY` }));
const clients = [...quash.clients, { id: 'of-web', secret: 'CLIENT_SECRET', may: ['introspect'], audiences: ['web'] }];
const server = { url: SERVER, metadata: true };

const configured = (order = signing_keys) => ({ clients, issuers: configuredIssuers, server: { ...server, signing_keys: order } });

const introspect = (edge: Edge, text: string, headers: HeadersInit = { accept: JWT }, id: string = CLIENT.id): Promise<Answer> =>
  post(edge, '/auth/introspect', { token: text, client_id: id, client_secret: CLIENT.secret }, headers);

for (const guard of GUARDS) describe(guard, () => {
  let edge: Edge;
  before(async () => {
    edge = await start({ guard, ledger: { max_staleness: 2 }, secrets, quash: configured() });
  });
  after(() => edge?.stop());

  const told = async (text: string, id: string = CLIENT.id): Promise<unknown> => {
    const answer = await introspect(edge, text, { accept: JWT }, id);
    assert.deepEqual([answer.status, answer.headers.get('content-type')], [200, JWT]);
    const keys = createLocalJWKSet((await get(edge, '/auth/jwks.json')).body);
    const { payload } = await jwtVerify(answer.body, keys, { issuer: SERVER, audience: id, typ: 'token-introspection+jwt' });
    assert.deepEqual(Object.keys(payload).sort(), ['aud', 'iat', 'iss', 'token_introspection']);
    return payload['token_introspection'];
  };

  test('4: asked for by `Accept`, and not to whom JSON is as good', async () => {
    const mine = await token();
    for (const [accept, type] of [
      [JWT, JWT],
      [`text/html, ${JWT.toUpperCase()};q=0.9`, JWT],
      [`${JWT}, application/json;q=0.5`, JWT],
      [`${JWT};q=0.1, application/json`, 'application/json'],
      [`${JWT};q=0`, 'application/json'],
      ['application/json', 'application/json'],
      ['*/*', 'application/json'],
    ] as const) {
      const answer = await introspect(edge, mine, { accept });
      assert.deepEqual([answer.status, answer.headers.get('content-type')], [200, type], accept);
      assert.equal(answer.headers.get('cache-control'), 'no-store');
    }
  });

  test('5: a JWT that says to whom it is, and what JSON says', async () => {
    const iat = now() - 1;
    const mine = await token({ claims: { jti: '7', iat, exp: iat + 600, scope: 'read', client_id: 'app', cnf: { jkt: 'x' } } });
    const json = await introspect(edge, mine, {});
    assert.equal(json.body.active, true);
    assert.deepEqual(await told(mine), json.body);
    const before = now();
    const { body } = await introspect(edge, mine);
    assert.deepEqual(decodeProtectedHeader(body), { typ: 'token-introspection+jwt', alg: 'ES256', kid: 'ES256' });
    const made = decodeJwt(body).iat!;
    assert.ok(before <= made && made <= now(), String(made));
  });

  test('5: what is not in force, or for another resource, and no word more', async () => {
    const mine = await token();
    assert.deepEqual(await told(mine, 'of-web'), { active: false });
    assert.equal((await revoke(edge, mine)).status, 200);
    for (const text of [mine, 'garbage', await token({ claims: { iat: now() - 800, exp: now() - 200 } })]) {
      assert.deepEqual(await told(text), { active: false });
    }
  });

  test('5: nobody is told anything', async () => {
    const mine = await token();
    const credentials = Buffer.from(`${CLIENT.id}:${CLIENT.secret}x`).toString('base64');
    const strangers: [status: number, form: Record<string, string>, headers?: Record<string, string>][] = [
      [400, {}],
      [400, { client_id: CLIENT.id }],
      [400, { client_id: CLIENT.id, client_secret: `${CLIENT.secret}x` }],
      // RFC 6749 section 5.2: who has tried in the header is told so there.
      [401, {}, { authorization: `Basic ${credentials}` }],
    ];
    for (const [status, form, headers] of strangers) {
      const answer = await post(edge, '/auth/introspect', { token: mine, ...form }, { accept: JWT, ...headers });
      assert.deepEqual([answer.status, answer.code, answer.body.error], [status, 'client_unknown', 'invalid_client']);
    }
  });

  test('7: what is signed with, and where the keys are', async () => {
    const { body } = await get(edge, '/.well-known/oauth-authorization-server');
    assert.deepEqual(body.introspection_signing_alg_values_supported, ['ES256']);
    assert.equal(body.jwks_uri, `${SERVER}/auth/jwks.json`);
    const { status, headers, body: published } = await get(edge, '/auth/jwks.json');
    assert.deepEqual([status, headers.get('content-type'), headers.get('cache-control')], [200, 'application/jwk-set+json', 'public, max-age=300']);
    const expected = SIGNING.map((alg) => ({ ...createPublicKey(signingKeys[alg]).export({ format: 'jwk' }), kid: alg, alg, use: 'sig' }));
    assert.deepEqual(published.keys, expected);
    const other = await post(edge, '/auth/jwks.json', {});
    assert.deepEqual([other.status, other.code, other.headers.get('allow')], [405, 'method_not_allowed', 'GET, HEAD']);
  });

  test('8.1: it is no access token', async () => {
    const { body } = await introspect(edge, await token());
    assert.equal((await call(edge, body)).status, 401);
    assert.deepEqual(await told(body), { active: false });
  });

  test('oauth4webapi asks for it, verifies it, and reads it', async () => {
    const elsewhere = (url: string, init: object): Promise<Response> => fetch(url.replace(SERVER, edge.url), init);
    const options = { [oauth.customFetch]: elsewhere };
    const url = new URL(SERVER);
    const discovered = await oauth.discoveryRequest(url, { algorithm: 'oauth2', ...options });
    const server = await oauth.processDiscoveryResponse(url, discovered);
    const client = { client_id: CLIENT.id };
    const introspected = async (text: string) => {
      const authentication = oauth.ClientSecretBasic(CLIENT.secret);
      const response = await oauth.introspectionRequest(server, client, authentication, text, { requestJwtResponse: true, ...options });
      const told = await oauth.processIntrospectionResponse(server, client, response);
      await oauth.validateApplicationLevelSignature(server, response, options);
      return told;
    };
    const mine = await token();
    assert.deepEqual([(await introspected(mine)).active, (await introspected('garbage')).active], [true, false]);
  });

  test('every algorithm that can be published; the first key signs, and all verify', async () => {
    for (const alg of SIGNING) {
      const order = signing_keys.toSorted((a, b) => Number(b.alg === alg) - Number(a.alg === alg));
      edge = await edge.restart({ quash: configured(order) });
      assert.deepEqual(await told('garbage'), { active: false });
      assert.equal(decodeProtectedHeader((await introspect(edge, 'garbage')).body).kid, alg);
    }
  });

  test('without a key JSON is not passed off for it', async () => {
    edge = await edge.restart({ quash: { clients, issuers: configuredIssuers, server } });
    const refused = await introspect(edge, await token());
    assert.deepEqual([refused.status, refused.code], [406, 'not_acceptable']);
    const answer = await introspect(edge, await token(), { accept: `${JWT}, application/json;q=0.1` });
    assert.deepEqual([answer.status, answer.body.active], [200, true]);
    assert.equal((await get(edge, '/auth/jwks.json')).code, 'token_missing');
    const { body } = await get(edge, '/.well-known/oauth-authorization-server');
    assert.deepEqual([body.jwks_uri, body.introspection_signing_alg_values_supported], [undefined, undefined]);
  });
});
