/**
 * What a logout ends besides the token that it is asked for with: the refresh token, the user's other sessions, the issuer's own session; and where it
 * sends the browser.
 *
 * | standard | shown by |
 * |---|---|
 * | RFC 7009 2: MUST support the revocation of refresh tokens; 2.1: SHOULD also invalidate all access tokens based on the same grant | `2: a back end …` |
 * | OpenID Connect RP-Initiated Logout 1.0, 2: the browser is sent to the issuer's `end_session_endpoint`, with `id_token_hint`, `client_id`, `post_logout_redirect_uri` and `state` | `an issuer with a session of its own …` |
 * | 3: the value MUST have been registered; 4: no error, and no redirection, where it was not | `and nowhere else, …` |
 * | 3: `state` is passed back | `a form may send its browser on, …` |
 * | RFC 9700, 4.11.1: no open redirectors | `and nowhere else, …` |
 */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';

import { issuer, refresh, refreshToken } from './refresh.ts';
import { type Answer, call, logout, post, revoke } from './requests.ts';
import { type Edge, GUARDS, start } from './server.ts';
import { now, token } from './tokens.ts';

const BYE = 'https://app.example/bye';
const PAGE = { 'sec-fetch-site': 'same-origin' };

const issuers = [
  { ...issuer('mine', 'HS256', { grace: 60, cookie: { name: '__Secure-refresh', path: '/auth', domain: 'edge.example', partitioned: true } }), leeway: 0 },
  { ...issuer('op', 'HS256'), end_session: { endpoint: 'https://op.example/logout', client_id: 'app' } },
];
const config = {
  issuers,
  token: { cookies: ['session', 'alt'] },
  logout: {
    cookies: [{ name: 'session' }, { name: 'alt', path: '/app', domain: 'edge.example' }, { name: 'chip', partitioned: true }],
    redirects: [BYE],
  },
};

const access = (sid: string | undefined, claims: object = {}) => token({ claims: { iss: 'https://mine.example', sid, ...claims } });

