/**
 * `GET /auth/status-lists/{n}`: each MUST of the Token Status List (draft-ietf-oauth-status-list) that is its publisher's.
 *
 * | section | shown by |
 * |---|---|
 * | 4.1: statuses are packed from the least significant bit, and compressed with zlib | `a token that was logged out is INVALID, and no other`, read by `@sd-jwt/jwt-status-list`; the vectors of appendix C: `crates/core/tests/status_lists.rs` |
 * | 4.2: `bits` and `lst` | `5.1: …` |
 * | 5.1: `typ`, `sub` (equal to the tokens' `uri`), `iat`, `status_list`; `exp` and `ttl` (RECOMMENDED, positive) | `5.1: …` |
 * | 5.1: MUST be signed | `5.1: …`, verified by `jose` |
 * | 7: VALID is 0, INVALID is 1 | `a token that was logged out …` |
 * | 8.1: GET and `Content-Type`; `Accept` | `8.1: …` |
 * | 8.1: gzip, CORS (SHOULD) | `8.1: compressed, and for any page` |
 * | 8.1: a successful answer has a status of 2xx | `8.1: …` |
 */
import assert from 'node:assert/strict';
import { createPublicKey, randomUUID } from 'node:crypto';
import { createServer, get as rawGet } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { inflateSync } from 'node:zlib';

import { StatusList, getListFromStatusListJWT, getStatusListFromJWT } from '@sd-jwt/jwt-status-list';
import { decodeJwt, jwtVerify } from 'jose';

import { ADMINISTRATOR, ask, basic, revokeMany, revokeOne } from './admin.ts';
import { SERVER } from './assertions.ts';
import { issuer, refresh, refreshToken, secrets } from './refresh.ts';
import { type Place, call, get, logout, post } from './requests.ts';
import { CLIENT, type Edge, GUARDS, start, startAll } from './server.ts';
import { configuredIssuers, now, signingKeys, token } from './tokens.ts';

const JWT = 'application/statuslist+jwt';
const SIZE = 1024;
/** So short that no copy is older than what a test waits for. */
const TTL = 1;
const MINE = 'https://mine.example';

const key = { kid: 'ES256', alg: 'ES256', secret: 'ES256_KEY' };
const other = { ...issuer('other', 'ES256', { grace: 0 }), status_issuer: { ...key, first: 2, size: SIZE, ttl: 86_400 } };
const mine = { ...issuer('mine', 'ES256', { grace: 0 }), status_issuer: { ...key, count: 2, size: SIZE, ttl: TTL } };
const quash = {
  server: { url: SERVER },
  clients: [{ ...ADMINISTRATOR, may: ['administer', 'revoke'] }],
  issuers: [mine, other, configuredIssuers[0]],
};

const uri = (list: number): string => `${SERVER}/auth/status-lists/${list}`;
const path = (list: number): string => `/auth/status-lists/${list}`;

/** Each session has a place of its own. */
let free = 0;
const place = (list = 0) => ({ status: { status_list: { uri: uri(list), idx: free++ } } });

/** A token of a session with such a place. */
const access = (status: object, claims: object = {}): Promise<string> =>
  token({ alg: 'ES256', claims: { iss: MINE, sid: randomUUID(), ...status, ...claims } });

/** What somebody else's library makes of the list. */
async function status(at: Place, text: string): Promise<number> {
  const { uri, idx } = getStatusListFromJWT(text);
  const { status, body } = await get(at, new URL(uri).pathname, { accept: JWT });
  assert.equal(status, 200, body);
  return getListFromStatusListJWT(body).getStatus(idx);
}

/** Waits until a list says so. Copies of it are as old as `TTL`. */
async function says(at: Place, text: string, expected: number): Promise<void> {
  for (let tries = 0; (await status(at, text)) !== expected; tries++) {
    assert.ok(tries < 200, `the list never says ${expected}`);
    await delay(100);
  }
}

