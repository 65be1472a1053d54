/** docs/openapi.json is what the Worker does: its paths, its answers; and Schemathesis, which calls it as that says, finds nothing else. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';

import { ADMINISTRATOR, ask, audit, basic, explain, list, revokeMany, revokeOne } from './admin.ts';
import { quash as withServer } from './assertions.ts';
import { check, isValid, openapi, operations } from './openapi.ts';
import { issuer, refresh, refreshToken, secrets } from './refresh.ts';
import { type Answer, get, logout, post } from './requests.ts';
import { CLIENT, type Edge, start } from './server.ts';
import { ISSUER, configuredIssuers, now, token } from './tokens.ts';

/** `cargo xtask test e2e` installs it and says where. */
const SCHEMATHESIS = process.env['QUASH_SCHEMATHESIS'] ?? 'schemathesis';

const CHECKS = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_headers_conformance',
  'response_schema_conformance',
  'negative_data_rejection',
  'ignored_auth',
  'unsupported_method',
];

/** Enough to reach every member and parameter; few enough for a minute on a slow machine. */
const EXAMPLES = 25;

let edge: Edge;
before(async () => {
  const clients = [{ ...ADMINISTRATOR, may: ['administer', 'revoke', 'introspect'] }];
  const key = { kid: 'ES256', alg: 'ES256', secret: 'ES256_KEY' };
  const server = { ...withServer.server, metadata: true, signing_keys: [key] };
  // Where nobody may use them, endpoints are the origin's.
  const signals = { logout_audiences: ['a'], event_audiences: ['a'], revocation_audiences: ['a'] };
  const issuers = [{ ...configuredIssuers[0], ...signals, status_issuer: key }, issuer('refreshing', 'HS256')];
  edge = await start({ ledger: { shards: 2 }, secrets, quash: { clients, server, issuers, verify: { uri: 'X-Forwarded-Uri' } } });
});
after(() => edge?.stop());

describe('the document', () => {
  test('every schema of it can be read', () => {
    for (const name of Object.keys(openapi.components.schemas)) assert.doesNotThrow(() => isValid(name, {}), name);
  });

  test('every path and method of it is answered, by something that it says', async () => {
    for (const [path, method] of operations) {
      const response = await fetch(edge.url + path.replace('{n}', '0'), { method, redirect: 'manual' });
      const body = await response.text();
      const isJson = response.headers.get('content-type')?.includes('json');
      const answer = { status: response.status, headers: response.headers, body: isJson ? JSON.parse(body) : body, code: undefined };
      assert.ok(!(response.status === 404), `${method} ${path}`);
      check(path, method, answer);
    }
  });

  test('a demand is what the edge takes, and no other', async () => {
    const mine = await token();
    for (const demand of [
      {},
      { iss: ISSUER },
      { iss: ISSUER, sub: 's' },
      { iss: ISSUER, sub: 's', sid: 'd' },
      { iss: ISSUER, sub: 's', kepp: 'd' },
      { iss: ISSUER, sub: 's', keep: 'd', before: now() - 10, reason: 'other', actor: 'a', note: 'n' },
      { iss: ISSUER, sub: 1 },
      { iss: ISSUER, sub: 's', reason: 'fun' },
      { iss: ISSUER, claim: 'tenant', value: 't' },
      { iss: ISSUER, everything: false },
      { iss: ISSUER, jti: 'j', exp: now() + 10 },
      { iss: ISSUER, jti: 'j', note: 'x'.repeat(501) },
      { token: mine, note: 'n' },
      { token: 1 },
      [],
      'text',
    ]) {
      const { status } = await revokeOne(edge, demand);
      assert.equal(isValid('Demand', demand), status === 200, JSON.stringify(demand));
    }
  });
});

