/**
 * `POST /auth/backchannel-logout`: each MUST of OpenID Connect Back-Channel Logout 1.0 that is ours to keep, by its section.
 *
 * | section | what must be so | test |
 * |---|---|---|
 * | 2.4 | `iss`, `aud`, `iat`, `exp`, `jti`, `events`; `sub` or `sid`; no `nonce`; never `none` | 2.4, 2.6 |
 * | 2.5 | a form's field; other fields are ignored | 2.5 |
 * | 2.6 | 1 to 7; 8 to 11 are optional | 2.6 |
 * | 2.7 | the session, or all of the subject's | 2.7 |
 * | 2.8 | 200, 400, no-store | 2.8 |
 */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

import { keyOf } from './ids.ts';
import { CLIENTS, type RealIssuer, RESOURCE, startProvider } from './provider.ts';
import { type Answer, type Place, call, post } from './requests.ts';
import { type Edge, start } from './server.ts';
import { type TokenOptions, configuredIssuers, now, rsaPem, signingKeys, token } from './tokens.ts';

const EVENT = 'http://schemas.openid.net/event/backchannel-logout';
const RP = 'our-client-id';
const OTHER = 'https://other.example';
const LEEWAY = 30;
const form = { 'content-type': 'application/x-www-form-urlencoded' };

const hs256 = (kid: string) => ({ audiences: ['api'], max_lifetime: 900, keys: [{ kid, alg: 'HS256', secret: 'HS256_SECRET' }] });
const [issuer] = configuredIssuers;
const issuers = [
  { ...issuer, leeway: LEEWAY, logout_audiences: [RP, 'another-client-id'] },
  { ...hs256('b'), issuer: OTHER, logout_audiences: [RP] },
  { ...hs256('c'), issuer: 'https://quiet.example' },
];

/** A logout token (section 2.4), but for what the options change. */
function logoutToken({ claims, header, ...rest }: TokenOptions = {}): Promise<string> {
  return token({
    alg: 'ES256',
    ...rest,
    claims: { aud: RP, sub: undefined, events: { [EVENT]: {} }, exp: now() + 120, iat: now(), ...claims },
    header: { typ: 'logout+jwt', ...header },
  });
}

function send(edge: Place, logout_token: string, more: Record<string, string> = {}): Promise<Answer> {
  return post(edge, '/auth/backchannel-logout', { logout_token, ...more });
}

/** Somebody who nobody else of these tests is. */
const somebody = () => ({ sub: `ann-${randomUUID()}`, sid: randomUUID() });