for (const guard of GUARDS) describe(guard, () => {
  let edge: Edge;
  before(async () => {
    edge = await start({ guard, ledger: { max_staleness: 1 }, secrets, quash });
  });
  after(() => edge?.stop());

  test('5.1: a signed list that says what it is, and for how long', async () => {
    const before = now();
    const { body } = await get(edge, path(1));
    const { payload, protectedHeader } = await jwtVerify(body, createPublicKey(signingKeys.ES256), { typ: 'statuslist+jwt' });
    assert.deepEqual(protectedHeader, { typ: 'statuslist+jwt', alg: 'ES256', kid: 'ES256' });
    const { iat, exp, status_list, ...rest } = payload as { iat: number; exp: number; status_list: { bits: number; lst: string } };
    assert.deepEqual(rest, { iss: MINE, sub: uri(1), ttl: TTL });
    assert.ok(before <= iat && iat <= now() && exp > iat, `${before} ${iat} ${exp}`);
    assert.deepEqual(Object.keys(status_list), ['bits', 'lst']);
    assert.equal(status_list.bits, 1);
    assert.deepEqual(inflateSync(Buffer.from(status_list.lst, 'base64url')), Buffer.alloc(SIZE / 8));
  });

  test('8.1: what is asked for, and nothing else', async () => {
    for (const accept of [JWT, 'application/*', '*/*', `application/statuslist+cwt, ${JWT};q=0.1`]) {
      const { status, headers } = await get(edge, path(2), { accept });
      assert.deepEqual([status, headers.get('content-type')], [200, JWT], accept);
      assert.equal(headers.get('cache-control'), 'public, max-age=86400');
    }
    for (const accept of ['application/statuslist+cwt', 'text/html', `${JWT};q=0, */*`]) {
      const refused = await get(edge, path(2), { accept });
      assert.deepEqual([refused.status, refused.code], [406, 'not_acceptable'], accept);
    }
    const posted = await post(edge, path(2), {});
    assert.deepEqual([posted.status, posted.code, posted.headers.get('allow')], [405, 'method_not_allowed', 'GET, HEAD']);
    for (const number of ['3', '00', '-1', 'x', '', '0/', '0x0', '99999999999999999999']) {
      const { status, code } = await get(edge, `/auth/status-lists/${number}`);
      assert.deepEqual([status, code], [404, 'status_list_unknown'], number);
    }
    const head = await fetch(edge.url + path(2), { method: 'HEAD' });
    assert.deepEqual([head.status, head.headers.get('content-type'), await head.text()], [200, JWT, '']);
  });

  test('8.1: compressed, and for any page', async () => {
    const { headers, body } = await get(edge, path(2), { origin: 'https://wallet.example' });
    assert.equal(headers.get('access-control-allow-origin'), '*');
    // Of who takes no gzip only Cloudflare knows, and undoes it: to Workers, and in wrangler, all requests say that they take it.
    const encoding = await new Promise<string | undefined>((done, reject) => {
      rawGet(edge.url + path(2), { headers: { 'accept-encoding': 'gzip' } }, (answer) => {
        answer.resume();
        done(answer.headers['content-encoding']);
      }).on('error', reject);
    });
    assert.equal(encoding, 'gzip');
    assert.ok(body.length > 100);
  });

  test('a token that was logged out is INVALID, and no other', async () => {
    const [before, text, behind] = [await access(place()), await access(place()), await access(place())];
    assert.equal((await logout(edge, text)).body.outcome, 'revoked');
    await says(edge.other, text, 1);
    for (const neighbour of [before, behind]) assert.equal(await status(edge.other, neighbour), 0);
    assert.equal((await call(edge, behind)).status, 200);
  });

  test('where the index is a session’s, its logout is one for all of its tokens', async () => {
    const [session, sid] = [place(), randomUUID()];
    const first = await refreshToken('mine', { alg: 'ES256', claims: { sid, ...session } });
    const { body } = await refresh(edge, first);
    for (const carried of [body.access_token, body.refresh_token]) assert.deepEqual(decodeJwt(carried)['status'], session.status);
    assert.equal((await logout(edge, body.access_token, { scope: 'session' })).body.outcome, 'revoked');
    await says(edge, body.refresh_token, 1);
  });

  test('whoever else ends a token that is presented', async () => {
    const credentials = basic(CLIENT.id, CLIENT.secret);
    const ended: Record<string, (text: string) => Promise<{ readonly status: number }>> = {
      'by a client': (text) => post(edge, '/auth/revoke', { token: text }, credentials),
      'by an administrator': (text) => revokeOne(edge, { token: text }),
      'by an administrator, with others': (text) => revokeMany(edge, [{ token: 'garbled' }, { token: text }]),
      'everywhere': (text) => logout(edge, text, { scope: 'everywhere' }),
    };
    for (const [how, end] of Object.entries(ended)) {
      const text = await access(place(1), { sub: randomUUID() });
      assert.equal((await end(text)).status, 200, how);
      await says(edge, text, 1);
    }
    const first = await refreshToken('mine', { alg: 'ES256', claims: place(1) });
    const next = (await refresh(edge, first)).body.refresh_token;
    assert.equal((await refresh(edge, first)).code, 'refresh_token_reused');
    await says(edge, next, 1);
  });

  test('what goes on stays VALID: the session that logs the others out, and what nobody may mark', async () => {
    const own = await access(place());
    assert.equal((await logout(edge, own, { scope: 'others' })).body.outcome, 'revoked');
    const target = await access(place());
    const { status_list } = (decodeJwt(target)['status'] as any);
    // By another issuer's token, by one that is not signed so, by one that is dead.
    const foreign = await token({ alg: 'ES256', claims: { iss: 'https://other.example', status: { status_list } } });
    assert.equal((await logout(edge, foreign)).body.outcome, 'revoked');
    const unpublished = await token({ claims: { status: { status_list } } });
    assert.equal((await logout(edge, unpublished)).body.outcome, 'revoked');
    const forged = await token({ alg: 'ES256', key: signingKeys.HS256, header: { alg: 'HS256' }, claims: { iss: MINE, status: { status_list } } });
    assert.equal((await logout(edge, forged)).body.outcome, 'refused');
    const dead = await access({ status: { status_list } }, { iat: now() - 800, exp: now() - 200 });
    assert.equal((await logout(edge, dead)).body.outcome, 'revoked');
    // What has no place in a list of ours is logged out all the same.
    for (const strange of [{ uri: uri(0), idx: SIZE }, { uri: uri(2), idx: 0 }, { uri: 'https://else.example/1', idx: 0 }, 'none']) {
      const text = await access({ status: { status_list: strange } });
      assert.equal((await logout(edge, text)).body.outcome, 'revoked');
      assert.equal((await call(edge, text)).code, 'token_revoked');
    }
    const last = await access(place());
    await logout(edge, last);
    await says(edge, last, 1);
    assert.deepEqual([await status(edge, own), await status(edge, target)], [0, 0]);
  });

  test('what was a mistake is VALID again, and can be revoked anew', async () => {
    const text = await access(place());
    const { id } = (await revokeOne(edge, { token: text })).body;
    await says(edge, text, 1);
    assert.equal((await ask(edge.other, 'DELETE', `/revocations/${id}`)).status, 200);
    await says(edge, text, 0);
    assert.equal((await revokeOne(edge, { token: text })).status, 200);
    await says(edge, text, 1);
  });

  for (const scope of ['token', 'session', 'everywhere']) test(`a logout that the list does not take is not acknowledged, and completed by the next: ${scope}`, async () => {
    const text = await access(place(), { sid: randomUUID(), sub: randomUUID() });
    await edge.ledgerFault('lists');
    try {
      const { status, code, headers } = await logout(edge, text, { scope });
      assert.deepEqual([status, code, headers.has('retry-after')], [503, 'store_unavailable', true]);
      // For us it is revoked in any case.
      assert.equal((await call(edge, text)).code, 'token_revoked');
      // A list that cannot be read is not an empty one.
      for (let tries = 0; ; tries++) {
        const read = await get(edge, path(0));
        if (read.status === 503) break;
        assert.ok(tries < 200, 'a copy goes on for ever');
        await delay(100);
      }
    } finally {
      await edge.ledgerFault(undefined);
    }
    assert.equal((await logout(edge, text, { scope })).body.outcome, 'revoked');
    await says(edge, text, 1);
  });

  test('it is durable, and ends with what was revoked', async () => {
    const [text, good] = [await access(place()), await access(place())];
    assert.equal((await logout(edge, text)).status, 200);
    edge = await edge.restart();
    await says(edge, text, 1);
    assert.equal(await status(edge, good), 0);
  });

  test('a list is no access token, and no logout', async () => {
    const { body } = await get(edge, path(0));
    assert.equal((await call(edge, body)).status, 401);
  });

  test('without lists of anybody’s the path is the origin’s', async () => {
    edge = await edge.restart({ quash: { ...quash, issuers: [configuredIssuers[0]] } });
    assert.equal((await get(edge, path(0))).code, 'token_missing');
  });
});

