/** `POST /auth/handle`, and what a logout makes of a handle, as docs/http.md tells it. */
import assert from 'node:assert/strict';
import { createHmac, randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { keyOf } from './ids.ts';
import { type Answer, call, get, logout, post } from './requests.ts';
import { type Edge, PEPPER, start } from './server.ts';
import { now, token } from './tokens.ts';

let edge: Edge;
before(async () => {
  edge = await start();
});
after(() => edge.stop());

const sameOrigin = { 'sec-fetch-site': 'same-origin' };

/** Asks for a handle as a browser does: from our own page, the token in the HttpOnly cookie. */
function mint(edge: Edge, token: string, form: Record<string, string> = {}): Promise<Answer> {
  return post(edge, '/auth/handle', form, { ...sameOrigin, cookie: `session=${token}` });
}

async function minted(edge: Edge, token: string, form: Record<string, string> = {}): Promise<string> {
  const { status, body } = await mint(edge, token, form);
  assert.equal(status, 200, JSON.stringify(body));
  return body.handle;
}

/** Logs out as a browser does that is online again: it has the handle and sends nothing else. */
function use(edge: Edge, handle: string): Promise<Answer> {
  return post(edge, '/auth/logout', { handle }, sameOrigin);
}

const inSession = (sid: string, claims = {}) => token({ claims: { sid, ...claims } });

/** What a handle says, without its tag. */
const bodyOf = (handle: string): Uint8Array => Buffer.from(handle, 'base64url').subarray(0, -16);

/** The tag of `of` behind `body`: a handle, if they are the same and the pepper is ours. */
function sealed(body: Uint8Array, pepper = PEPPER, of = body): string {
  const tag = createHmac('sha256', pepper).update('quash/handle/v1\0').update(of).digest().subarray(0, 16);
  return Buffer.concat([body, tag]).toString('base64url');
}

function assertBrowserLeftAlone(answer: Answer): void {
  assert.deepEqual(answer.headers.getSetCookie(), []);
  assert.equal(answer.headers.get('clear-site-data'), null);
}

async function assertRefused(handle: string, message?: string): Promise<void> {
  const entries = await edge.entries();
  const answer = await use(edge, handle);
  assert.deepEqual([answer.status, answer.body.outcome], [200, 'refused'], message);
  assert.deepEqual(answer.body.tokens, [{ source: 'handle', outcome: 'refused', code: 'handle_invalid' }], message);
  assert.equal(answer.body.revoked_at, undefined);
  assertBrowserLeftAlone(answer);
  assert.deepEqual(await edge.entries(), entries, message);
}

describe('a handle', () => {
  test('is minted without a trace, and revokes its token when it is used', async () => {
    const [mine, other] = await Promise.all([token(), token()]);
    const entries = await edge.entries();
    const { status, body, headers } = await mint(edge, mine);
    assert.deepEqual([status, headers.get('cache-control')], [200, 'no-store']);
    assert.deepEqual(headers.getSetCookie(), []);
    assert.deepEqual(Object.keys(body), ['handle', 'expires_at']);
    const { exp } = JSON.parse(Buffer.from(mine.split('.')[1]!, 'base64url').toString());
    assert.equal(body.expires_at, (exp + 5 + 60) * 1000); // the leeway, and the margin for clocks that differ
    assert.deepEqual(await edge.entries(), entries);
    assert.equal((await call(edge, mine)).status, 200);

    const used = await use(edge, body.handle);
    assert.deepEqual([used.status, used.body.outcome], [200, 'revoked']);
    assert.deepEqual(used.body.tokens, [{ source: 'handle', outcome: 'revoked' }]);
    assert.ok(Math.abs(used.body.revoked_at - Date.now()) < 60_000);
    assertBrowserLeftAlone(used);
    const refused = await call(edge, mine);
    assert.deepEqual([refused.status, refused.code], [401, 'token_revoked']);
    assert.equal((await call(edge, other)).status, 200);
  });

  test('says nothing of its token', async () => {
    const jti = randomUUID();
    const handle = Buffer.from(await minted(edge, await token({ claims: { jti } })), 'base64url').toString('latin1');
    assert.ok(!handle.includes(jti) && !handle.includes('ann@example.com'));
  });

  test('leaves the entry that a logout leaves', async () => {
    const [sid, jti] = [randomUUID(), randomUUID()];
    const mine = await inSession(sid, { jti });
    const { revoked_at } = (await use(edge, await minted(edge, mine))).body;
    const { value } = (await edge.entries()).find(({ name }) => name === keyOf('token_id', jti))!;
    assert.match(value, new RegExp(`^1 always - \\d+ ${revoked_at} logout$`));
  });

  test('is as good in every place where a token may be', async () => {
    const [header, cookie, form] = await Promise.all([token(), token(), token()]);
    for (const [mine, body, headers] of [
      [header, {}, { authorization: `Bearer ${header}` }],
      [cookie, {}, { ...sameOrigin, cookie: `session=${cookie}` }],
      [form, { token: form }, sameOrigin],
    ] as const) {
      const answer = await post(edge, '/auth/handle', body, headers);
      await use(edge, answer.body.handle);
      assert.equal((await call(edge, mine)).code, 'token_revoked');
    }
  });

  test('covers every token of the request, however many', async () => {
    const tokens = await Promise.all(Array.from({ length: 6 }, () => inSession(randomUUID())));
    const [form, header, ...cookies] = tokens as [string, string, ...string[]];
    const answer = await post(
      edge,
      '/auth/handle',
      { token: form, scope: 'session' },
      { ...sameOrigin, authorization: `Bearer ${header}`, cookie: cookies.map((each) => `session=${each}`).join('; ') },
    );
    const entries = (await edge.entries()).length;
    const used = await use(edge, answer.body.handle);
    assert.deepEqual(used.body.tokens, [{ source: 'handle', outcome: 'revoked' }]);
    for (const each of tokens) assert.equal((await call(edge, each)).code, 'token_revoked');
    assert.equal((await edge.entries()).length, entries + 12);
  });

  test('of a token in the cookie and in the form names it once', async () => {
    const mine = await token();
    assert.equal(await minted(edge, mine, { token: mine }), await minted(edge, mine));
  });

  test('may be used twice', async () => {
    const handle = await minted(edge, await token());
    const first = await use(edge, handle);
    const entries = await edge.entries();
    const second = await use(edge, handle);
    assert.deepEqual([first.body.outcome, second.body.outcome], ['revoked', 'revoked']);
    assert.deepEqual(await edge.entries(), entries);
  });

  test('of a session revokes its tokens, and what it does not name lives on', async () => {
    const [sid, other] = [randomUUID(), randomUUID()];
    const [mine, sibling, stranger] = await Promise.all([inSession(sid), inSession(sid), inSession(other)]);
    const [narrow, wide] = [await mint(edge, mine), await mint(edge, mine, { scope: 'session' })];
    await use(edge, narrow.body.handle);
    assert.equal((await call(edge, sibling)).status, 200);
    // A token that is issued while this one lives is in the session, too.
    assert.ok(wide.body.expires_at > narrow.body.expires_at);

    await use(edge, wide.body.handle);
    assert.equal((await call(edge, sibling)).code, 'token_revoked');
    assert.equal((await call(edge, stranger)).status, 200);
  });

  test('of a token without a session names the token', async () => {
    const mine = await token();
    assert.equal(await minted(edge, mine, { scope: 'session' }), await minted(edge, mine));
  });

  test('that a thief has revokes again what it covers, and not what the user has opened since', async () => {
    const [sub, sid] = [randomUUID(), randomUUID()];
    const mine = await inSession(sid, { sub });
    const stolen = await minted(edge, mine, { scope: 'session' });
    await logout(edge, mine, { scope: 'session' });
    const fresh = await inSession(randomUUID(), { sub });
    for (const scope of ['token', 'session', 'everywhere']) {
      const answer = await post(edge, '/auth/logout', { handle: stolen, scope });
      assert.deepEqual(answer.body.tokens, [{ source: 'handle', outcome: 'revoked' }]);
      assert.equal((await call(edge, fresh)).status, 200, scope);
    }
    assert.equal((await call(edge, mine)).code, 'token_revoked');
    assert.equal((await call(edge, stolen)).code, 'token_segments');
  });
});

describe('a handle is not minted', () => {
  test('of no token', async () => {
    const { status, code } = await post(edge, '/auth/handle', {}, sameOrigin);
    assert.deepEqual([status, code], [401, 'token_missing']);
  });

  test('of tokens that do not verify, and of the dead; the first says why', async () => {
    const [forged, dead, good] = await Promise.all([
      token({ key: new Uint8Array(32) }),
      token({ claims: { iat: now() - 800, exp: now() - 200 } }),
      token(),
    ]);
    const outcome = async (cookie: string, form: string) => {
      const { status, code } = await mint(edge, cookie, { token: form });
      return [status, code];
    };
    assert.deepEqual(await outcome(forged, dead), [401, 'signature_invalid']);
    assert.deepEqual(await outcome(dead, forged), [401, 'token_expired']);
    assert.deepEqual(await outcome(dead, dead), [401, 'token_expired']);
    assert.deepEqual(await outcome('garbage', forged), [401, 'token_segments']);
    assert.equal(await minted(edge, forged, { token: good }), await minted(edge, good));
  });

  test('of a session, by a token that is revoked or that lets nobody in', async () => {
    const [sid, sub] = [randomUUID(), randomUUID()];
    const [stolen, sibling, foreign] = await Promise.all([
      inSession(sid, { sub }),
      inSession(sid, { sub }),
      inSession(sid, { aud: 'somebody else' }),
    ]);
    await logout(edge, stolen);
    const refusal = async (token: string) => (await mint(edge, token, { scope: 'session' })).code;
    assert.deepEqual([await refusal(stolen), await refusal(foreign)], ['token_revoked', 'audience_mismatch']);
    // It can be named itself: nothing comes of that.
    await use(edge, await minted(edge, stolen));
    assert.equal((await call(edge, sibling)).status, 200);
  });

  test('for everywhere, or for a scope that nobody knows', async () => {
    for (const scope of ['everywhere', 'galaxy', '']) {
      const { status, code } = await mint(edge, await token(), { scope });
      assert.deepEqual([status, code], [400, 'parameter_invalid'], scope);
    }
  });

  test('for another site', async () => {
    const mine = await token();
    for (const headers of [
      { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' },
      { 'sec-fetch-site': 'same-site', origin: 'https://blog.example' },
      {}, // a cookie, and no word of where it comes from
    ] as HeadersInit[]) {
      const answer = await post(edge, '/auth/handle', {}, { ...headers, cookie: `session=${mine}` });
      assert.deepEqual([answer.status, answer.code], [403, 'cross_site_refused'], JSON.stringify(headers));
      assert.equal(answer.headers.get('access-control-allow-origin'), null);
    }
  });

  test('by another method, or for a body that is no form', async () => {
    const { status, code, headers } = await get(edge, '/auth/handle');
    assert.deepEqual([status, code, headers.get('allow')], [405, 'method_not_allowed', 'POST']);
    const json = await post(edge, '/auth/handle', '{}', { ...sameOrigin, 'content-type': 'application/json' });
    assert.deepEqual([json.status, json.code], [415, 'body_not_form']);
  });
});

test('the page of an allowed origin may ask for a handle, use it, and read both answers', async () => {
  const headers = { 'sec-fetch-site': 'cross-site', origin: 'https://app.example' };
  const mine = await token();
  const answer = await post(edge, '/auth/handle', {}, { ...headers, cookie: `session=${mine}` });
  const used = await post(edge, '/auth/logout', { handle: answer.body.handle }, headers);
  const none = await post(edge, '/auth/handle', {}, headers);
  assert.deepEqual([answer.status, used.body.outcome, none.code], [200, 'revoked', 'token_missing']);
  for (const { headers } of [answer, used, none]) {
    assert.equal(headers.get('access-control-allow-origin'), 'https://app.example');
    assert.equal(headers.get('access-control-allow-credentials'), 'true');
    assert.match(headers.get('vary') ?? '', /Origin/);
  }
});

describe('a logout with a handle', () => {
  test('and a token revokes both, and clears the browser', async () => {
    const [before, mine] = await Promise.all([token(), token()]);
    const answer = await logout(edge, mine, { handle: await minted(edge, before) });
    assert.deepEqual(answer.body.tokens, ['cookie', 'handle'].map((source) => ({ source, outcome: 'revoked' })));
    assert.equal(answer.headers.getSetCookie().length, 1);
    assert.equal(answer.headers.get('clear-site-data'), '"cookies", "storage"');
    for (const each of [before, mine]) assert.equal((await call(edge, each)).code, 'token_revoked');
  });

  test('of the very token that is presented writes one entry', async () => {
    const mine = await token();
    const handle = await minted(edge, mine);
    const entries = (await edge.entries()).length;
    assert.equal((await logout(edge, mine, { handle })).body.outcome, 'revoked');
    assert.equal((await edge.entries()).length, entries + 1);
  });

  test('and a token, one of which is refused, does what the other says', async () => {
    const [gone, mine] = await Promise.all([token(), token()]);
    const forgedToken = await logout(edge, 'garbage', { handle: await minted(edge, gone) });
    assert.deepEqual(forgedToken.body.tokens, [
      { source: 'cookie', outcome: 'refused', code: 'token_segments' },
      { source: 'handle', outcome: 'revoked' },
    ]);
    const forgedHandle = await logout(edge, mine, { handle: 'garbage' });
    assert.deepEqual(forgedHandle.body.tokens, [
      { source: 'cookie', outcome: 'revoked' },
      { source: 'handle', outcome: 'refused', code: 'handle_invalid' },
    ]);
    assert.deepEqual([forgedToken.body.outcome, forgedHandle.body.outcome], ['refused', 'refused']);
    for (const each of [gone, mine]) assert.equal((await call(edge, each)).code, 'token_revoked');
  });

  test('that is garbled, forged or changed is refused, and writes nothing', async () => {
    const mine = await token();
    const handle = await minted(edge, mine);
    const body = bodyOf(handle);
    assert.equal(sealed(body), handle);
    const forged = sealed(body, 'x'.repeat(32));
    const changed = (at: number) => sealed(body.map((byte, index) => (index === at ? byte ^ 1 : byte)), PEPPER, body);
    await assertRefused('garbage', 'garbled');
    await assertRefused(mine, 'a token');
    await assertRefused(handle.slice(0, -1), 'shortened');
    await assertRefused(`${handle}.`, 'lengthened');
    await assertRefused(forged, 'under another pepper');
    await assertRefused(`${handle}.${forged}`, 'with a forged one behind it');
    await assertRefused(changed(2), 'of another id');
    await assertRefused(changed(18), 'kept for longer');
    assert.equal((await call(edge, mine)).status, 200);
  });

  test('that has expired says so, and writes nothing', async () => {
    // Dead in five seconds: the leeway and the margin for clocks come after `exp`.
    const { body } = await mint(edge, await token({ claims: { iat: now() - 100, exp: now() - 60 } }));
    await sleep(body.expires_at - Date.now() + 10);
    const entries = await edge.entries();
    const answer = await use(edge, body.handle);
    assert.equal(answer.body.outcome, 'revoked');
    assert.deepEqual(answer.body.tokens, [{ source: 'handle', outcome: 'expired' }]);
    assert.equal(answer.body.revoked_at, undefined);
    assert.deepEqual(await edge.entries(), entries);
  });

  test('from another site is refused, and the token lives on', async () => {
    const mine = await token();
    const handle = await minted(edge, mine);
    const evil = { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' };
    const answer = await post(edge, '/auth/logout', { handle }, evil);
    assert.deepEqual([answer.status, answer.code], [403, 'cross_site_refused']);
    assert.equal((await call(edge, mine)).status, 200);
  });

  test('is not acknowledged while the store fails', async () => {
    const mine = await inSession(randomUUID());
    const handle = await minted(edge, mine, { scope: 'session' });
    const entries = await edge.entries();
    await edge.fault('write');
    let answer: Answer;
    try {
      answer = await use(edge, handle);
    } finally {
      await edge.fault(undefined);
    }
    assert.deepEqual([answer.status, answer.code], [503, 'store_unavailable']);
    assert.match(answer.headers.get('retry-after') ?? '', /^\d+$/);
    assertBrowserLeftAlone(answer);
    assert.deepEqual(await edge.entries(), entries);

    assert.equal((await use(edge, handle)).body.outcome, 'revoked');
    assert.equal((await edge.entries()).length, entries.length + 2);
  });
});

test('while the store cannot be read, a handle of a token is minted, and none of a session', async () => {
  const mine = await inSession(randomUUID());
  await edge.fault('read');
  let narrow: Answer, wide: Answer;
  try {
    [narrow, wide] = [await mint(edge, mine), await mint(edge, mine, { scope: 'session' })];
  } finally {
    await edge.fault(undefined);
  }
  assert.equal(narrow.status, 200);
  assert.deepEqual([wide.status, wide.code], [503, 'store_unavailable']);
});

test('a handle outlives a change of the pepper, and another deployment has none of it', async () => {
  const rotated = await start({ quash: { peppers: ['HS256_SECRET', 'QUASH_PEPPER'] } });
  try {
    const [mine, theirs] = await Promise.all([token(), token()]);
    const [old, foreign] = [await minted(edge, mine), await minted(rotated, theirs)];
    assert.equal((await use(rotated, old)).body.outcome, 'revoked');
    assert.equal((await call(rotated, mine)).code, 'token_revoked');
    await assertRefused(foreign);
  } finally {
    await rotated.stop();
  }
});
