/**
 * What Quash is protected against, tried as an attacker would, on the Worker as it is deployed and on the guard in Rust: who signs
 * nothing, who has found a token, another site's page, who captures what others send, and who just floods.
 */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { type ClientRequest, request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { after, before, describe, test } from 'node:test';

import { HERE, POSTED, deployment, logoutToken, securityEvent, useless } from './abuse.ts';
import { asserted, assertion } from './assertions.ts';
import { faults, newKey, startIssuer } from './issuer.ts';
import { type Answer, call, get, logout, post } from './requests.ts';
import { CLIENT, type Edge, GUARDS, start } from './server.ts';
import { ISSUER, now, token } from './tokens.ts';

const ALLOWED = 'https://app.example';
const basic = (secret: string, id: string = CLIENT.id) => ({
  authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`,
});
/** All of an answer that a stranger can see, but for the time. */
function seen({ status, headers, body }: Answer): string {
  return JSON.stringify([status, [...headers].filter(([name]) => name !== 'date'), body]);
}

for (const guard of GUARDS) describe(guard, { concurrency: false }, () => {
  let edge: Edge;
  before(async () => {
    edge = await start({ guard, heard: true, ...deployment });
  });
  after(() => edge?.stop());

  const writes = async () => (await edge.heard()).writes.filter((write) => !isOfTheLog(write));

  describe('who may not', () => {
    test('revokes nothing with a token that is not good, wherever it is brought', async () => {
      const [sub, sid, jti] = [randomUUID(), randomUUID(), randomUUID()];
      const mine = await token({ claims: { sub, sid, jti } });
      const before = await writes();
      for (const [kind, bad] of Object.entries(await useless(sub, sid, jti))) {
        const own = { 'sec-fetch-site': 'same-origin' };
        const bearer = { authorization: `Bearer ${bad}` };
        for (const scope of ['token', 'session', 'everywhere']) {
          for (const answer of [
            await post(edge, '/auth/logout', { scope }, { ...own, cookie: `session=${bad}` }),
            await post(edge, '/auth/logout', { scope, token: bad }),
            await post(edge, '/auth/logout', { scope }, bearer),
          ]) {
            assert.equal(answer.status, 200, `${kind}: ${JSON.stringify(answer.body)}`);
            assert.equal(answer.body.revoked_at, undefined, `${kind}: ${JSON.stringify(answer.body)}`);
          }
        }
        assert.equal((await post(edge, '/auth/logout', { handle: bad })).body.outcome, 'refused', kind);
        for (const scope of ['token', 'session']) {
          const answer = await post(edge, '/auth/handle', { scope, token: bad });
          assert.equal(answer.status, 401, `${kind}: ${JSON.stringify(answer.body)}`);
        }
        assert.equal((await post(edge, '/auth/revoke', { token: mine }, bearer)).code, 'client_unknown', kind);
        assert.equal((await post(edge, '/auth/revoke', { token: bad }, basic(CLIENT.secret))).status, 200, kind);
        assert.deepEqual((await post(edge, '/auth/introspect', { token: bad }, basic(CLIENT.secret))).body, { active: false }, kind);
        assert.equal((await post(edge, '/auth/introspect', { token: mine }, bearer)).code, 'client_unknown', kind);
        assert.equal((await post(edge, '/auth/backchannel-logout', { logout_token: bad })).status, 400, kind);
        assert.equal((await post(edge, '/auth/events', bad, { 'content-type': 'application/secevent+jwt' })).status, 400, kind);
        const subject = JSON.stringify({ sub_id: { format: 'iss_sub', iss: ISSUER, sub } });
        const asks = { 'content-type': 'application/json', ...bearer };
        assert.equal((await post(edge, '/auth/global-token-revocation', subject, asks)).status, 401, kind);
        assert.equal((await get(edge, '/auth/verify', { 'x-forwarded-uri': '/api', ...bearer })).status, 401, kind);
        assert.equal((await call(edge, bad)).status, 401, kind);
      }
      assert.deepEqual(await writes(), before);
      assert.equal((await call(edge, mine)).status, 200);
    });

    test('logs nobody out everywhere by a token that was revoked, or has expired', async () => {
      const [sub, sid] = [randomUUID(), randomUUID()];
      const claims = { sub, sid };
      const [stolen, mine] = [await token({ claims }), await token({ claims })];
      assert.equal((await logout(edge, stolen)).body.outcome, 'revoked');
      const before = await writes();
      const dead = await token({ claims: { ...claims, iat: now() - 800, exp: now() - 400 } });
      for (const [bad, outcome] of [[stolen, 'refused'], [dead, 'expired']] as const) {
        for (const scope of ['session', 'everywhere']) {
          const { body } = await logout(edge, bad, { scope });
          assert.equal(body.tokens[0].outcome, outcome, JSON.stringify(body));
        }
        assert.equal((await post(edge, '/auth/handle', { scope: 'session', token: bad })).status, 401);
      }
      assert.deepEqual(await writes(), before);
      assert.equal((await call(edge, mine)).status, 200);
    });

    test('revokes no token of another client, and is not told of one of another audience', async () => {
      const theirs = await token({ claims: { client_id: 'somebody-else' } });
      const before = await writes();
      assert.equal((await post(edge, '/auth/revoke', { token: theirs }, basic(CLIENT.secret))).code, 'client_mismatch');
      assert.deepEqual(await writes(), before);
      assert.equal((await call(edge, theirs)).status, 200);
    });

    test('is told nothing by which one that is revoked, expired, unknown or good differs', async () => {
      const good = await token();
      const revoked = await token();
      assert.equal((await logout(edge, revoked)).status, 200);
      const dead = await token({ claims: { iat: now() - 800, exp: now() - 400 } });
      const tokens = [good, revoked, dead, await token({ key: new TextEncoder().encode('a key of the stranger’s own, 32 bytes') }), 'x'];
      const alike = async (what: string, ask: (text: string) => Promise<Answer>) => {
        const answers = new Set<string>();
        for (const text of tokens) answers.add(seen(await ask(text)));
        assert.equal(answers.size, 1, `${what}: ${[...answers].join('\n')}`);
      };
      await alike('revoke, as nobody', (token) => post(edge, '/auth/revoke', { token }));
      await alike('introspect, as nobody', (token) => post(edge, '/auth/introspect', { token }));
      await alike('introspect, as an impostor', (token) => post(edge, '/auth/introspect', { token }, basic('x'.repeat(32))));
      await alike('revoke, as a client', (token) => post(edge, '/auth/revoke', { token }, basic(CLIENT.secret)));
      await alike('a page of another site', (token) =>
        post(edge, '/auth/logout', {}, { cookie: `session=${token}`, 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }),
      );
      const subjects = [{ format: 'iss_sub', iss: ISSUER, sub: 'ann@example.com' }, { format: 'iss_sub', iss: 'x', sub: 'y' }, 1, null];
      const answers = new Set<string>();
      for (const sub_id of subjects) {
        const answer = await post(edge, '/auth/global-token-revocation', JSON.stringify({ sub_id }), { 'content-type': 'application/json' });
        answers.add(seen(answer));
      }
      assert.equal(answers.size, 1, [...answers].join('\n'));
    });

    test('does not find out by forgeries what was revoked', async () => {
      const [jti, gone] = [randomUUID(), randomUUID()];
      assert.equal((await logout(edge, await token({ claims: { jti: gone } }))).status, 200);
      const forged = (jti: string) => token({ claims: { jti }, key: new TextEncoder().encode('a key of the stranger’s own, 32 bytes') });
      for (const ask of [
        (text: string) => call(edge, text),
        (text: string) => get(edge, '/auth/verify', { 'x-forwarded-uri': '/api', authorization: `Bearer ${text}` }),
        (text: string) => post(edge, '/auth/logout', { token: text }),
        (text: string) => post(edge, '/auth/handle', { token: text }),
      ]) {
        assert.equal(seen(await ask(await forged(jti))), seen(await ask(await forged(gone))));
      }
    });

    test('finds no client by a wrong secret', async () => {
      const answers = new Set<string>();
      for (const id of [CLIENT.id, 'signing', 'nobody', '', 'backend\u0000']) {
        for (const secret of ['', 'x', CLIENT.secret.slice(0, -1), `${CLIENT.secret}x`, CLIENT.secret.toUpperCase()]) {
          answers.add(seen(await post(edge, '/auth/revoke', { token: 'x' }, basic(secret, id))));
          answers.add(seen(await post(edge, '/auth/revoke', { token: 'x', client_id: id, client_secret: secret })));
        }
      }
      assert.equal(answers.size, 1, [...answers].join('\n'));
    });
  });

  describe('a page of another site', () => {
    const sites = [undefined, 'none', 'same-origin', 'same-site', 'cross-site', 'nonsense'];
    const origins = () => [
      undefined, edge.url, ALLOWED, 'null', '', 'https://evil.example', `${edge.url}.evil.example`, `${ALLOWED}.evil.example`,
      `https://evil.example/${ALLOWED}`, `${ALLOWED}:8443`, 'http://app.example', 'https://APP.example', `${ALLOWED}/`, `${ALLOWED} https://evil.example`,
    ];

    test('has nobody logged out, and no handle, whatever it is taken for', async () => {
      const refused: string[] = [];
      for (const site of sites) {
        for (const origin of origins()) {
          const mine = await token();
          const headers = { cookie: `session=${mine}`, ...(site && { 'sec-fetch-site': site }), ...(origin !== undefined && { origin }) };
          // Whoever sends it, a browser says `same-origin` of no other site's page; and these are the origins that are named.
          const may = site === 'same-origin' || origin === edge.url || origin === ALLOWED;
          const handle = await post(edge, '/auth/handle', {}, headers);
          const answer = await post(edge, '/auth/logout', {}, headers);
          const what = `${site} ${origin}`;
          assert.equal(handle.status, may ? 200 : 403, what);
          assert.equal(answer.status, may ? 200 : 403, what);
          if (!may) {
            assert.equal(answer.code, 'cross_site_refused', what);
            for (const name of ['set-cookie', 'clear-site-data']) assert.equal(answer.headers.get(name), null, what);
            assert.equal((await call(edge, mine)).status, 200, what);
            refused.push(what);
          }
        }
      }
      assert.ok(refused.length > 50, `${refused.length}`);
    });

    test('reads an answer only where it is named', async () => {
      for (const origin of origins()) {
        if (origin === undefined) continue;
        for (const path of ['logout', 'handle', 'revoke', 'introspect', 'events', 'backchannel-logout', 'healthz']) {
          const method = path === 'healthz' ? 'GET' : 'POST';
          const answer: Response = await fetch(`${edge.url}/auth/${path}`, { method, headers: { origin } });
          const allowed: boolean = origin === ALLOWED && ['logout', 'handle', 'token'].includes(path);
          const header = (name: string): string | null => answer.headers.get(name);
          assert.equal(header('access-control-allow-origin'), allowed ? ALLOWED : null, `${path} ${origin}`);
          assert.equal(header('access-control-allow-credentials'), allowed ? 'true' : null, `${path} ${origin}`);
          assert.equal(header('vary')?.includes('Origin') ?? false, allowed, `${path} ${origin}`);
        }
      }
    });

    test('is granted nothing by a preflight', async () => {
      for (const path of Object.keys(POSTED)) {
        for (const origin of ['https://evil.example', 'null', ALLOWED]) {
          const headers = { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization' };
          const answer = await fetch(`${edge.url}/auth/${path}`, { method: 'OPTIONS', headers });
          assert.equal(answer.status, 405, path);
          assert.equal(answer.headers.get('access-control-allow-headers'), null, path);
          assert.equal(answer.headers.get('access-control-allow-methods'), null, path);
        }
      }
    });
  });

  describe('a body', () => {
    /** Begins with a request, and leaves it to whoever asks to go on. */
    const begin = (path: string, type: string, headers: Record<string, string> = {}): ClientRequest =>
      httpRequest(`${edge.url}/auth/${path}`, { method: 'POST', headers: { 'content-type': type, ...headers } });

    for (const [path, type] of Object.entries(POSTED)) {
      test(`that is too long is not taken: ${path}`, async () => {
        // Longer than any, and not so long that it is cut off on its way: then nobody would hear the answer.
        const long = 'a'.repeat(40 * 1024);
        const { status, code } = await post(edge, `/auth/${path}`, long, { 'content-type': type });
        assert.deepEqual([status, code], [413, 'body_too_large']);
        // In a chunk, so that nobody says how long it will be before it is there. Written at once, by hand: whoever still writes when he is
        // answered does not hear it.
        const socket = connect(Number(new URL(edge.url).port), '127.0.0.1').setEncoding('latin1').setTimeout(10_000);
        let answer = '';
        socket.on('data', (text) => (answer += text)).on('error', () => {}).on('timeout', () => socket.destroy());
        const head = `POST /auth/${path} HTTP/1.1\r\nHost: edge.example\r\nContent-Type: ${type}\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n`;
        socket.write(`${head}${long.length.toString(16)}\r\n${long}\r\n0\r\n\r\n`);
        await once(socket, 'close');
        assert.match(answer, /^HTTP\/1\.1 413 [^]*"code":"body_too_large"/);
      });
    }

    test('that never ends keeps nobody else waiting', async () => {
      const stalled = Object.entries(POSTED).flatMap(([path, type]) => [1, 2, 3].map(() => begin(path, type)));
      for (const request of stalled) {
        request.on('error', () => {});
        request.write('token=');
      }
      const mine = await token();
      assert.equal((await call(edge, mine)).status, 200);
      assert.equal((await logout(edge, mine)).body.outcome, 'revoked');
      assert.equal((await call(edge, mine)).code, 'token_revoked');
      for (const request of stalled) request.destroy();
      assert.equal((await call(edge, await token())).status, 200);
    });
  });

  describe('who captures what others send', () => {
    test('ends nothing that was begun since: a logout, an event', async () => {
      const [sub, sid] = [randomUUID(), randomUUID()];
      const before = now() - 30;
      const captured = await logoutToken({ claims: { sub, sid: undefined, iat: before } });
      const event = await securityEvent({ claims: { sub, iat: before } });
      const old = await token({ claims: { sub, sid, iat: now() - 60 } });
      const send = async () => [
        (await post(edge, '/auth/backchannel-logout', { logout_token: captured })).status,
        (await post(edge, '/auth/events', event, { 'content-type': 'application/secevent+jwt' })).status,
      ];
      assert.deepEqual(await send(), [200, 202]);
      assert.equal((await call(edge, old)).code, 'token_revoked');
      const mine = await token({ claims: { sub, sid } });
      assert.deepEqual(await send(), [200, 202]);
      assert.equal((await call(edge, mine)).status, 200);
    });

    test('is no client by an assertion that has been used, however many try at once', async () => {
      const used = await assertion();
      const answers = await Promise.all(
        Array.from({ length: 20 }, () => post(edge, '/auth/introspect', { token: 'x', ...asserted(used) })),
      );
      assert.equal(answers.filter(({ status }) => status === 200).length, 1);
      assert.equal(answers.filter(({ code }) => code === 'client_unknown').length, 19);
    });

    test('is no issuer by a logout token, an event, an assertion or an access token in a credential’s place', async () => {
      const sub = randomUUID();
      const mine = await token({ claims: { sub } });
      const body = JSON.stringify({ sub_id: { format: 'iss_sub', iss: ISSUER, sub } });
      for (const text of [
        await logoutToken({ claims: { aud: HERE, sub } }),
        await securityEvent({ claims: { aud: HERE, sub } as { sub: string } }),
        await assertion({ claims: { aud: HERE } }),
        mine,
      ]) {
        const headers = { 'content-type': 'application/json', authorization: `Bearer ${text}` };
        assert.equal((await post(edge, '/auth/global-token-revocation', body, headers)).status, 401);
        assert.equal(text === mine, (await call(edge, text)).status === 200);
      }
    });
  });

  test('headers in our name reach no origin, and no verdict', async () => {
    const mine = await token();
    const names = ['Quash-Claims', 'quash-source', 'QUASH-CODE', 'Quash_Claims', 'quash_source', 'Quash-Anything', 'Quash-Read-At'];
    const forged = Object.fromEntries(names.map((name) => [name, 'forged']));
    const { body } = await get(edge, '/api', { authorization: `Bearer ${mine}`, ...forged });
    assert.equal(body.headers['quash-claims'], mine.split('.')[1]);
    assert.doesNotMatch(JSON.stringify(body.headers), /forged/);
    const anonymous = await get(edge, '/public/page', forged);
    assert.equal(anonymous.status, 200);
    assert.doesNotMatch(JSON.stringify(anonymous.body.headers), /quash|forged/i);
    assert.equal((await get(edge, '/api', forged)).code, 'token_missing');
    assert.equal((await get(edge, '/auth/verify', { 'x-forwarded-uri': '/api', ...forged })).status, 401);
    assert.equal((await get(edge, '/auth/verify', { 'x-forwarded-uri': '/api', ...forged })).headers.get('quash-claims'), null);
  });

  test('a stranger writes nothing, by however many requests', { timeout: 1_200_000 }, async () => {
    const [sub, sid, jti] = [randomUUID(), randomUUID(), randomUUID()];
    const bad = Object.values(await useless(sub, sid, jti));
    const mine = await token({ claims: { sub, sid, jti } });
    const [before, entries] = [await writes(), (await edge.entries()).length];
    const pick = <T>(list: readonly T[], index: number): T => list[index % list.length] as T;
    const own = { 'sec-fetch-site': 'same-origin' };
    const evil = { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' };
    const subject = JSON.stringify({ sub_id: { format: 'iss_sub', iss: ISSUER, sub } });
    const attempts: ((text: string, index: number) => Promise<Answer>)[] = [
      (text, i) => post(edge, '/auth/logout', { scope: pick(['token', 'session', 'everywhere'], i) }, { ...own, cookie: `session=${text}` }),
      (text, i) => post(edge, '/auth/logout', { token: text, scope: pick(['token', 'session', 'everywhere'], i) }),
      (text) => post(edge, '/auth/logout', { handle: text }),
      (text, i) => post(edge, '/auth/logout', { refresh_token: text, scope: pick(['token', 'others', 'everywhere'], i) }),
      (text) => post(edge, '/auth/token', { grant_type: 'refresh_token', refresh_token: text }),
      () => post(edge, '/auth/token', { grant_type: 'refresh_token', refresh_token: mine }),
      (text) => post(edge, '/auth/admin/revocations', JSON.stringify({ token: mine }), { 'content-type': 'application/json', ...basic(text.slice(-32)) }),
      () => get(edge, '/auth/admin/audit'),
      () => post(edge, '/auth/logout', { scope: 'everywhere' }, { ...evil, cookie: `session=${mine}` }),
      (text) => post(edge, '/auth/handle', { token: text }),
      () => post(edge, '/auth/revoke', { token: mine }),
      (text) => post(edge, '/auth/revoke', { token: mine }, basic(text.slice(-32))),
      (text) => post(edge, '/auth/introspect', { token: mine, ...asserted(text) }),
      (text) => post(edge, '/auth/backchannel-logout', { logout_token: text }),
      (text) => post(edge, '/auth/events', text, { 'content-type': 'application/secevent+jwt' }),
      (text) => post(edge, '/auth/global-token-revocation', subject, { 'content-type': 'application/json', authorization: `Bearer ${text}` }),
      (text) => call(edge, text),
      (text) => get(edge, '/auth/verify', { 'x-forwarded-uri': '/api', authorization: `Bearer ${text}` }),
      () => get(edge, '/auth/healthz'),
      () => get(edge, '/.well-known/oauth-authorization-server'),
      (text) => get(edge, `/${text}`),
    ];
    let sent = 0;
    const sender = async () => {
      while (sent < FLOOD[guard]) {
        const index = sent++;
        const answer = await pick(attempts, index)(pick(bad, Math.floor(index / attempts.length)), index);
        assert.ok(answer.status < 500, JSON.stringify(answer.body));
      }
    };
    await Promise.all(Array.from({ length: 32 }, sender));
    assert.deepEqual(await writes(), before);
    assert.equal((await edge.entries()).length, entries);
    assert.equal((await call(edge, mine)).status, 200);
    // Its owner's logout is written, so something listens.
    assert.equal((await logout(edge, mine)).body.outcome, 'revoked');
    assert.equal((await edge.entries()).length, entries + 1);
    const written = (await writes()).slice(before.length);
    for (const place of ['kv put', 'ledger', 'cache']) assert.ok(written.some((write) => write.startsWith(place)), written.join());
  });
});