/** As `crates/engine/src/ledger.rs` has them. Any object of the ledger's class can keep a list. */
test('the object: a place is marked for as long as one entry marks it', async () => {
  const edge = await start({ ledger: {}, secrets, quash });
  try {
    const mark = async (index: number, id: string, expires: number, revoked = 1000) => {
      const body = `${index} r1/${id.repeat(16)} 1 always - ${expires} ${revoked} logout\n`;
      const { status } = await edge.ledger('9/mark?count=1', { method: 'POST', body });
      return status;
    };
    const marked = async (size = SIZE): Promise<number[]> => {
      const answer = await edge.ledger(`9/status-list/${size}?count=1`);
      const list = Buffer.from(await answer.arrayBuffer());
      assert.equal(list.length, size / 8);
      return [...Array(size).keys()].filter((index) => list[index >> 3]! & (1 << (index & 7)));
    };
    const far = Date.now() + 3_600_000;
    assert.deepEqual(await marked(), []);
    assert.equal(await mark(7, 'a1', far), 200);
    assert.equal(await mark(8, 'a2', Date.now() - 1), 200);
    assert.equal(await mark(9, 'a3', Date.now() + 3000), 200);
    assert.equal(await mark(9, 'a4', far), 200);
    assert.equal(await mark(10, 'a6', Date.now() + 3000), 200);
    assert.deepEqual(await marked(), [7, 9, 10], 'what has expired marks nothing');
    assert.equal(await mark(7, 'a5', far, 5000), 200);
    assert.equal(await mark(7, 'a5', Date.now() - 1, 2000), 200, 'a later one does not shorten it');
    const unmark = (id: string, lifted: number) =>
      edge.ledger('9/unmark?count=1', { method: 'POST', body: `r1/${id.repeat(16)} 1 always - ${far} ${lifted} logout\n` });
    assert.equal((await unmark('a5', 4999)).status, 200);
    assert.equal((await unmark('a1', 1000)).status, 200);
    assert.deepEqual(await marked(), [7, 9, 10], 'what was revoked anew since is not lifted');
    assert.equal((await unmark('a5', 5000)).status, 200);
    assert.deepEqual(await marked(), [9, 10]);
    assert.deepEqual(await marked(2 * SIZE), [9, 10], 'a list may grow');
    assert.deepEqual(await marked(8), [], 'and shrink');
    await delay(3_100);
    assert.deepEqual(await marked(), [9], 'one of two has expired, and the only one of the other');
    for (const body of ['', 'x', '1 r1/00 1', `-1 r1/${'a1'.repeat(16)} 1 always - ${far} 1 logout\n`]) {
      const { status } = await edge.ledger('9/mark?count=1', { method: 'POST', body });
      assert.equal(status, body === '' ? 200 : 400, body);
    }
  } finally {
    await edge.stop();
  }
});

