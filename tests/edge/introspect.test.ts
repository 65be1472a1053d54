/**
 * `POST /auth/introspect`: each MUST of RFC 7662 that applies to us.
 *
 * | RFC 7662 | shown by |
 * |---|---|
 * | 2.1: the protected resource calls with POST, `application/x-www-form-urlencoded` | `2.1: a POST with a form` |
 * | 2.1: the endpoint MUST also require some form of authorization | `2.1: nobody else is told anything` |
 * | 2.1: MUST NOT be an error that it does not understand the hint | `2.1: a hint changes nothing` |
 * | 2.2: `active` REQUIRED; no other member for what is not active ("SHOULD NOT") | `2.2: …` |
 * | 2.2: a properly formed query about a token that is not active is no error | `2.2: …` |
 * | 2.3: credentials that are invalid are answered with 401 | `2.3` |
 * | 4: MUST check `exp`, `nbf`, revocation, signature, and whether the token may be used at the resource | `4: …` |
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

import { assertion, asserted, quash } from './assertions.ts';
import * as confused from './confused.ts';
import type { Case } from './forge.ts';
import { type Answer, type Place, call, get, logout, post, revoke } from './requests.ts';
import { CLIENT, type Edge, GUARDS, start } from './server.ts';
import * as tampered from './tampered.ts';
import { KINDS, configuredIssuers, now, token } from './tokens.ts';

const MAX_STALENESS_S = 2;
const INACTIVE = { active: false };

const clients = [
  ...quash.clients,
  { id: 'revoking', secret: 'CLIENT_SECRET' },
  { id: 'of-web', secret: 'CLIENT_SECRET', may: ['introspect'], audiences: ['web'] },
];

const introspect = (place: Place, text: string, id: string = CLIENT.id, form: Record<string, string> = {}): Promise<Answer> =>
  post(place, '/auth/introspect', { token: text, client_id: id, client_secret: CLIENT.secret, ...form });

for (const guard of GUARDS) describe(`with a ledger, ${guard}`, () => {
  let edge: Edge;
  before(async () => {
    const issuers = [{ ...configuredIssuers[0], audiences: ['api', 'web'] }, confused.otherIssuer];
    edge = await start({ guard, ledger: { max_staleness: MAX_STALENESS_S }, quash: { ...quash, clients, issuers } });
  });
  after(() => edge?.stop());

  const inactive = async (text: string, what = text): Promise<void> => {
    const answer = await introspect(edge, text);
    assert.deepEqual([answer.status, answer.body], [200, INACTIVE], what);
  };

  test('2.1: a POST with a form', async () => {
    const mine = await token();
    const answer = await get(edge, `/auth/introspect?token=${mine}`);
    assert.deepEqual([answer.status, answer.code, answer.headers.get('allow')], [405, 'method_not_allowed', 'POST']);
    const json = await post(edge, '/auth/introspect', JSON.stringify({ token: mine }), { 'content-type': 'application/json' });
    assert.deepEqual([json.status, json.code], [415, 'body_not_form']);
    const form = { client_id: CLIENT.id, client_secret: CLIENT.secret };
    const missing = await post(edge, '/auth/introspect', form);
    assert.deepEqual([missing.status, missing.code, missing.body.error], [400, 'parameter_invalid', 'invalid_request']);
  });

  test('2.1: nobody else is told anything', async () => {
    const mine = await token();
    const strangers: [Record<string, string>, HeadersInit?][] = [
      [{}],
      [{ client_id: CLIENT.id }],
      [{ client_id: CLIENT.id, client_secret: `${CLIENT.secret}x` }],
      [{ client_id: 'nobody', client_secret: CLIENT.secret }],
      [{}, { authorization: `Bearer ${mine}` }],
      [{}, { cookie: `session=${mine}` }],
    ];
    for (const [form, headers] of strangers) {
      const answer = await post(edge, '/auth/introspect', { token: mine, ...form }, headers);
      assert.deepEqual([answer.status, answer.code, answer.body.error], [401, 'client_unknown', 'invalid_client']);
    }
  });

  test('2.1: a hint changes nothing', async () => {
    const mine = await token();
    for (const token_type_hint of ['access_token', 'refresh_token', 'nonsense']) {
      assert.equal((await introspect(edge, mine, CLIENT.id, { token_type_hint })).body.active, true);
    }
  });

  test('2.2: what a token in force says, and nothing that is not for a resource', async () => {
    const iat = now() - 1;
    const claims = { jti: '7', iat, exp: iat + 600, nbf: iat, aud: ['api', 'web'], azp: 'app', scope: 'read write', username: 'ann' };
    for (const alg of KINDS) {
      const mine = await token({ alg, claims: { ...claims, email: 'ann@example.com', tenant: 't', sid: 's' } });
      const answer = await introspect(edge, mine);
      const { azp, ...told } = claims;
      const expected = { active: true, iss: 'https://issuer.example', sub: 'ann@example.com', ...told, client_id: azp, token_type: 'Bearer' };
      assert.deepEqual([answer.status, answer.body], [200, expected]);
      assert.equal(answer.headers.get('content-type'), 'application/json');
      assert.equal(answer.headers.get('cache-control'), 'no-store');
    }
  });

  test('2.2: an authenticated client may sign who it is', async () => {
    const form = { token: await token(), ...asserted(await assertion()) };
    assert.equal((await post(edge, '/auth/introspect', form)).body.active, true);
  });

  test('2.2: of what is not in force no more is told than that', async () => {
    for (const text of [
      'garbage',
      'a.b.c',
      'x'.repeat(9000),
      await token({ key: new Uint8Array(32) }),
      await token({ claims: { iss: 'https://evil.example' } }),
      await token({ header: { kid: 'unknown' } }),
    ]) {
      await inactive(text);
    }
  });

  test('2.3: a client that is known and has no right to ask', async () => {
    const answer = await introspect(edge, await token(), 'revoking');
    assert.deepEqual([answer.status, answer.code, answer.body.error], [403, 'client_forbidden', 'unauthorized_client']);
    const other = await post(edge, '/auth/revoke', { token: await token(), client_id: 'of-web', client_secret: CLIENT.secret });
    assert.deepEqual([other.status, other.code], [403, 'client_forbidden']);
  });

  test('4: expired, not yet valid, and for another resource', async () => {
    await inactive(await token({ claims: { iat: now() - 800, exp: now() - 200 } }), 'expired');
    await inactive(await token({ claims: { nbf: now() + 200 } }), 'not yet valid');
    await inactive(await token({ claims: { aud: 'other' } }), 'for another resource');
    await inactive(await token({ claims: { nonce: 'n' } }), 'an ID token');
  });

  test('4: a client that speaks for one resource is told of no token for another', async () => {
    const [api, web] = [await token(), await token({ claims: { aud: 'web' } })];
    assert.deepEqual((await introspect(edge, api, 'of-web')).body, INACTIVE);
    assert.equal((await introspect(edge, web, 'of-web')).body.active, true);
    assert.equal((await introspect(edge, api)).body.active, true);
  });

  test('4: revoked: at once where that was acknowledged, elsewhere within the bound', async () => {
    for (const end of [logout, revoke]) {
      const mine = await token();
      assert.equal((await introspect(edge, mine)).body.active, true);
      assert.equal((await introspect(edge.other, mine)).body.active, true);
      const since = performance.now();
      assert.equal((await end(edge, mine)).status, 200);
      await inactive(mine);
      while ((await introspect(edge.other, mine)).body.active) {
        assert.ok(performance.now() - since < 30_000, 'the other isolate has never heard of it');
      }
    }
  });

  test('4: a subject that was logged out everywhere', async () => {
    const [mine, other] = [await token({ claims: { sub: 'ben' } }), await token({ claims: { sub: 'ben' } })];
    assert.equal((await logout(edge, mine, { scope: 'everywhere' })).status, 200);
    await inactive(other);
  });

  test('4: never active what the guard refuses', async () => {
    const families: readonly (readonly Case[])[] = [
      ...KINDS.map((alg) => tampered.anySignature(alg)),
      tampered.ecdsa(),
      confused.swapped(),
      confused.noAlgorithm(),
      confused.keyIds(),
      confused.issuers(),
      confused.claims(),
    ];
    const seen = new Set<boolean>();
    for (const cases of families) {
      await Promise.all(
        cases.map(async ({ name, make }) => {
          const text = await make();
          const [guard, told] = await Promise.all([call(edge, text), introspect(edge, text)]);
          assert.deepEqual([told.status, told.body.active], [200, guard.status === 200], `${name}: ${guard.code}`);
          if (guard.status !== 200) assert.deepEqual(told.body, INACTIVE);
          seen.add(told.body.active);
        }),
      );
    }
    assert.equal(seen.size, 2);
  });

  test('nobody is told that a token is in force while nobody knows', async () => {
    const mine = await token();
    await edge.ledgerFault('down');
    // A copy of the ledger that is no older than that would do.
    await delay(MAX_STALENESS_S * 1000);
    edge = await edge.restart();
    try {
      const answer = await introspect(edge, mine);
      assert.deepEqual([answer.status, answer.code], [503, 'ledger_unavailable']);
      assert.ok(answer.headers.has('retry-after'));
      await inactive('garbage');
    } finally {
      await edge.ledgerFault(undefined);
    }
  });
});

for (const guard of GUARDS) test(`without a ledger, it is Workers KV that decides, ${guard}`, async () => {
  const edge = await start({ guard, quash: { clients: [{ id: CLIENT.id, secret: 'CLIENT_SECRET', may: ['introspect', 'revoke'] }] } });
  try {
    const mine = await token();
    assert.equal((await introspect(edge, mine)).body.active, true);
    await edge.fault('read');
    const answer = await introspect(edge, mine);
    assert.deepEqual([answer.status, answer.code], [503, 'store_unavailable']);
    assert.ok(answer.headers.has('retry-after'));
    await edge.fault(undefined);
    assert.equal((await revoke(edge, mine)).status, 200);
    assert.deepEqual((await introspect(edge, mine)).body, INACTIVE);
  } finally {
    await edge.stop();
  }
});