for (const guard of GUARDS) test(`by unknown keys a stranger has no token refused but their own, ${guard}`, async () => {
  const issuer = await startIssuer();
  const key = newKey('known');
  issuer.keys = [key];
  const edge = await start({
    guard,
    quash: { issuers: [{ issuer: issuer.url, audiences: ['api'], max_lifetime: 900, jwks_uri: `${issuer.url}/jwks` }] },
  });
  try {
    const mine = await issuer.token(key);
    const flood = async () => {
      const unknown = await Promise.all(Array.from({ length: 50 }, () => issuer.token(newKey())));
      const theirs = unknown.map(async (text, index) => {
        const { status } = await (index % 2 ? call(edge, text) : logout(edge, text));
        assert.ok([200, 401, 503].includes(status), `${status}`);
      });
      const owners = Array.from({ length: 20 }, async () => assert.equal((await call(edge, mine)).status, 200));
      await Promise.all([...theirs, ...owners]);
    };
    await flood();
    const asked = issuer.asked('/jwks');
    // The endpoints of the deployed Worker have an engine of their own.
    assert.ok(asked <= 4, `${asked}`);
    issuer.fault = faults['an error'];
    await flood();
    assert.equal((await logout(edge, mine)).body.outcome, 'revoked');
    assert.equal((await call(edge, mine)).code, 'token_revoked');
  } finally {
    await edge.stop();
    issuer.stop();
  }
});

/** Both have the same endpoints, by the same code: the gate stands in front of them. */
const FLOOD = { gate: 20_000, rust: 2_000 } as const;

/** Isolates copy what they read of the ledger, whoever asks; a copy says nothing of its own. */
function isOfTheLog(write: string): boolean {
  return /^cache .*\/ledger\//.test(write);
}