/** The checker knows nothing of the logout but what the list says: it has a denylist of its own. */
for (const guard of GUARDS) test(`what one deployment publishes, another goes by, ${guard}`, async () => {
  let publisher: Edge | undefined;
  // The name that both know it by, before it has a port.
  const front = createServer(async ({ url }, response) => {
    const answer = await fetch(`${publisher?.url}${url}`);
    response.writeHead(answer.status, { 'Content-Type': answer.headers.get('content-type') ?? '' }).end(await answer.text());
  });
  await new Promise<void>((listening) => front.listen(0, '127.0.0.1', listening));
  const url = `http://127.0.0.1:${(front.address() as AddressInfo).port}`;
  const { refresh, ...terms } = issuer('mine', 'ES256');
  let checker: Edge | undefined;
  try {
    [publisher, checker] = await startAll(
      { ledger: { max_staleness: 1 }, secrets, quash: { ...quash, server: { url } } },
      { guard, quash: { issuers: [{ ...terms, status_lists: { uris: [`${url}/auth/status-lists/`], required: true } }] } },
    );
    const at = (list: number) => ({ status: { status_list: { uri: `${url}${path(list)}`, idx: free++ } } });
    const [mine, others] = [await access(at(1)), await access(at(1))];
    for (const text of [mine, others]) assert.equal((await call(checker, text)).status, 200);
    assert.equal((await logout(publisher, mine)).status, 200);
    for (let tries = 0; (await call(checker, mine)).code !== 'token_revoked'; tries++) {
      assert.ok(tries < 300, 'the checker never hears of it');
      await delay(100);
    }
    assert.equal((await call(checker, others)).status, 200);
    assert.equal((await call(checker, await access(at(7)))).code, 'status_list_unavailable', 'there is no such list');
  } finally {
    await Promise.all([publisher?.stop(), checker?.stop()]);
    front.closeAllConnections();
    front.close();
  }
});

test('what this rests on: the library reads what is INVALID', () => {
  assert.deepEqual(new StatusList([0, 1], 1).getStatus(1), 1);
});