describe('with Workers KV', { concurrency: false }, () => {
  let edge: Edge;
  before(async () => {
    edge = await start({ quash: { issuers } });
  });
  after(() => edge?.stop());

  test('2.4: a token may be typed as is recommended, or be a plain JWT', async () => {
    for (const typ of ['logout+jwt', 'application/logout+jwt', 'JWT', undefined]) {
      const { sid } = somebody();
      const access = await token({ claims: { sid } });
      assert.equal((await send(edge, await logoutToken({ claims: { sid }, header: { typ } }))).status, 200, typ);
      assert.equal((await call(edge, access)).code, 'token_revoked', typ);
    }
  });

  test('2.5: the form has `logout_token`, and whatever else it has is ignored', async () => {
    const { sid } = somebody();
    const access = await token({ claims: { sid } });
    const answer = await send(edge, await logoutToken({ claims: { sid } }), { state: 'x', token: access, scope: 'everywhere' });
    assert.equal(answer.status, 200);
    assert.equal((await call(edge, access)).code, 'token_revoked');
  });

  test('2.5: anything but a POST of such a form is refused', async () => {
    const text = await logoutToken({ claims: { sid: 's' } });
    for (const [answer, status, code] of [
      [await post(edge, '/auth/backchannel-logout', {}), 400, 'parameter_invalid'],
      [await post(edge, '/auth/backchannel-logout', `logout_token=${text}&logout_token=${text}`, form), 400, 'parameter_invalid'],
      [await post(edge, '/auth/backchannel-logout', text, { 'content-type': 'application/logout+jwt' }), 415, 'body_not_form'],
      [await post(edge, '/auth/backchannel-logout', { logout_token: text, padding: 'x'.repeat(40_000) }), 413, 'body_too_large'],
    ] as const) {
      assert.deepEqual([answer.status, answer.code], [status, code]);
    }
    const get = await fetch(`${edge.url}/auth/backchannel-logout?logout_token=${text}`);
    assert.deepEqual([get.status, get.headers.get('allow')], [405, 'POST']);
    const authorization = `Bearer ${text}`;
    const bearer = await fetch(`${edge.url}/auth/backchannel-logout`, { method: 'POST', headers: { authorization } });
    assert.equal(bearer.status, 400);
  });

  test('2.6: whatever fails a step is refused, and revokes nothing', async () => {
    const { sub, sid } = somebody();
    const who = { sub, sid };
    const access = await token({ claims: who });
    const before = (await edge.entries()).length;
    const none = (await logoutToken({ claims: who })).replace(/^[^.]+/, Buffer.from('{"alg":"none"}').toString('base64url'));
    const confused = { key: new TextEncoder().encode(rsaPem), header: { alg: 'HS256', kid: 'RS256' } };
    const encrypted = `${await logoutToken({ claims: who })}.a.b`;
    const es384 = { key: signingKeys.ES384, header: { alg: 'ES384', kid: 'ES256' } };
    for (const [step, text, code] of [
      ['1: encrypted', encrypted, 'token_segments'],
      ['1: garbled', 'garbage', 'token_segments'],
      ['2: signature', await logoutToken({ claims: who, ...es384 }), 'algorithm_refused'],
      ['2: signature', `${(await logoutToken({ claims: who })).slice(0, -8)}AAAAAAAA`, 'signature_invalid'],
      ['3: none', none, 'algorithm_refused'],
      ['3: none', `${none.slice(0, none.lastIndexOf('.'))}.`, 'algorithm_refused'],
      ['3: confusion', await logoutToken({ alg: 'HS256', claims: who, ...confused }), 'algorithm_refused'],
      ['4: iss', await logoutToken({ claims: { ...who, iss: 'https://evil.example' } }), 'issuer_unknown'],
      ['4: iss', await logoutToken({ claims: { ...who, iss: undefined } }), 'issuer_unknown'],
      ["4: another issuer's key", await logoutToken({ alg: 'HS256', claims: who, header: { kid: 'b' } }), 'key_unknown'],
      ['4: aud', await logoutToken({ claims: { ...who, aud: 'somebody-else' } }), 'audience_mismatch'],
      ['4: aud', await logoutToken({ claims: { ...who, aud: undefined } }), 'audience_mismatch'],
      ["4: an access token's aud", await logoutToken({ claims: { ...who, aud: 'api' } }), 'audience_mismatch'],
      ['4: iat', await logoutToken({ claims: { ...who, iat: now() + LEEWAY + 30 } }), 'token_not_yet_valid'],
      ['4: iat', await logoutToken({ claims: { ...who, iat: undefined } }), 'claim_missing'],
      ['4: exp', await logoutToken({ claims: { ...who, exp: now() - LEEWAY - 30 } }), 'token_expired'],
      ['4: exp', await logoutToken({ claims: { ...who, exp: undefined } }), 'claim_missing'],
      ['5: sub or sid', await logoutToken(), 'claim_missing'],
      ['5: a sid of another type', await logoutToken({ claims: { ...who, sid: 1 } }), 'claim_invalid'],
      ['6: events', await logoutToken({ claims: { ...who, events: undefined } }), 'logout_token_invalid'],
      ['6: events', await logoutToken({ claims: { ...who, events: {} } }), 'logout_token_invalid'],
      ['6: events', await logoutToken({ claims: { ...who, events: [EVENT] } }), 'logout_token_invalid'],
      ['6: events', await logoutToken({ claims: { ...who, events: { [EVENT]: true } } }), 'logout_token_invalid'],
      ['7: nonce', await logoutToken({ claims: { ...who, nonce: 'n' } }), 'logout_token_invalid'],
      ['2.4: jti', await logoutToken({ claims: { ...who, jti: undefined } }), 'claim_missing'],
      ['2.4: typ', await logoutToken({ claims: who, header: { typ: 'secevent+jwt' } }), 'type_refused'],
      ['an access token', access, 'audience_mismatch'],
      ['an access token for us', await token({ claims: { ...who, aud: RP } }), 'logout_token_invalid'],
      ['an ID token', await token({ claims: { ...who, aud: RP, nonce: 'n' } }), 'logout_token_invalid'],
    ] as const) {
      const answer = await send(edge, text);
      assert.deepEqual([answer.status, answer.code], [400, code], step);
    }
    assert.equal((await call(edge, access)).status, 200);
    assert.equal((await edge.entries()).length, before);
  });

  test('2.6: an issuer that is not configured to send logouts may not', async () => {
    const quiet = { iss: 'https://quiet.example', sid: 's' };
    const answer = await send(edge, await logoutToken({ alg: 'HS256', claims: quiet, header: { kid: 'c' } }));
    assert.deepEqual([answer.status, answer.code], [400, 'audience_mismatch']);
  });

  test('2.6: the clock of the issuer may be off, as far as its leeway', async () => {
    // Half a minute, less what this test may take.
    for (const [iat, exp] of [[now() + LEEWAY, now() + 120], [now() - 150, now() - LEEWAY + 20]]) {
      const { sid } = somebody();
      const access = await token({ claims: { sid } });
      assert.equal((await send(edge, await logoutToken({ claims: { sid, iat, exp } }))).status, 200);
      assert.equal((await call(edge, access)).code, 'token_revoked');
    }
  });

  test('2.7: a `sid` ends that session and no other', async () => {
    const { sub, sid } = somebody();
    const ended = await token({ claims: { sub, sid } });
    const elsewhere = await token({ claims: { sub, sid: randomUUID() } });
    assert.equal((await send(edge, await logoutToken({ claims: { sub, sid } }))).status, 200);
    assert.equal((await call(edge, ended)).code, 'token_revoked');
    assert.equal((await call(edge, elsewhere)).status, 200);
    // A session is over: what its issuer might still issue to it is refused, too.
    assert.equal((await call(edge, await token({ claims: { sub, sid, iat: now() + LEEWAY - 5 } }))).code, 'token_revoked');
  });

  test('2.7: a `sub` alone ends all that the subject has begun until then', async () => {
    const { sub } = somebody();
    const tokens = [await token({ claims: { sub, sid: randomUUID() } }), await token({ claims: { sub } })];
    const another = await token({ claims: somebody() });
    assert.equal((await send(edge, await logoutToken({ claims: { sub } }))).status, 200);
    for (const ended of tokens) {
      const answer = await call(edge, ended);
      assert.deepEqual([answer.status, answer.code], [401, 'token_revoked']);
      assert.ok(Number(answer.headers.get('retry-after')) <= LEEWAY + 1);
    }
    assert.equal((await call(edge, another)).status, 200);
  });

  test('2.7: an issuer ends what is its own: the same subject of another issuer goes on', async () => {
    const who = somebody();
    const access = await token({ claims: who });
    for (const claims of [{ sub: who.sub }, { sid: who.sid }]) {
      const theirs = await logoutToken({ alg: 'HS256', claims: { ...claims, iss: OTHER }, header: { kid: 'b' } });
      assert.equal((await send(edge, theirs)).status, 200);
    }
    assert.equal((await call(edge, access)).status, 200);
  });

  test('2.6, 8: a replay a minute later logs nobody out of what they have opened since, and writes nothing', async () => {
    const { sub } = somebody();
    // Issued a minute and more ago, as if it had been kept for that long.
    const iat = now() - 2 * LEEWAY - 10;
    const captured = await logoutToken({ claims: { sub, iat } });
    const before = await token({ claims: { sub, iat } });
    assert.equal((await send(edge, captured)).status, 200);
    assert.equal((await call(edge, before)).code, 'token_revoked');
    const since = await token({ claims: { sub, iat: now() - 1 } });
    assert.equal((await call(edge, since)).status, 200);
    const entries = await edge.entries();
    assert.equal((await send(edge, captured)).status, 200);
    assert.equal((await call(edge, since)).status, 200);
    assert.deepEqual(await edge.entries(), entries);
  });

  test('2.6, 8: the same token twice at once is one logout', async () => {
    const { sid } = somebody();
    const access = await token({ claims: { sid } });
    const text = await logoutToken({ claims: { sid } });
    const answers = await Promise.all([send(edge, text), send(edge, text)]);
    assert.deepEqual(answers.map(({ status }) => status), [200, 200]);
    assert.equal((await edge.entries()).filter(({ name }) => name === keyOf('session', sid)).length, 1);
    assert.equal((await call(edge, access)).code, 'token_revoked');
  });

  test('2.6: what is so old that nothing lives of it is acknowledged, and writes nothing', async () => {
    const before = (await edge.entries()).length;
    assert.equal((await send(edge, await logoutToken({ claims: { ...somebody(), iat: now() - 2000 } }))).status, 200);
    assert.equal((await edge.entries()).length, before);
  });

  test('2.8: success says nothing and is stored by no cache', async () => {
    const answer = await send(edge, await logoutToken({ claims: somebody() }));
    assert.deepEqual([answer.status, answer.body, answer.headers.get('cache-control')], [200, '', 'no-store']);
  });

  test('2.8: a refusal is JSON as OAuth has it, and is stored by no cache', async () => {
    const { status, headers, body } = await send(edge, await logoutToken({ claims: { ...somebody(), nonce: 'n' } }));
    assert.deepEqual([status, headers.get('cache-control'), headers.get('content-type')], [400, 'no-store', 'application/json']);
    assert.equal(headers.get('www-authenticate'), null);
    const error_description = 'the token is not a logout token: it has a `nonce`';
    assert.deepEqual(body, { error: 'invalid_request', error_description, code: 'logout_token_invalid' });
  });

  test('while the store fails nothing is acknowledged, and the issuer may try again', async () => {
    const who = somebody();
    const access = await token({ claims: who });
    const text = await logoutToken({ claims: who });
    await edge.fault('write');
    try {
      const answer = await send(edge, text);
      assert.deepEqual([answer.status, answer.code], [503, 'store_unavailable']);
      assert.ok(answer.headers.has('retry-after'));
    } finally {
      await edge.fault(undefined);
    }
    assert.equal((await send(edge, text)).status, 200);
    assert.equal((await call(edge, access)).code, 'token_revoked');
  });

  test("a stranger's flood writes nothing", async () => {
    const before = (await edge.entries()).length;
    const forged = await Promise.all(
      Array.from({ length: 200 }, () => logoutToken({ alg: 'HS256', claims: somebody(), key: new Uint8Array(32) })),
    );
    const answers = await Promise.all(forged.map((text) => send(edge, text)));
    assert.ok(answers.every(({ status }) => status === 400));
    assert.equal((await edge.entries()).length, before);
  });

  test('a logout token lets nobody in', async () => {
    for (const typ of ['logout+jwt', 'JWT', 'at+jwt']) {
      const answer = await call(edge, await logoutToken({ claims: { ...somebody(), aud: 'api' }, header: { typ } }));
      assert.deepEqual([answer.status, answer.code], [401, 'type_refused']);
    }
  });
});