for (const guard of GUARDS) describe(guard, () => {
  let edge: Edge;
  before(async () => {
    edge = await start({ guard, ledger: { max_staleness: 2 }, quash: config });
  });
  after(() => edge?.stop());

  const ended = async (...tokens: string[]): Promise<void> => {
    for (const mine of tokens) assert.equal((await call(edge, mine)).code, 'token_revoked');
  };
  const told = ({ body }: Answer) => body.tokens.map(({ source, outcome, code }: any) => [source, outcome, ...(code ? [code] : [])].join(' '));

  test('a refresh token in the form, with its session', async () => {
    const sid = randomUUID();
    const [mine, sibling, stranger] = await Promise.all([access(sid), access(sid), access(randomUUID())]);
    const refresh_token = await refreshToken('mine', { claims: { sid } });
    const answer = await logout(edge, mine, { refresh_token });
    assert.deepEqual(told(answer), ['cookie revoked', 'refresh_token revoked']);
    await ended(mine, sibling);
    assert.equal((await refresh(edge, refresh_token)).code, 'token_revoked');
    assert.equal((await call(edge, stranger)).status, 200);
  });

  test('a refresh token in its cookie, by itself', async () => {
    const sid = randomUUID();
    const [sibling, mine] = await Promise.all([access(sid), refreshToken('mine', { claims: { sid } })]);
    const cookie = `__Secure-refresh=${mine}`;
    const answer = await post(edge, '/auth/logout', {}, { cookie, ...PAGE });
    assert.deepEqual([answer.body.outcome, ...told(answer)], ['revoked', 'refresh_token revoked']);
    await ended(sibling);
    // It is a credential that a browser adds by itself.
    assert.equal((await post(edge, '/auth/logout', {}, { cookie })).code, 'cross_site_refused');
  });

  test('everywhere, by a refresh token', async () => {
    const sub = randomUUID();
    const [phone, mine] = await Promise.all([access(randomUUID(), { sub }), refreshToken('mine', { claims: { sub } })]);
    assert.deepEqual(told(await post(edge, '/auth/logout', { refresh_token: mine, scope: 'everywhere' }, PAGE)), ['refresh_token revoked']);
    await ended(phone);
  });

  test('what is meant for another app ends nothing but itself', async () => {
    const [sub, sid] = [randomUUID(), randomUUID()];
    const mine = await access(sid, { sub });
    const idToken = await access(sid, { sub, aud: 'other-app' });
    for (const scope of ['token', 'session', 'others', 'everywhere']) {
      const answer = await post(edge, '/auth/logout', { refresh_token: idToken, scope });
      assert.deepEqual(told(answer), ['refresh_token refused audience_mismatch'], scope);
    }
    assert.equal((await call(edge, mine)).status, 200);
  });

  test('a refresh token that is dead, revoked, forged or none ends nothing, and the rest ends', async () => {
    const sid = randomUUID();
    const [revoked, sibling] = await Promise.all([refreshToken('mine', { claims: { sid: randomUUID() } }), access(sid)]);
    await post(edge, '/auth/logout', { refresh_token: revoked }, PAGE);
    for (const [refresh_token, outcome] of [
      [await refreshToken('mine', { claims: { sid, exp: now() - 600, iat: now() - 700 } }), 'refresh_token expired'],
      [revoked, 'refresh_token expired'],
      [`${(await refreshToken('mine', { claims: { sid } })).slice(0, -8)}AAAAAAAA`, 'refresh_token refused signature_invalid'],
      ['opaque', 'refresh_token refused token_segments'],
    ] as const) {
      const mine = await access(randomUUID());
      const answer = await logout(edge, mine, { refresh_token });
      assert.deepEqual([answer.status, ...told(answer)], [200, 'cookie revoked', outcome]);
      await ended(mine);
    }
    assert.equal((await call(edge, sibling)).status, 200);
  });

  test('session: who heard no answer may ask again, and nobody for more than that', async () => {
    const [sub, sid] = [randomUUID(), randomUUID()];
    const [mine, phone] = [await access(sid, { sub }), await access(randomUUID(), { sub })];
    const refresh_token = await refreshToken('mine', { claims: { sub, sid } });
    assert.deepEqual(told(await logout(edge, mine, { scope: 'session', refresh_token })), ['cookie revoked', 'refresh_token revoked']);
    const again = await logout(edge, mine, { scope: 'session', refresh_token });
    assert.deepEqual([again.status, again.body.outcome, ...told(again)], [200, 'revoked', 'cookie expired', 'refresh_token expired']);
    for (const scope of ['others', 'everywhere']) {
      assert.deepEqual(told(await logout(edge, mine, { scope })), ['cookie refused token_revoked'], scope);
    }
    assert.equal((await call(edge, phone)).status, 200);
  });

  test('others: every session of the user but this one, which stays logged in', async () => {
    const [sub, sid] = [randomUUID(), randomUUID()];
    const [mine, sibling, phone, unnamed] = await Promise.all([sid, sid, randomUUID(), undefined].map((sid) => access(sid, { sub })));
    const [own, phones] = await Promise.all([sid, randomUUID()].map((sid) => refreshToken('mine', { claims: { sub, sid } })));
    const answer = await logout(edge, mine!, { scope: 'others' });
    assert.deepEqual([answer.status, answer.body.outcome, answer.body.scope], [200, 'revoked', 'others']);
    assert.deepEqual([answer.headers.getSetCookie(), answer.headers.get('clear-site-data')], [[], null]);
    await ended(phone!, unnamed!);
    for (const each of [mine!, sibling!]) assert.equal((await call(edge, each)).status, 200);
    assert.equal((await refresh(edge, phones!)).code, 'token_revoked');
    assert.equal((await refresh(edge, own!)).status, 200);
  });

  test('others: not by a token that is revoked, or has no session', async () => {
    const sub = randomUUID();
    const [stolen, phone, homeless] = await Promise.all([access(randomUUID(), { sub }), access(randomUUID(), { sub }), access(undefined, { sub })]);
    await logout(edge, stolen);
    assert.deepEqual(told(await logout(edge, stolen, { scope: 'others' })), ['cookie refused token_revoked']);
    assert.deepEqual(told(await logout(edge, homeless, { scope: 'others' })), ['cookie refused claim_missing']);
    assert.equal((await call(edge, phone)).status, 200);
  });

  test('every cookie is expired by all that it is known by', async () => {
    const answer = await logout(edge, await access(randomUUID()));
    assert.deepEqual(answer.headers.getSetCookie(), [
      'session=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax',
      'alt=; Path=/app; Domain=edge.example; Max-Age=0; HttpOnly; SameSite=Lax',
      'chip=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=None; Partitioned',
      '__Secure-refresh=; Path=/auth; Domain=edge.example; Max-Age=0; HttpOnly; Secure; SameSite=None; Partitioned',
    ]);
  });

  /** A form's answer, which browsers follow. */
  const sent = async (mine: string, form: Record<string, string>) => {
    const headers = { cookie: `session=${mine}`, ...PAGE };
    const body = new URLSearchParams(form);
    const response = await fetch(`${edge.url}/auth/logout`, { method: 'POST', body, headers, redirect: 'manual' });
    return { status: response.status, location: response.headers.get('location'), headers: response.headers };
  };

  test('a form may send its browser on, to where the configuration says', async () => {
    const mine = await access(randomUUID());
    const { status, location, headers } = await sent(mine, { post_logout_redirect_uri: BYE, state: 'a&b' });
    assert.deepEqual([status, location], [303, `${BYE}?state=a%26b`]);
    assert.deepEqual([headers.getSetCookie().length, headers.get('clear-site-data')], [4, '"cookies", "storage"']);
    await ended(mine);
    assert.deepEqual((await sent('garbage', { post_logout_redirect_uri: BYE })).location, BYE);
  });

  test('and nowhere else, and nothing is revoked then', async () => {
    const mine = await access(randomUUID());
    for (const post_logout_redirect_uri of ['https://evil.example', `${BYE}/`, `${BYE}?x`, '//app.example/bye', '/', 'javascript:alert(1)']) {
      const { status, location } = await sent(mine, { post_logout_redirect_uri });
      assert.deepEqual([status, location], [400, null], post_logout_redirect_uri);
    }
    assert.equal((await call(edge, mine)).status, 200);
  });

  test('an issuer with a session of its own ends that, and sends the browser on', async () => {
    const claims = { iss: 'https://op.example', sid: randomUUID() };
    const [mine, form] = [await token({ claims }), { post_logout_redirect_uri: BYE, state: 's', id_token_hint: 'a.b.c' }];
    // This session goes on, so the issuer's does.
    assert.equal((await sent(mine, { ...form, scope: 'others' })).location, `${BYE}?state=s`);
    const { status, location } = await sent(mine, form);
    assert.equal(status, 303);
    const { origin, pathname, searchParams } = new URL(location!);
    assert.equal(origin + pathname, 'https://op.example/logout');
    assert.deepEqual(Object.fromEntries(searchParams), { ...form, client_id: 'app' });
    await ended(mine);
  });

  test('2: a back end revokes a refresh token with what was issued by it', async () => {
    const sid = randomUUID();
    const [mine, other, refresh_token] = await Promise.all([access(sid), access(randomUUID()), refreshToken('mine', { claims: { sid } })]);
    assert.equal((await revoke(edge, refresh_token)).status, 200);
    await ended(mine);
    assert.equal((await refresh(edge, refresh_token)).code, 'token_revoked');
    assert.equal((await call(edge, other)).status, 200);
  });

  test('while nothing can be written nobody is sent anywhere', async () => {
    const mine = await access(randomUUID());
    await edge.ledgerFault('down');
    try {
      const { status, location, headers } = await sent(mine, { post_logout_redirect_uri: BYE });
      assert.deepEqual([status, location, headers.getSetCookie()], [503, null, []]);
    } finally {
      await edge.ledgerFault(undefined);
    }
  });
});

/** Of two places that write at once, Workers KV keeps either: a thief must not write his own session over its end. */
for (const guard of GUARDS) test(`without a ledger no session is spared, ${guard}`, async () => {
  const edge = await start({ guard, quash: { ...config, issuers: issuers.map((issuer) => ({ ...issuer, refresh: undefined })) } });
  try {
    const [sub, sid] = [randomUUID(), randomUUID()];
    const [mine, phone] = [await access(sid, { sub }), await access(randomUUID(), { sub })];
    const answer = await logout(edge, mine, { scope: 'others' });
    assert.deepEqual([answer.status, answer.code, answer.headers.getSetCookie()], [501, 'ledger_needed', []]);
    for (const each of [mine, phone]) assert.equal((await call(edge, each)).status, 200);
    assert.equal((await logout(edge, mine, { scope: 'everywhere' })).body.outcome, 'revoked');
    for (const each of [mine, phone]) assert.equal((await call(edge, each)).code, 'token_revoked');
  } finally {
    await edge.stop();
  }
});
