/** Whoever fails too often is told to wait; nobody else is, and nobody who does not fail. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';

import { POSTED, deployment } from './abuse.ts';
import { type Answer, call, get, logout, post, revoke } from './requests.ts';
import { type Edge, GUARDS, start } from './server.ts';
import { ISSUER, token } from './tokens.ts';

const LIMIT = 5;
const ALLOWED = 'https://app.example';

for (const guard of GUARDS) describe(guard, { concurrency: false }, () => {
  let edge: Edge;
  before(async () => {
    const bindings = { QUASH_RATE_LIMIT: { type: 'rate-limit', namespace: '1', simple: { limit: LIMIT, period: 60 } } } as const;
    edge = await start({ guard, bindings, ...deployment, quash: { ...deployment.quash, rate_limit: {} } });
  });
  after(() => edge?.stop());

  const failing = (headers: HeadersInit = {}): Promise<Answer> => post(edge, '/auth/revoke', { token: 'x' }, headers);

  test('so many may fail, and no more', async () => {
    // A period ends at a full minute of the clock, and what was counted with it: so it may take as many once more.
    const answers: Answer[] = [];
    while (answers.length < 3 * LIMIT && answers.at(-1)?.status !== 429) answers.push(await failing());
    const last = answers.pop();
    assert.ok(answers.length >= LIMIT, `${answers.length}`);
    assert.ok(answers.every(({ code }) => code === 'client_unknown'));
    assert.deepEqual([last?.status, last?.code, last?.headers.get('retry-after')], [429, 'rate_limited', '60']);
    assert.equal(last?.headers.get('www-authenticate'), null);
  });

  /** Asks until it is told to wait: a period may end in between. */
  const limited = async (ask: () => Promise<Answer>): Promise<Answer> => {
    for (let tries = 0; tries < 3 * LIMIT; tries++) {
      const answer = await ask();
      if (answer.status === 429) return answer;
    }
    throw new Error('nobody is told to wait');
  };

  test('wherever they fail, and whatever they say of where they are', async () => {
    let number = 0;
    for (const [path, type] of Object.entries(POSTED)) {
      if (path === 'logout') continue;
      const claimed = () => `192.0.2.${++number}`;
      const spoofed = () => ({ 'x-forwarded-for': claimed(), 'x-real-ip': claimed(), 'true-client-ip': claimed(), 'content-type': type });
      assert.equal((await limited(() => post(edge, `/auth/${path}`, 'x', spoofed()))).code, 'rate_limited', path);
    }
    const evil = { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' };
    await limited(() => post(edge, '/auth/logout', {}, evil));
    const named = await limited(() => post(edge, '/auth/logout', { scope: 'nonsense' }, { origin: ALLOWED }));
    assert.equal(named.headers.get('access-control-allow-origin'), ALLOWED);
    const refreshed = await limited(() => post(edge, '/auth/token', { grant_type: 'refresh_token', refresh_token: 'x' }, { origin: ALLOWED }));
    assert.equal(refreshed.headers.get('access-control-allow-origin'), ALLOWED);
  });

  test('but that a refresh token was used twice is told, to however many', async () => {
    const claims = { aud: ISSUER, sid: randomUUID() };
    const refresh_token = await token({ claims, header: { typ: 'rt+jwt' } });
    const refresh = () => post(edge, '/auth/token', { grant_type: 'refresh_token', refresh_token });
    assert.equal((await refresh()).status, 200);
    await limited(failing);
    const again = await refresh();
    assert.deepEqual([again.status, again.code], [400, 'refresh_token_reused']);
    assert.equal((await call(edge, await token({ claims: { sid: claims.sid } }))).code, 'token_revoked');
  });

  test('an administrator is told by a problem document', async () => {
    const { headers, body } = await limited(() => get(edge, '/auth/admin/revocations'));
    assert.deepEqual([headers.get('content-type'), headers.get('retry-after')], ['application/problem+json', '60']);
    assert.deepEqual([body.title, headers.get('quash-code')], ['Too Many Requests', 'rate_limited']);
  });

  test('from all of a network, and from no other', async () => {
    // What Cloudflare says; locally, nobody takes a client's word for it away.
    const from = (address: string) => failing({ 'cf-connecting-ip': address });
    let number = 0;
    await limited(() => from(`2001:db8:1:2::${(++number).toString(16)}`));
    assert.equal((await from('2001:db8:1:3::1')).code, 'client_unknown');
    assert.equal((await from('198.51.100.7')).code, 'client_unknown');
  });

  test('who does not fail is never told to wait', async () => {
    await limited(() => failing());
    for (let times = 0; times < LIMIT + 2; times++) {
      const mine = await token();
      assert.equal((await call(edge, mine)).status, 200);
      const answer = await (times % 2 ? logout(edge, mine) : revoke(edge, mine));
      assert.equal(answer.status, 200);
      assert.equal((await call(edge, mine)).code, 'token_revoked');
      // A broken token still logs the browser out.
      const broken = await logout(edge, 'garbled');
      assert.deepEqual([broken.status, broken.body.outcome], [200, 'refused']);
      assert.ok(broken.headers.get('set-cookie'));
      assert.equal((await get(edge, '/auth/healthz')).status, 200);
      assert.equal((await get(edge, '/.well-known/oauth-authorization-server')).status, 200);
    }
  });
});

test('when nobody can count, nobody is told to wait', async () => {
  // A binding of another kind: whatever it is asked fails.
  const edge = await start({ ...deployment, heard: true, quash: { ...deployment.quash, rate_limit: { binding: 'ORIGIN' } } });
  try {
    for (let times = 0; times < 3; times++) assert.equal((await post(edge, '/auth/revoke', { token: 'x' })).code, 'client_unknown');
    assert.match((await edge.heard()).log.join('\n'), /the rate limit does not count/);
  } finally {
    await edge.stop();
  }
});

test('a limit that is not bound, or has no such period, is named', async () => {
  const unbound = start({ quash: { rate_limit: { binding: 'NO_LIMIT' } } });
  await assert.rejects(unbound, /QUASH\.rate_limit\.binding: there is no rate limit bound as `NO_LIMIT`/);
  await assert.rejects(start({ quash: { rate_limit: { period: 30 } } }), /QUASH\.rate_limit\.period: must be what the binding has: 10 or 60 seconds/);
});

for (const guard of GUARDS) test(`what is configured for nobody is the origin’s, ${guard}`, async () => {
  const edge = await start({ guard, quash: { clients: [] } });
  try {
    for (const path of ['revoke', 'introspect', 'events', 'backchannel-logout', 'global-token-revocation', 'verify']) {
      const mine = { authorization: `Bearer ${await token()}` };
      assert.equal((await post(edge, `/auth/${path}`, { a: 'b' }, mine)).body.path, `/auth/${path}`, path);
      assert.equal((await post(edge, `/auth/${path}`, { a: 'b' })).code, 'token_missing', path);
    }
    for (const path of ['logout', 'handle']) assert.equal((await get(edge, `/auth/${path}`)).code, 'method_not_allowed', path);
  } finally {
    await edge.stop();
  }
});
