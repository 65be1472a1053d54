/**
 * Revocation and introspection as other people's clients do them, unchanged: oauth4webapi, openid-client, Authlib (Python) and the
 * crate `oauth2` (Rust), in each way of authentication that they have.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';

import * as oauth from 'oauth4webapi';
import * as openid from 'openid-client';

import { ROOT } from '../../www/demo/wrangler.ts';
import { SERVER, clients, quash, signing } from './assertions.ts';
import { ACCESS_SECS, issuer, refreshToken, secrets } from './refresh.ts';
import { call } from './requests.ts';
import { CLIENT, type Edge, start } from './server.ts';
import { configuredIssuers, signingKeys, token } from './tokens.ts';

/** `cargo xtask test e2e` makes both and says where. */
const AUTHLIB = process.env['QUASH_AUTHLIB'] ?? 'python3';
const OAUTH2 = process.env['QUASH_OAUTH2'] ?? resolve(ROOT, 'target/oauth2/debug/quash-test-oauth2');

let edge: Edge;
before(async () => {
  // Authlib's assertions live for an hour.
  const patient = clients.map((client) => ('keys' in client ? { ...client, max_lifetime: 3600 } : client));
  const issuers = [configuredIssuers[0], issuer('mine', 'ES256')];
  edge = await start({ ledger: {}, secrets, quash: { issuers, clients: patient, server: { ...quash.server, metadata: true } } });
});
after(() => edge?.stop());

/** The clients know the edge by its name; where it listens, only this knows. */
const elsewhere = (url: string, init: object): Promise<Response> => fetch(url.replace(SERVER, edge.url), init);

