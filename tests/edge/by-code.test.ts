/** Workers in JavaScript that revoke and verify of their own accord: by themselves, and by another Worker over a service binding. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';

import { keyOf } from './ids.ts';
import { type Answer, type Place, call, get, logout, post } from './requests.ts';
import { type Edge, type Options, start } from './server.ts';
import { ISSUER, now, token } from './tokens.ts';

const MAX_STALENESS_S = 2;

/** What the Worker is told to say. */
const revoke = (edge: Place, what: object): Promise<Answer> => post(edge, '/public/revoke', JSON.stringify(what));
const verify = (edge: Place, token: string): Promise<Answer> => post(edge, '/public/verify', token);

const WITH_LEDGER = { guard: 'revoking', ledger: { max_staleness: MAX_STALENESS_S } } as const satisfies Options;
const boundTo = (entrypoint?: string): Options => ({
  ...WITH_LEDGER,
  bindings: { ENDPOINTS: { type: 'worker', worker: 'quash', ...(entrypoint && { exportName: entrypoint }) } },
});

/** What a token says. All of it is its own: what one test revokes must not be what another one's token is refused for. */
const all = (own: string) => ({ jti: `j${own}`, sid: `d${own}`, sub: `ada${own}`, client_id: `c${own}`, tenant: `t${own}` });

/** What can be named of it, and what a token says that this does not cover. The widest come last, since they cover others' tokens, too. */
const named = (own: string): readonly (readonly [kind: string, target: object, spared: object])[] => [
  ['token', { jti: `j${own}` }, { jti: `k${own}` }],
  ['token', { jti: `j${own}`, exp: now() + 600 }, { jti: `k${own}` }],
  ['session', { sid: `d${own}` }, { sid: `e${own}` }],
  ['subject', { sub: `ada${own}` }, { sub: `eve${own}` }],
  ['subject', { sub: `ada${own}`, keep: `e${own}`, reason: 'credential_change' }, { sid: `e${own}` }],
  ['subject', { sub: `ada${own}`, before: now() - 50 }, { iat: now() - 50 }],
  ['subject', { sub: `ada${own}`, before: { date: new Date((now() - 50) * 1000) } }, { iat: now() - 50 }],
  ['client', { client_id: `c${own}` }, { client_id: `d${own}` }],
  ['claim', { claim: { name: 'tenant', value: `t${own}` } }, { tenant: `u${own}` }],
  ['key', { kid: 'HS384', before: now() - 50 }, { iat: now() - 50 }],
  ['issuer', { everything: true, before: now() - 50 }, { iat: now() - 50 }],
];

// They mostly wait, so they do it together.
describe('by code', { concurrency: true, timeout: 240_000 }, () => {
  revokes('by itself', WITH_LEDGER);
  revokes('by another Worker', boundTo('Endpoints'));
  refusesToBeUsed();
  verifies();
});

