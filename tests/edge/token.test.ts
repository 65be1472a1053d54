/**
 * `POST /auth/token`: each MUST of RFC 6749 sections 5 and 6 that applies to us, and what RFC 9700 and
 * draft-ietf-oauth-browser-based-apps have on refresh tokens.
 *
 * | standard | shown by |
 * |---|---|
 * | RFC 6749 3.2: "Parameters sent without a value MUST be treated as if they were omitted", "MUST ignore unrecognized request parameters", "MUST NOT be included more than once"; "MUST use the HTTP POST method" | `3.2: …`, `6: a POST with a form` |
 * | 6: `grant_type` and `refresh_token` REQUIRED, in a form | `6: a POST with a form` |
 * | 6: `scope` "MUST NOT include any scope not originally granted" | `6: a scope may only shrink` |
 * | 6: "the refresh token scope MUST be identical to that of the refresh token included by the client" | the same |
 * | 6: "require client authentication for confidential clients", "ensure that the refresh token was issued to the authenticated client" | `6: a client has its own tokens` |
 * | 6: "validate the refresh token" | `6: what is no refresh token in force` |
 * | 5.1: `access_token` and `token_type` REQUIRED; `Cache-Control: no-store`, `Pragma: no-cache` | `5.1: …` |
 * | 5.2: `invalid_request`, `invalid_client` (401, `WWW-Authenticate`), `invalid_grant`, `unsupported_grant_type`, `invalid_scope` | `6: …` |
 * | RFC 9700 4.14.2: a reused token revokes the active one; "stop the compromise" | `a second use …` |
 * | browser-based apps: a new token does not outlive the first of its family | `5.1: …` |
 */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';

import { decodeJwt, decodeProtectedHeader } from 'jose';

import { assertion, asserted, quash } from './assertions.ts';
import { ACCESS_SECS, issuer, refresh, refreshToken, secrets } from './refresh.ts';
import { type Answer, type Place, call, get, logout, post } from './requests.ts';
import { CLIENT, type Edge, GUARDS, start } from './server.ts';
import { KINDS, configuredIssuers, now, token } from './tokens.ts';

const issuers = [
  configuredIssuers[0],
  ...KINDS.map((alg) => issuer(alg.toLowerCase(), alg, { grace: 60 })),
  issuer('at-once', 'HS256', { grace: 0 }),
  issuer('soon', 'HS256', { grace: 1 }),
  issuer('sliding', 'HS256', { lifetime: 1800, audiences: ['api', 'web'] }),
  issuer('wrong-key', 'HS256', { grace: 0, alg: 'ES256', secret: 'PUBLIC_KEY' }),
  issuer('unknown-key', 'HS256', { grace: 0, alg: 'ES256', secret: 'ES256_KEY' }),
  issuer('in-cookies', 'HS256', { grace: 60, cookie: { name: '__Secure-refresh', path: '/auth' } }),
];
const PUBLIC_KEY = JSON.stringify((issuer('x', 'ES256').keys[0] as { jwk: object }).jwk);
const PAGE = { 'sec-fetch-site': 'same-origin' };