test('answers are as it says', async () => {
  const mine = await token({ claims: { sid: 'of-the-document' } });
  const revocations = '/auth/admin/revocations';
  const dead = await token({ claims: { iat: now() - 800, exp: now() - 100 } });
  const all = { iss: ISSUER, everything: true, before: 1 };
  const demands = [{ token: mine }, { token: dead }, {}, 'no json', { iss: ISSUER, sub: 's', keep: 'd' }, all];
  const credentials = basic(CLIENT.id, CLIENT.secret);
  const mistaken = await revokeOne(edge, { iss: ISSUER, jti: 'mistaken' });
  const answers: [path: string, method: string, answer: Answer][] = [
    ['/auth/admin/explain', 'POST', await explain(edge, mine)],
    ['/auth/introspect', 'POST', await post(edge, '/auth/introspect', { token: mine }, credentials)],
    ['/auth/handle', 'POST', await post(edge, '/auth/handle', { token: mine, scope: 'session' })],
    [revocations, 'POST', await revokeOne(edge, { token: mine })],
    [revocations, 'POST', await revokeOne(edge, { token: dead })],
    [revocations, 'POST', await revokeMany(edge, demands)],
    [revocations, 'POST', await revokeOne(edge, {})],
    [revocations, 'GET', await list(edge)],
    [revocations, 'GET', await list(edge, { limit: '1' })],
    [revocations, 'GET', await list(edge, { iss: ISSUER, sub: 's' })],
    [`${revocations}/{id}`, 'DELETE', await ask(edge, 'DELETE', `/revocations/${mistaken.body.id}?note=n`)],
    [`${revocations}/{id}`, 'DELETE', await ask(edge, 'DELETE', `/revocations/${'0'.repeat(32)}`)],
    [revocations, 'GET', await ask(edge, 'GET', '/revocations', { headers: { authorization: '' } })],
    ['/auth/admin/explain', 'POST', await explain(edge, mine)],
    ['/auth/admin/explain', 'POST', await explain(edge, 'garbled')],
    ['/auth/admin/audit', 'GET', await audit(edge, { limit: '2' })],
    ['/auth/introspect', 'POST', await post(edge, '/auth/introspect', { token: mine }, credentials)],
    ['/auth/logout', 'POST', await logout(edge, await token())],
    ['/auth/logout', 'POST', await logout(edge, 'garbled', { token: dead })],
    ['/auth/token', 'POST', await refresh(edge, await refreshToken('refreshing'))],
    ['/auth/token', 'POST', await refresh(edge, 'garbled')],
    ['/auth/revoke', 'POST', await post(edge, '/auth/revoke', { token: await token() }, credentials)],
    ['/auth/events', 'POST', await post(edge, '/auth/events', 'garbled', { 'content-type': 'application/secevent+jwt' })],
    ['/auth/jwks.json', 'GET', await get(edge, '/auth/jwks.json')],
    ['/auth/status-lists/{n}', 'GET', await get(edge, '/auth/status-lists/0')],
    ['/auth/status-lists/{n}', 'GET', await get(edge, '/auth/status-lists/63')],
    ['/auth/healthz', 'GET', await get(edge, '/auth/healthz')],
    ['/.well-known/oauth-authorization-server', 'GET', await get(edge, '/.well-known/oauth-authorization-server')],
  ];
  for (const [path, method, answer] of answers) check(path, method, answer);
  await edge.ledgerFault('down');
  try {
    const answer = await list(edge);
    assert.equal(answer.status, 503);
    check(revocations, 'GET', answer);
  } finally {
    await edge.ledgerFault(undefined);
  }
  // What this rests on: an answer that is not so is found.
  const [, , good] = answers.find(([path, method]) => path === revocations && method === 'GET')!;
  const [entry] = good.body.revocations;
  for (const wrong of [{ more: 1 }, { id: 'x' }, { reason: undefined }]) {
    const body = { revocations: [JSON.parse(JSON.stringify({ ...entry, ...wrong }))] };
    assert.throws(() => check(revocations, 'GET', { ...good, body }), JSON.stringify(wrong));
  }
});

test('Schemathesis finds no answer of another kind, and no failure', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'quash-schemathesis-'));
  try {
    // Of an issuer that is configured, so that some of what it makes up is done.
    const document = structuredClone(openapi);
    document.components.schemas.Demand.properties.iss.const = ISSUER;
    const { parameters } = document.paths['/auth/admin/revocations'].get;
    parameters.find(({ name }: { name?: string }) => name === 'iss').schema.const = ISSUER;
    const file = join(folder, 'openapi.json');
    await writeFile(file, JSON.stringify(document));
    const options = {
      url: edge.url,
      'include-tag': 'admin',
      auth: `${CLIENT.id}:${CLIENT.secret}`,
      checks: CHECKS.join(','),
      phases: 'coverage,fuzzing',
      'max-examples': EXAMPLES,
      seed: 8,
      'suppress-health-check': 'all',
      'generation-database': 'none',
      warnings: 'off',
    };
    const named = Object.entries(options).map(([name, value]) => `--${name}=${value}`);
    const { code, printed } = await run(SCHEMATHESIS, ['run', file, ...named, '--no-color', '--no-shrink'], folder);
    assert.equal(code, 0, printed);
    // It has called all five, and some of that was done.
    assert.match(printed, /Tested: 5\n/, printed);
    const { body } = await list(edge, { limit: '1000' });
    assert.ok(body.revocations.some(({ kind }: { kind: string }) => kind === 'claim' || kind === 'key'), printed);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

/** Runs a program, and tells what it prints. */
async function run(program: string, args: readonly string[], cwd: string): Promise<{ code: number | null; printed: string }> {
  const child = spawn(program, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise<number | null>((done, reject) => child.on('error', reject).on('close', done));
  const [printed, errors, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { code, printed: printed + errors };
}
