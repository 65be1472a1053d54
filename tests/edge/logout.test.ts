/** `POST /auth/logout`, as docs/http.md tells it. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';

import { type Answer, call, get, logout, post } from './requests.ts';
import { type Edge, start } from './server.ts';
import { KINDS, now, token } from './tokens.ts';

let edge: Edge;
before(async () => {
  edge = await start();
});
after(() => edge.stop());

const sameOrigin = { 'sec-fetch-site': 'same-origin' };

function assertBrowserCleared(answer: Answer): void {
  assert.equal(answer.status, 200);
  const [cookie] = answer.headers.getSetCookie();
  assert.equal(cookie, 'session=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax');
  assert.equal(answer.headers.get('clear-site-data'), '"cookies", "storage"');
  assert.equal(answer.headers.get('cache-control'), 'no-store');
}

describe('a logged-out token is refused', () => {
  for (const alg of KINDS) {
    test(`${alg}, with and without a jti`, async () => {
      for (const claims of [{}, { jti: undefined }]) {
        const [mine, other] = await Promise.all([token({ alg, claims }), token({ alg, claims: { ...claims, n: 1 } })]);
        assert.equal((await call(edge, mine)).status, 200);
        const answer = await logout(edge, mine);
        assertBrowserCleared(answer);
        assert.equal(answer.body.outcome, 'revoked');
        assert.deepEqual(answer.body.tokens, [{ source: 'cookie', outcome: 'revoked' }]);
        assert.ok(Math.abs(answer.body.revoked_at - Date.now()) < 60_000);

        const refused = await call(edge, mine);
        assert.deepEqual([refused.status, refused.code, refused.body.error], [401, 'token_revoked', 'invalid_token']);
        assert.equal((await call(edge, other)).status, 200);
      }
    });
  }

  test('wherever the request carries it', async () => {
    const [header, cookie, form] = await Promise.all([token(), token(), token()]);
    const answer = await post(
      edge,
      '/auth/logout',
      { token: form },
      { ...sameOrigin, authorization: `Bearer ${header}`, cookie: `session=${cookie}` },
    );
    assert.deepEqual(answer.body.tokens, ['header', 'cookie', 'form'].map((source) => ({ source, outcome: 'revoked' })));
    for (const each of [header, cookie, form]) assert.equal((await call(edge, each)).code, 'token_revoked');
  });

  test('twice is as good as once', async () => {
    const mine = await token();
    const answers = [await logout(edge, mine), await logout(edge, mine, { token: mine })];
    assert.deepEqual(answers.map((answer) => answer.body.outcome), ['revoked', 'revoked']);
  });
});

describe('how far a logout reaches', () => {
  const issue = (sid: string, sub = randomUUID(), iat = now() - 1) => token({ claims: { sid, sub, iat, exp: iat + 600 } });

  test('token: that token', async () => {
    const [mine, sibling] = await Promise.all([issue('s'), issue('s')]);
    await logout(edge, mine, { scope: 'token' });
    assert.equal((await call(edge, sibling)).status, 200);
  });

  test('session: every token with its sid', async () => {
    const [sid, other] = [randomUUID(), randomUUID()];
    const [mine, sibling, stranger] = await Promise.all([issue(sid), issue(sid), issue(other)]);
    assert.equal((await logout(edge, mine, { scope: 'session' })).body.outcome, 'revoked');
    assert.equal((await call(edge, sibling)).code, 'token_revoked');
    assert.equal((await call(edge, stranger)).status, 200);
  });

  test('everywhere: every token of the subject issued until now, leeway included', async () => {
    const sub = randomUUID();
    const [mine, phone, fast, later] = await Promise.all([
      issue('a', sub, now() - 300),
      issue('b', sub),
      issue('c', sub, now() + 4), // its issuer's clock is ahead, by less than the leeway
      issue('d', sub, now() + 8),
    ]);
    await logout(edge, mine, { scope: 'everywhere' });
    for (const each of [mine, phone, fast]) assert.equal((await call(edge, each)).code, 'token_revoked');
    assert.equal((await call(edge, later)).code, 'token_not_yet_valid'); // and not revoked
    assert.equal((await call(edge, await issue('e'))).status, 200); // somebody else's

    // A login within the leeway cannot be told from a token of before: it is refused, and told when to come again.
    const { code, headers } = await call(edge, await issue('f', sub, now()));
    assert.equal(code, 'token_revoked');
    const retryAfter = Number(headers.get('retry-after'));
    assert.ok(retryAfter >= 1 && retryAfter <= 6, `${retryAfter} s`);
  });

  test('nothing of the kind by a token that is revoked or expired', async () => {
    const sub = randomUUID();
    const [stolen, phone] = await Promise.all([issue('a', sub), issue('b', sub)]);
    const expired = await issue('a', sub, now() - 700);
    await logout(edge, stolen);
    const replayed = await logout(edge, stolen, { scope: 'everywhere' });
    assert.deepEqual(replayed.body.tokens, [{ source: 'cookie', outcome: 'refused', code: 'token_revoked' }]);
    assert.equal((await logout(edge, expired, { scope: 'everywhere' })).body.tokens[0].outcome, 'expired');
    assert.equal((await call(edge, phone)).status, 200);
  });

  test('not to a claim that is not there', async () => {
    const mine = await token();
    const answer = await logout(edge, mine, { scope: 'session' });
    assert.deepEqual(answer.body.tokens, [{ source: 'cookie', outcome: 'refused', code: 'claim_missing' }]);
  });

  test('and an unknown scope is refused', async () => {
    const answer = await logout(edge, await token(), { scope: 'galaxy' });
    assert.deepEqual([answer.status, answer.code], [400, 'parameter_invalid']);
  });
});

describe('a logout with a broken token still logs the browser out', () => {
  const broken: Record<string, [() => Promise<string>, string, string | undefined]> = {
    garbled: [async () => 'garbage', 'refused', 'token_segments'],
    oversized: [async () => 'x'.repeat(9000), 'refused', 'token_too_large'],
    expired: [() => token({ claims: { iat: now() - 800, exp: now() - 200 } }), 'expired', undefined],
    'wrongly signed': [() => token({ key: new Uint8Array(32) }), 'refused', 'signature_invalid'],
    'of a foreign issuer': [() => token({ claims: { iss: 'https://evil.example' } }), 'refused', 'issuer_unknown'],
  };
  for (const [name, [make, outcome, code]] of Object.entries(broken)) {
    test(name, async () => {
      const before = await edge.entries();
      const answer = await logout(edge, await make());
      assertBrowserCleared(answer);
      assert.deepEqual(answer.body.tokens, [{ source: 'cookie', outcome, ...(code ? { code } : {}) }]);
      assert.equal(answer.body.revoked_at, undefined);
      assert.equal((await edge.entries()).length, before.length);
    });
  }

  test('absent', async () => {
    const answer = await post(edge, '/auth/logout', {}, sameOrigin);
    assertBrowserCleared(answer);
    assert.equal(answer.body.outcome, 'no_token');
  });
});

describe('refuses', () => {
  test('another site, and the token lives on', async () => {
    const mine = await token();
    const attacks: HeadersInit[] = [
      { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' },
      { 'sec-fetch-site': 'same-site', origin: 'https://blog.example' },
      { 'sec-fetch-site': 'cross-site', origin: 'null' },
      { origin: 'https://evil.example' },
      {}, // a cookie, and no word of where it comes from
    ];
    for (const headers of attacks) {
      const answer = await post(edge, '/auth/logout', {}, { ...headers, cookie: `session=${mine}` });
      assert.deepEqual([answer.status, answer.code], [403, 'cross_site_refused'], JSON.stringify(headers));
      assert.deepEqual(answer.headers.getSetCookie(), []);
      assert.equal(answer.headers.get('clear-site-data'), null);
    }
    assert.equal((await call(edge, mine)).status, 200);
  });

  test('but not an allowed origin, whose page may read the answer', async () => {
    const headers = { 'sec-fetch-site': 'cross-site', origin: 'https://app.example' };
    const answer = await post(edge, '/auth/logout', {}, { ...headers, cookie: `session=${await token()}` });
    assert.equal(answer.body.outcome, 'revoked');
    assert.equal(answer.headers.get('access-control-allow-origin'), 'https://app.example');
    assert.equal(answer.headers.get('access-control-allow-credentials'), 'true');
    assert.match(answer.headers.get('vary') ?? '', /Origin/);
  });

  test('other methods, other bodies, too much of one', async () => {
    const wrong = await get(edge, '/auth/logout');
    assert.deepEqual([wrong.status, wrong.code, wrong.headers.get('allow')], [405, 'method_not_allowed', 'POST']);
    const json = await post(edge, '/auth/logout', '{}', { ...sameOrigin, 'content-type': 'application/json' });
    assert.deepEqual([json.status, json.code], [415, 'body_not_form']);
    const huge = await post(edge, '/auth/logout', { token: 'x'.repeat(100_000) }, sameOrigin);
    assert.deepEqual([huge.status, huge.code], [413, 'body_too_large']);
    const twice = await post(edge, '/auth/logout', 'token=a&token=b', {
      ...sameOrigin,
      'content-type': 'application/x-www-form-urlencoded',
    });
    assert.deepEqual([twice.status, twice.code], [400, 'parameter_invalid']);
  });
});

test('while the store fails nothing is acknowledged, and the cookie stays for another try', async () => {
  const mine = await token();
  await edge.fault('write');
  let answer: Answer;
  try {
    answer = await logout(edge, mine);
  } finally {
    await edge.fault(undefined);
  }
  assert.deepEqual([answer.status, answer.code], [503, 'store_unavailable']);
  assert.match(answer.headers.get('retry-after') ?? '', /^\d+$/);
  assert.deepEqual(answer.headers.getSetCookie(), []);
  assert.equal(answer.headers.get('clear-site-data'), null);
  // Whoever asked for it wanted no less.
  assert.equal((await call(edge, mine)).code, 'token_revoked');

  const before = (await edge.entries()).length;
  assertBrowserCleared(await logout(edge, mine));
  assert.equal((await edge.entries()).length, before + 1);
});