const jwk = signing.key.export({ format: 'jwk' }) as JsonWebKey;
const cryptoKey = await crypto.subtle.importKey('jwk', jwk, { name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign']);
const privateKey = { key: cryptoKey, kid: signing.kid };
const shared = Buffer.from(signingKeys.HS256).toString();

/** By method: the client's id, and how it authenticates. */
const METHODS = {
  client_secret_basic: [CLIENT.id, oauth.ClientSecretBasic(CLIENT.secret)],
  client_secret_post: [CLIENT.id, oauth.ClientSecretPost(CLIENT.secret)],
  client_secret_jwt: ['sharing', oauth.ClientSecretJwt(shared)],
  private_key_jwt: ['signing', oauth.PrivateKeyJwt(privateKey)],
} as const;

describe('oauth4webapi', () => {
  const options = { [oauth.customFetch]: elsewhere };

  for (const [method, [client_id, authentication]] of Object.entries(METHODS)) test(method, async () => {
    const url = new URL(SERVER);
    const discovered = await oauth.discoveryRequest(url, { algorithm: 'oauth2', ...options });
    const server = await oauth.processDiscoveryResponse(url, discovered);
    const client = { client_id };
    const introspect = async (text: string) => {
      const response = await oauth.introspectionRequest(server, client, authentication, text, options);
      return oauth.processIntrospectionResponse(server, client, response);
    };
    const mine = await token();
    const told = await introspect(mine);
    assert.deepEqual([told.active, told.sub, told.token_type], [true, 'ann@example.com', 'Bearer']);
    await oauth.processRevocationResponse(await oauth.revocationRequest(server, client, authentication, mine, options));
    assert.equal((await call(edge, mine)).code, 'token_revoked');
    assert.deepEqual(await introspect(mine), { active: false });

    const refreshes = async (text: string) => {
      const response = await oauth.refreshTokenGrantRequest(server, client, authentication, text, options);
      return oauth.processRefreshTokenResponse(server, client, response);
    };
    const first = await refreshToken('mine', { alg: 'ES256', claims: { client_id, scope: 'read write' } });
    const pair = await refreshes(first);
    assert.deepEqual([pair.token_type, pair.expires_in, pair.scope], ['bearer', ACCESS_SECS, 'read write']);
    assert.equal((await call(edge, pair.access_token)).status, 200);
    assert.equal((await call(edge, (await refreshes(pair.refresh_token!)).access_token)).status, 200);
    await oauth.processRevocationResponse(await oauth.revocationRequest(server, client, authentication, pair.refresh_token!, options));
    await assert.rejects(refreshes(pair.refresh_token!), { name: 'ResponseBodyError', error: 'invalid_grant' });
    assert.equal((await call(edge, pair.access_token)).code, 'token_revoked');
  });

  test('a wrong secret', async () => {
    const server = { issuer: SERVER, revocation_endpoint: `${SERVER}/auth/revoke` };
    const authentication = oauth.ClientSecretBasic(`${CLIENT.secret}x`);
    const response = await oauth.revocationRequest(server, { client_id: CLIENT.id }, authentication, await token(), options);
    const challenged = { name: 'WWWAuthenticateChallengeError', status: 401 };
    await assert.rejects(oauth.processRevocationResponse(response), challenged);
  });
});

describe('openid-client', () => {
  for (const [method, [id, authentication]] of Object.entries(METHODS)) test(method, async () => {
    const options = { algorithm: 'oauth2', [openid.customFetch]: elsewhere } as const;
    const config = await openid.discovery(new URL(SERVER), id, undefined, authentication, options);
    const mine = await token();
    assert.equal((await openid.tokenIntrospection(config, mine)).active, true);
    await openid.tokenRevocation(config, mine);
    assert.equal((await call(edge, mine)).code, 'token_revoked');
    assert.deepEqual(await openid.tokenIntrospection(config, mine), { active: false });
    const first = await refreshToken('mine', { alg: 'ES256', claims: { client_id: id, scope: 'read write' } });
    const pair = await openid.refreshTokenGrant(config, first, { scope: 'read' });
    assert.equal(pair.scope, 'read');
    assert.equal((await call(edge, pair.access_token)).status, 200);
  });

  test('a browser, which has no secret', async () => {
    const options = { algorithm: 'oauth2', [openid.customFetch]: elsewhere } as const;
    const config = await openid.discovery(new URL(SERVER), 'app', undefined, openid.None(), options);
    const first = await refreshToken('mine', { alg: 'ES256', claims: { client_id: 'app' } });
    const { refresh_token } = await openid.refreshTokenGrant(config, first);
    assert.equal((await call(edge, (await openid.refreshTokenGrant(config, refresh_token!)).access_token)).status, 200);
    const others = await refreshToken('mine', { alg: 'ES256', claims: { client_id: CLIENT.id } });
    await assert.rejects(openid.refreshTokenGrant(config, others), { name: 'WWWAuthenticateChallengeError', status: 401 });
  });
});

describe('Authlib', () => {
  const pem = signing.key.export({ type: 'pkcs8', format: 'pem' }).toString();
  const methods = {
    client_secret_basic: [CLIENT.id, CLIENT.secret],
    client_secret_post: [CLIENT.id, CLIENT.secret],
    client_secret_jwt: ['sharing', shared],
    private_key_jwt: ['signing', pem],
  };

  for (const [method, [id, secret]] of Object.entries(methods)) test(method, async () => {
    const mine = await token();
    const asked = { edge: edge.url, audience: SERVER, id, secret, kid: signing.kid, method, token: mine };
    const told = JSON.parse(await run(AUTHLIB, [resolve(import.meta.dirname, 'authlib/client.py')], JSON.stringify(asked)));
    assert.deepEqual([told.before.active, told.before.sub], [true, 'ann@example.com']);
    assert.deepEqual([told.revoked, told.after], [200, { active: false }]);
    assert.equal((await call(edge, mine)).code, 'token_revoked');
  });
});

describe('the crate oauth2', () => {
  for (const method of ['basic', 'post']) test(method, async () => {
    const mine = await token();
    const address = new URL(edge.url).host;
    const told = await run(OAUTH2, [SERVER, address, CLIENT.id, CLIENT.secret, method], mine);
    assert.deepEqual(told.trim().split('\n'), ['true ann@example.com', 'revoked', 'false -']);
    assert.equal((await call(edge, mine)).code, 'token_revoked');
  });
});

/** Runs a program, and tells what it prints. */
async function run(program: string, args: readonly string[], input: string): Promise<string> {
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = new Promise<number | null>((resolve, reject) => child.on('error', reject).on('close', resolve));
  child.stdin.end(input);
  const [printed, code] = await Promise.all([text(child.stdout), ended]);
  assert.equal(code, 0, program);
  return printed;
}