describe('with the ledger', () => {
  let edge: Edge;
  before(async () => {
    edge = await start({ ledger: { max_staleness: 1 }, quash: { issuers } });
  });
  after(() => edge?.stop());

  test('a logout is acknowledged when the ledger has it, and then in force everywhere', async () => {
    const { sid } = somebody();
    const access = await token({ claims: { sid } });
    assert.equal((await call(edge.other, access)).status, 200);
    assert.equal((await send(edge, await logoutToken({ claims: { sid } }))).status, 200);
    assert.equal((await call(edge, access)).code, 'token_revoked');
    // How soon, bounded.test.ts looks after.
    while ((await call(edge.other, access)).status === 200) await delay(100);
    assert.equal((await call(edge.other, access)).code, 'token_revoked');
  });

  test('nothing is acknowledged while it fails', async () => {
    const { sid } = somebody();
    const text = await logoutToken({ claims: { sid } });
    await edge.ledgerFault('down');
    try {
      const answer = await send(edge, text);
      assert.deepEqual([answer.status, answer.code], [503, 'store_unavailable']);
      assert.ok(answer.headers.has('retry-after'));
    } finally {
      await edge.ledgerFault(undefined);
    }
    assert.equal((await send(edge, text)).status, 200);
  });
});

describe('from oidc-provider', () => {
  let edge: Edge;
  let provider: RealIssuer;
  before(async () => {
    provider = await startProvider();
    edge = await start({
      ledger: { max_staleness: 1 },
      quash: {
        issuers: [
          {
            issuer: provider.url,
            audiences: [RESOURCE],
            logout_audiences: Object.values(CLIENTS),
            token_type: 'at+jwt',
            max_lifetime: 900,
            // Both have the clock of this machine.
            leeway: 0,
            jwks_uri: `${provider.url}/jwks`,
          },
        ],
      },
    });
    await provider.serve(edge.url);
  });
  after(async () => {
    await edge?.stop();
    provider?.stop();
  });

  test('a session that ended there has ended here, and a new login works', async () => {
    const [browser, phone] = [provider.browser(), provider.browser()];
    const [ended, elsewhere] = [await browser.login(CLIENTS.bySession, 'ann'), await phone.login(CLIENTS.bySession, 'ann')];
    assert.deepEqual([(await call(edge, ended)).status, (await call(edge, elsewhere)).status], [200, 200]);
    await browser.endSession();
    assert.deepEqual(provider.told, { success: 1, error: 0 });
    assert.equal((await call(edge, ended)).code, 'token_revoked');
    assert.equal((await call(edge, elsewhere)).status, 200);
    assert.equal((await call(edge, await browser.login(CLIENTS.bySession, 'ann'))).status, 200);
  });

  test('where only the subject is told, all of its tokens have ended, and a new login works', async () => {
    const before = { ...provider.told };
    const [browser, phone] = [provider.browser(), provider.browser()];
    const tokens = [await browser.login(CLIENTS.bySubject, 'bob'), await phone.login(CLIENTS.bySubject, 'bob')];
    const another = await provider.browser().login(CLIENTS.bySubject, 'eve');
    await browser.endSession();
    assert.deepEqual(provider.told, { ...before, success: before.success + 1 });
    for (const ended of tokens) assert.equal((await call(edge, ended)).code, 'token_revoked');
    assert.equal((await call(edge, another)).status, 200);
    // A login of the same second counts as one of before; the answer says how long that is so.
    let again = await call(edge, await browser.login(CLIENTS.bySubject, 'bob'));
    while (again.code === 'token_revoked') {
      await delay(1000 * Number(again.headers.get('retry-after') ?? 1));
      again = await call(edge, await browser.login(CLIENTS.bySubject, 'bob'));
    }
    assert.equal(again.status, 200);
  });

  test('it is told that a logout was not taken', async () => {
    const before = { ...provider.told };
    const browser = provider.browser();
    const access = await browser.login(CLIENTS.bySession, 'cho');
    await edge.ledgerFault('down');
    try {
      await browser.endSession();
    } finally {
      await edge.ledgerFault(undefined);
    }
    assert.deepEqual(provider.told, { ...before, error: before.error + 1 });
    // Who could be refused at once is, though nothing was promised.
    assert.equal((await call(edge, access)).code, 'token_revoked');
  });
});