function revokes(name: string, options: Options): void {
  describe(`revokes ${name}`, { concurrency: false }, () => {
    let edge: Edge;
    /** The one that revokes: of two isolates, the other has the endpoints where there is a binding. */
    let here: Place;
    let there: Place;
    before(async () => {
      edge = await start(options);
      [here, there] = [edge.other, edge];
    });
    after(() => edge.stop());

    test('is refused here at once, there within the bound, and told of with a receipt', async () => {
      for (let round = 0; round < 3; round++) {
        const [jti, sub] = [randomUUID(), randomUUID()];
        const mine = await token({ claims: { jti, sub } });
        for (const place of [here, there]) assert.equal((await call(place, mine)).status, 200);
        const { status, body } = await revoke(here, { token: mine });
        const acknowledged = performance.now();
        assert.equal(status, 200);
        assert.equal((await call(here, mine)).code, 'token_revoked');
        const { outcome, id, kind, covers, reason, mode, revoked_at, effective_by, expires_at } = body;
        assert.deepEqual([outcome, `r1/${id}`, kind, covers], ['revoked', keyOf('token_id', jti), 'token', [{}]]);
        assert.deepEqual([reason, mode], ['logout', 'bounded']);
        assert.ok(revoked_at <= effective_by && effective_by <= revoked_at + 60 && expires_at > effective_by);
        for (let isRefused = false; !isRefused; ) {
          const asked = performance.now();
          isRefused = (await call(there, mine)).code === 'token_revoked';
          assert.ok(isRefused || asked < acknowledged + MAX_STALENESS_S * 1000, 'it passes after the bound');
        }
        assert.equal((await call(here, await token({ claims: { sub } }))).status, 200);
      }
    });

    named('').forEach(([kind, target], at) => {
      test(`what is named: ${JSON.stringify(target)}`, async () => {
        const own = `-${randomUUID()}`;
        const [, target, spared] = named(own)[at]!;
        const of = (claims: object) => token({ alg: kind === 'key' ? 'HS384' : 'HS512', claims: { ...all(own), iat: now() - 100, ...claims } });
        const [covered, other] = [await of({}), await of(spared)];
        for (const mine of [covered, other]) assert.equal((await call(here, mine)).status, 200);
        const { status, body } = await revoke(here, { iss: ISSUER, ...target });
        assert.deepEqual([status, body.outcome, body.kind], [200, 'revoked', kind], body.message);
        assert.equal((await call(here, covered)).code, 'token_revoked');
        assert.equal((await call(here, other)).status, 200);
      });
    });

    test('a handler that revokes the token of its own request is heard no more', async () => {
      const mine = await token();
      const { status, code } = await call(here, mine, '/out');
      assert.deepEqual([status, code], [401, 'token_revoked']);
      assert.equal((await call(here, mine)).code, 'token_revoked');
    });

    test('a token that is dead needs no entry, and one that has only expired gets one', async () => {
      const dead = await token({ claims: { iat: now() - 800, exp: now() - 700 } });
      assert.deepEqual((await revoke(here, { token: dead })).body, { outcome: 'expired' });
      const expired = await token({ claims: { iat: now() - 100, exp: now() - 3 } });
      assert.equal((await revoke(here, { token: expired })).body.outcome, 'revoked');
    });

    const wrong: Record<string, [code: string, what: object]> = {
      'nothing': ['member_invalid', {}],
      'an issuer alone': ['member_invalid', { iss: ISSUER }],
      'nobody, who was meant to be somebody': ['member_invalid', { iss: ISSUER, sub: 'undefined' }],
      'a session to keep that is not known': ['member_invalid', { iss: ISSUER, sub: 'ada', keep: 'undefined' }],
      'a session to keep that is a method': ['member_invalid', { iss: ISSUER, sub: 'ada', keep: 'function' }],
      'a session to keep that has no name': ['member_invalid', { iss: ISSUER, sub: 'ada', keep: '' }],
      'a time that is none': ['member_invalid', { iss: ISSUER, sub: 'ada', before: 'undefined' }],
      'a claim that is none': ['member_invalid', { iss: ISSUER, claim: null }],
      'a claim with something more': ['member_invalid', { iss: ISSUER, claim: { name: 'tenant', value: 'a', keep: 'd' } }],
      'a list': ['member_invalid', { iss: ISSUER, sub: ['ada'] }],
      'two things': ['member_invalid', { iss: ISSUER, sub: 'ada', sid: 'd' }],
      'a misspelt member': ['member_invalid', { iss: ISSUER, sub: 'ada', kepp: 'd' }],
      'whom nobody will ask': ['member_invalid', { iss: ISSUER, sub: 'ada', actor: 'ann' }],
      'a claim without a value': ['member_invalid', { iss: ISSUER, claim: { name: 'tenant' } }],
      'no date': ['member_invalid', { iss: ISSUER, sub: 'ada', before: { date: 'never' } }],
      'a claim that is not revocable': ['member_invalid', { iss: ISSUER, claim: { name: 'color', value: 'red' } }],
      'a time to come': ['member_invalid', { iss: ISSUER, sub: 'ada', before: now() + 1000 }],
      'an unknown issuer': ['issuer_unknown', { iss: 'https://other.example', sub: 'ada' }],
      'no token': ['token_segments', { token: 'garbage' }],
      'a token of nobody’s': ['signature_invalid', { token: 'forged' }],
    };
    for (const [name, [code, what]] of Object.entries(wrong)) {
      test(`what is wrong is refused: ${name}`, async () => {
        const mine = await token();
        const forged = await token({ key: new TextEncoder().encode('a secret of somebody else, of 32 bytes') });
        const { status, body } = await revoke(here, 'token' in what && what.token === 'forged' ? { token: forged } : what);
        assert.deepEqual([status, body.name, body.code], [500, 'QuashError', code], body.message);
        assert.equal((await call(here, mine)).status, 200);
      });
    }

    test('while the ledger is down nothing is acknowledged, and the same again is', async () => {
      const mine = await token();
      await edge.ledgerFault('down');
      try {
        const { status, body } = await revoke(here, { token: mine });
        assert.deepEqual([status, body.code], [500, 'store_unavailable']);
      } finally {
        await edge.ledgerFault(undefined);
      }
      let again = await revoke(here, { token: mine });
      // The ledger may be let be for a moment after it failed.
      while (again.status !== 200) again = await revoke(here, { token: mine });
      assert.equal(again.body.outcome, 'revoked');
      assert.equal((await call(here, mine)).code, 'token_revoked');
    });
  });
}