for (const guard of GUARDS) describe(guard, () => {
  let edge: Edge;
  before(async () => {
    edge = await start({ guard, ledger: { max_staleness: 2 }, secrets: { ...secrets, PUBLIC_KEY }, quash: { ...quash, issuers } });
  });
  after(() => edge?.stop());

  const refused = (answer: Answer, error: string, code: string, status = 400): void =>
    assert.deepEqual([answer.status, answer.body.error, answer.code], [status, error, code]);
  const granted = (answer: Answer): { access: string; next: string } => {
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    return { access: answer.body.access_token, next: answer.body.refresh_token };
  };

  test('3.2: parameters without a value, unknown ones, and those that come twice', async () => {
    const mine = await refreshToken('hs256');
    const form = { grant_type: 'refresh_token', refresh_token: mine };
    const twice = `grant_type=refresh_token&refresh_token=${mine}&refresh_token=${mine}`;
    const isForm = { 'content-type': 'application/x-www-form-urlencoded' };
    refused(await post(edge, '/auth/token', twice, isForm), 'invalid_request', 'parameter_invalid');
    refused(await post(edge, '/auth/token', { ...form, refresh_token: '' }), 'invalid_request', 'parameter_invalid');
    granted(await post(edge, '/auth/token', { ...form, scope: '', client_id: '', client_secret: '', resource: 'https://unknown.example' }));
  });

  test('6: a POST with a form', async () => {
    const mine = await refreshToken('hs256');
    const answer = await get(edge, `/auth/token?grant_type=refresh_token&refresh_token=${mine}`);
    assert.deepEqual([answer.status, answer.code, answer.headers.get('allow')], [405, 'method_not_allowed', 'POST']);
    for (const form of [{}, { grant_type: 'refresh_token' }, { refresh_token: mine }]) {
      refused(await post(edge, '/auth/token', form), 'invalid_request', 'parameter_invalid');
    }
    const other = await post(edge, '/auth/token', { grant_type: 'password', username: 'ann', password: 'x' });
    refused(other, 'unsupported_grant_type', 'grant_type_unsupported');
  });

  for (const alg of KINDS) test(`5.1: a new pair, signed with ${alg}`, async () => {
    const name = alg.toLowerCase();
    const extra = { scope: 'read write', roles: ['admin'], client_id: 'app', auth_time: 7, nbf: now() - 5 };
    const mine = await refreshToken(name, { alg, claims: extra });
    const { sid, exp } = decodeJwt(mine);
    const answer = await refresh(edge, mine, { client_id: 'app' });
    const { access, next } = granted(answer);
    const { access_token: _, refresh_token: __, ...rest } = answer.body;
    assert.deepEqual(rest, { token_type: 'Bearer', expires_in: ACCESS_SECS, scope: 'read write' });
    assert.equal(answer.headers.get('content-type'), 'application/json');
    assert.deepEqual([answer.headers.get('cache-control'), answer.headers.get('pragma')], ['no-store', 'no-cache']);

    const { iat, jti, ...claims } = decodeJwt(access);
    const carried = { iss: `https://${name}.example`, sub: 'ann@example.com', sid, scope: 'read write', roles: ['admin'], client_id: 'app', auth_time: 7 };
    assert.deepEqual(claims, { ...carried, aud: 'api', exp: iat! + ACCESS_SECS });
    assert.deepEqual(decodeProtectedHeader(access), { typ: 'at+jwt', alg, kid: alg });
    assert.match(String(jti), /^[\w-]{22}$/);
    const { iat: issuedAt, jti: successor, ...its } = decodeJwt(next);
    // It ends when the first of its family would have.
    assert.deepEqual(its, { ...carried, aud: `https://${name}.example`, exp });
    assert.deepEqual(decodeProtectedHeader(next), { typ: 'rt+jwt', alg, kid: alg });
    assert.ok(issuedAt! >= now() - 60 && successor !== decodeJwt(mine).jti);

    assert.equal((await call(edge, access)).status, 200);
    const again = granted(await refresh(edge.other, next));
    assert.equal((await call(edge.other, again.access)).status, 200);
  });

  test('5.1: refresh tokens that live on with each use', async () => {
    const mine = await refreshToken('sliding', { claims: { exp: now() + 60 } });
    const { access, next } = granted(await refresh(edge, mine));
    const { iat, exp } = decodeJwt(next);
    assert.equal(exp! - iat!, 1800);
    assert.deepEqual(decodeJwt(access).aud, ['api', 'web']);
  });

  test('6: a scope may only shrink', async () => {
    const mine = await refreshToken('hs256', { claims: { scope: 'read write' } });
    for (const scope of ['admin', 'read admin', ' ']) refused(await refresh(edge, mine, { scope }), 'invalid_scope', 'scope_exceeded');
    refused(await refresh(edge, await refreshToken('hs256'), { scope: 'read' }), 'invalid_scope', 'scope_exceeded');
    const answer = await refresh(edge, mine, { scope: 'read' });
    const { access, next } = granted(answer);
    assert.deepEqual([answer.body.scope, decodeJwt(access)['scope'], decodeJwt(next)['scope']], ['read', 'read', 'read write']);
  });

  test('6: a client has its own tokens, and a confidential one says who it is', async () => {
    const [its, ours, anybodys] = await Promise.all([
      refreshToken('hs256', { claims: { client_id: CLIENT.id } }),
      refreshToken('hs256', { claims: { client_id: 'signing' } }),
      refreshToken('hs256'),
    ]);
    const secret = { client_id: CLIENT.id, client_secret: CLIENT.secret };
    for (const form of [{}, { client_id: CLIENT.id }, { ...secret, client_secret: `${CLIENT.secret}x` }]) {
      const answer = await refresh(edge, its, form);
      refused(answer, 'invalid_client', 'client_unknown', 401);
      assert.match(answer.headers.get('www-authenticate')!, /^Basic /);
    }
    for (const text of [ours, anybodys]) refused(await refresh(edge, text, secret), 'invalid_grant', 'client_mismatch');
    const apps = await refreshToken('hs256', { claims: { client_id: 'app' } });
    refused(await refresh(edge, apps, { client_id: 'other-app' }), 'invalid_grant', 'client_mismatch');
    // What was refused has not been used.
    const basic = { authorization: `Basic ${Buffer.from(`${CLIENT.id}:${CLIENT.secret}`).toString('base64')}` };
    granted(await refresh(edge, its, {}, basic));
    granted(await refresh(edge, ours, asserted(await assertion())));
    granted(await refresh(edge, apps, { client_id: 'app' }));
  });

  test('6: what is no refresh token in force', async () => {
    for (const [code, text] of [
      ['token_segments', 'garbage'],
      ['type_refused', await token()],
      ['type_refused', await refreshToken('hs256', { header: { typ: 'JWT' } })],
      ['type_refused', await refreshToken('hs256', { header: { typ: 'at+jwt' } })],
      ['type_refused', await refreshToken('hs256', { claims: { cnf: { jkt: 'x' } } })],
      ['audience_mismatch', await refreshToken('hs256', { claims: { aud: 'api' } })],
      ['claim_missing', await refreshToken('hs256', { claims: { sid: undefined } })],
      ['claim_missing', await refreshToken('hs256', { claims: { jti: undefined } })],
      ['token_expired', await refreshToken('hs256', { claims: { exp: now() - 100 } })],
      ['lifetime_too_long', await refreshToken('hs256', { claims: { exp: now() + 9000 } })],
      ['key_unknown', await refreshToken('hs256', { header: { kid: 'x' } })],
      ['issuer_unknown', await refreshToken('nobody')],
      // One whose refresh tokens are its own business.
      ['issuer_unknown', await refreshToken('issuer', { claims: { exp: now() + 600 } })],
    ] as const) {
      refused(await refresh(edge, text), 'invalid_grant', code);
    }
  });

  test('a refresh token lets nobody in, whatever it says', async () => {
    const mine = await refreshToken('hs256', { claims: { aud: ['api', 'https://hs256.example'] } });
    assert.equal((await call(edge, mine)).code, 'type_refused');
    const { next } = granted(await refresh(edge, mine));
    assert.equal((await call(edge, next)).code, 'type_refused');
  });

  test('two tabs at once go on with one token', async () => {
    const mine = await refreshToken('hs256');
    const answers = await Promise.all([edge, edge.other, edge, edge.other].map((place) => refresh(place, mine)));
    const tabs = answers.map(granted);
    assert.equal(new Set(tabs.map(({ next }) => decodeJwt(next).jti)).size, 1);
    assert.equal(new Set(tabs.map(({ access }) => decodeJwt(access).jti)).size, 4);
    for (const { access, next } of tabs) {
      assert.equal((await call(edge, access)).status, 200);
      granted(await refresh(edge, next));
    }
  });

  /** The family is dead: nobody goes on with it, and its access tokens are refused at once where that was seen, elsewhere within the bound. */
  const isDead = async (seenBy: Place, access: string, next: string): Promise<void> => {
    for (const place of [edge, edge.other]) refused(await refresh(place, next), 'invalid_grant', 'token_revoked');
    assert.equal((await call(seenBy, access)).code, 'token_revoked');
    const since = performance.now();
    for (const place of [edge, edge.other]) {
      while ((await call(place, access)).status === 200) {
        assert.ok(performance.now() - since < 30_000, 'an isolate has never heard of it');
      }
    }
  };
  /** Longer than the grace of `soon`. A slow machine only makes it longer. */
  const untilTheGraceHasPassed = () => new Promise((resolve) => setTimeout(resolve, 1100));

  test('a second use ends the session, wherever it is', async () => {
    for (const replayedTo of [edge, edge.other]) {
      const mine = await refreshToken('at-once', { claims: { scope: 'read' } });
      const first = granted(await refresh(edge, mine));
      const second = granted(await refresh(edge, first.next));
      const bystander = granted(await refresh(edge, await refreshToken('at-once')));
      refused(await refresh(replayedTo, mine), 'invalid_grant', 'refresh_token_reused');
      await isDead(replayedTo, second.access, second.next);
      // And again: it stays so.
      refused(await refresh(edge, mine), 'invalid_grant', 'token_revoked');
      assert.equal((await call(edge, bystander.access)).status, 200);
      granted(await refresh(edge, bystander.next));
    }
  });

  test('a second use is the user\'s until the grace has passed', async () => {
    const mine = await refreshToken('soon');
    const first = granted(await refresh(edge, mine));
    await untilTheGraceHasPassed();
    refused(await refresh(edge, mine), 'invalid_grant', 'refresh_token_reused');
    await isDead(edge, first.access, first.next);
  });

  test('a thief who was as quick as the user is found out by the next use', async () => {
    const copied = await refreshToken('soon');
    const [users, thiefs] = (await Promise.all([refresh(edge, copied), refresh(edge.other, copied)])).map(granted);
    const { access, next } = granted(await refresh(edge, users!.next));
    await untilTheGraceHasPassed();
    refused(await refresh(edge.other, thiefs!.next), 'invalid_grant', 'refresh_token_reused');
    await isDead(edge.other, access, next);
  });

  test('a session that has ended is not gone on with', async () => {
    const sid = randomUUID();
    const mine = await refreshToken('hs256', { claims: { sid } });
    const { access, next } = granted(await refresh(edge, mine));
    assert.equal((await logout(edge.other, access, { scope: 'session' })).body.outcome, 'revoked');
    // Wherever it is, and at once.
    for (const place of [edge, edge.other]) refused(await refresh(place, next), 'invalid_grant', 'token_revoked');
  });

  test('one who is logged out everywhere is', async () => {
    const [sub, iat] = [randomUUID(), now()];
    const mine = await refreshToken('hs256', { claims: { sub, iat } });
    const { access } = granted(await refresh(edge, await refreshToken('hs256', { claims: { sub, iat } })));
    assert.equal((await logout(edge.other, access, { scope: 'everywhere' })).body.outcome, 'revoked');
    refused(await refresh(edge, mine), 'invalid_grant', 'token_revoked');
  });

  test('in a cookie: no script sees it, and no page of another site uses it', async () => {
    const mine = await refreshToken('in-cookies', { claims: { exp: now() + 1000 } });
    const cookie = `other=1; __Secure-refresh=${mine}`;
    const form = { grant_type: 'refresh_token' };
    for (const headers of [{}, { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }]) {
      const answer = await post(edge, '/auth/token', form, { cookie, ...headers });
      refused(answer, 'access_denied', 'cross_site_refused', 403);
    }
    refused(await post(edge, '/auth/token', { ...form, refresh_token: mine }, { cookie, ...PAGE }), 'invalid_request', 'parameter_invalid');
    const answer = await post(edge, '/auth/token', form, { cookie, ...PAGE });
    assert.deepEqual([answer.status, answer.body.refresh_token], [200, undefined]);
    assert.equal((await call(edge, answer.body.access_token)).status, 200);
    const set = answer.headers.getSetCookie();
    const [, next, age] = /^__Secure-refresh=([\w.-]+); Path=\/auth; Max-Age=(\d+); HttpOnly; SameSite=Strict$/.exec(set.join())!;
    assert.ok(Number(age) > 900 && Number(age) <= 1000);
    const page = { ...PAGE, cookie: `__Secure-refresh=${next}` };
    assert.equal((await post(edge, '/auth/token', form, page)).status, 200);
  });

  test('a page of an allowed origin may read the answer', async () => {
    const origin = 'https://app.example';
    const answer = await refresh(edge, await refreshToken('hs256'), {}, { origin, 'sec-fetch-site': 'cross-site' });
    assert.deepEqual([answer.status, answer.headers.get('access-control-allow-origin')], [200, origin]);
    const others = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' };
    refused(await refresh(edge, await refreshToken('hs256'), {}, others), 'access_denied', 'cross_site_refused', 403);
  });

  test('a key that cannot sign is our fault, and told as that', async () => {
    // The second one signs well, and nobody knows its key: what it signs would be good nowhere.
    for (const name of ['wrong-key', 'unknown-key']) {
      const mine = await refreshToken(name);
      // Nothing is used up by it: the second time would end the session.
      for (let times = 0; times < 2; times += 1) {
        const answer = await refresh(edge, mine);
        assert.deepEqual([answer.status, answer.code, answer.body.error], [500, 'configuration_invalid', 'server_error']);
        assert.ok(!JSON.stringify(answer.body).includes('KEY'));
      }
    }
  });

  test('while the ledger is down nobody is granted anything, and nothing is lost', async () => {
    const mine = await refreshToken('at-once');
    await edge.ledgerFault('down');
    try {
      const answer = await refresh(edge, mine);
      assert.deepEqual([answer.status, answer.body.error], [503, 'temporarily_unavailable']);
      assert.ok(answer.headers.has('retry-after'));
    } finally {
      await edge.ledgerFault(undefined);
    }
    granted(await refresh(edge, mine));
  });
});

for (const guard of GUARDS) test(`where nothing is exchanged here, the path is the origin's, ${guard}`, async () => {
  const edge = await start({ guard });
  try {
    assert.equal((await refresh(edge, await refreshToken('hs256'))).code, 'token_missing');
  } finally {
    await edge.stop();
  }
});