function refusesToBeUsed(): void {
  test('a binding to what cannot revoke is said to be wrong', async () => {
    const edge = await start(boundTo());
    try {
      const mine = await token();
      const { body } = await revoke(edge.other, { token: mine });
      assert.deepEqual([body.name, body.code], ['QuashError', 'configuration_invalid'], body.message);
      assert.equal((await call(edge.other, mine)).status, 200);
    } finally {
      await edge.stop();
    }
  });

  test('what takes a ledger is refused where there is none, and by this isolate nothing else', async () => {
    const edge = await start({ guard: 'revoking' });
    try {
      const mine = await token({ claims: { sub: 'ada', sid: randomUUID() } });
      const { body } = await revoke(edge, { iss: ISSUER, sub: 'ada', keep: 'd1' });
      assert.deepEqual([body.name, body.code], ['QuashError', 'ledger_needed'], body.message);
      assert.equal((await call(edge, mine)).status, 200);
    } finally {
      await edge.stop();
    }
  });

  test('no request from outside revokes', async () => {
    const edge = await start(boundTo('Endpoints'));
    try {
      const mine = await token();
      const demand = JSON.stringify({ token: mine });
      const paths = ['/revoke', '/auth/revoke', '/auth/revoke_demanded', '/auth/Endpoints/revoke', '/auth/admin/revocations', '/__rpc/revoke', '/auth/'];
      for (const path of paths) {
        for (const headers of [{}, { 'cf-worker-entrypoint': 'Endpoints' }, { 'x-entrypoint': 'Endpoints', upgrade: 'websocket', connection: 'upgrade' }]) {
          for (const method of ['POST', 'REVOKE', 'PUT']) {
            const sent = { method, body: demand, headers: { 'content-type': 'application/json', ...headers } };
            await fetch(edge.url + path, sent).catch(() => undefined);
          }
          await get(edge, `${path}?demand=${encodeURIComponent(demand)}`, { 'quash-demand': demand }).catch(() => undefined);
        }
      }
      assert.equal((await call(edge, mine)).status, 200);
      assert.equal((await call(edge.other, mine)).status, 200);
      assert.deepEqual(await edge.entries(), []);
    } finally {
      await edge.stop();
    }
  });
}

function verifies(): void {
  describe('verifies', { concurrency: false }, () => {
    let edge: Edge;
    before(async () => {
      edge = await start(WITH_LEDGER);
    });
    after(() => edge.stop());

    test('a token that is in force is told of', async () => {
      for (const alg of ['HS256', 'ES256'] as const) {
        const mine = await token({ alg, claims: { sub: 'Zoë', scope: 'read' } });
        const { status, body } = await verify(edge, mine);
        assert.deepEqual([status, body.token, body.label, body.claims.sub, body.claims.scope], [200, mine, '', 'Zoë', 'read']);
      }
    });

    const refused: Record<string, [code: string, make: () => Promise<string> | string]> = {
      'none': ['token_missing', () => ''],
      'garbage': ['token_segments', () => 'garbage'],
      'two': ['token_ambiguous', async () => `${await token()}, Bearer ${await token()}`],
      'an expired one': ['token_expired', () => token({ claims: { iat: now() - 700, exp: now() - 100 } })],
      'somebody else’s': ['audience_mismatch', () => token({ claims: { aud: 'other' } })],
      'a forged one': ['signature_invalid', () => token({ key: new TextEncoder().encode('a secret of somebody else, of 32 bytes') })],
    };
    for (const [name, [code, make]] of Object.entries(refused)) {
      test(`what is not is refused: ${name}`, async () => {
        const { status, body } = await verify(edge, await make());
        assert.deepEqual([status, body.name, body.code], [500, 'QuashError', code]);
        assert.match(body.message, /\w/);
      });
    }

    test('after a logout it is refused', async () => {
      const mine = await token();
      assert.equal((await verify(edge, mine)).status, 200);
      assert.equal((await logout(edge, mine)).status, 200);
      assert.equal((await verify(edge, mine)).body.code, 'token_revoked');
    });

    test('and while nobody knows', async () => {
      const mine = await token();
      assert.equal((await verify(edge, mine)).status, 200);
      await edge.ledgerFault('down');
      try {
        let told = await verify(edge, mine);
        while (told.status === 200) told = await verify(edge, mine);
        assert.equal(told.body.code, 'ledger_unavailable');
      } finally {
        await edge.ledgerFault(undefined);
      }
    });
  });
}
