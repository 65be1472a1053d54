/** What is told of requests: a log without secrets, data points, and how long an answer took. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';

import { deployment, logoutToken, securityEvent } from './abuse.ts';
import { asserted, assertion } from './assertions.ts';
import { call, get, logout, post } from './requests.ts';
import { CLIENT, type Edge, GUARDS, PEPPER, start } from './server.ts';
import { ISSUER, LONG_SECRET, now, token } from './tokens.ts';

const basic = { authorization: `Basic ${Buffer.from(`${CLIENT.id}:${CLIENT.secret}`).toString('base64')}` };

for (const guard of GUARDS) describe(guard, { concurrency: false }, () => {
  let edge: Edge;
  before(async () => {
    const observe = { log: 'all', analytics: 'EVENTS', server_timing: true };
    const bindings = { EVENTS: { type: 'analytics-engine-dataset', name: 'events' } } as const;
    edge = await start({ guard, heard: true, bindings, ...deployment, quash: { ...deployment.quash, observe } });
  });
  after(() => edge?.stop());

  /** The lines of ours, from a number on. */
  const lines = async (from = 0) => {
    const { log } = await edge.heard();
    return log.slice(from).map((line) => JSON.parse(line) as Record<string, unknown>);
  };

  test('a refusal and a logout are a line each, and a data point', async () => {
    const { log, points } = await edge.heard();
    const mine = await token();
    await logout(edge, mine);
    await call(edge, mine);
    await get(edge, '/api');
    await post(edge, '/auth/revoke', { token: mine });
    const told = await lines(log.length);
    assert.deepEqual(told.map(({ ms, ...line }) => line), [
      { quash: 'answer', route: 'logout', status: 200, mode: 'bounded' },
      { quash: 'refusal', route: 'guarded', code: 'token_revoked', status: 401, mode: 'bounded' },
      { quash: 'refusal', route: 'guarded', code: 'token_missing', status: 401, mode: 'bounded' },
      { quash: 'refusal', route: 'revoke', code: 'client_unknown', status: 401, mode: 'bounded' },
    ]);
    assert.equal(typeof told[0]?.['ms'], 'number');
    const counted = (await edge.heard()).points.slice(points.length) as { indexes: string[]; blobs: string[]; doubles: number[] }[];
    assert.deepEqual(counted.map(({ indexes, blobs }) => [indexes, blobs]), [
      [['logout'], ['answer', 'logout', '', 'bounded']],
      [['guarded'], ['refusal', 'guarded', 'token_revoked', 'bounded']],
      [['guarded'], ['refusal', 'guarded', 'token_missing', 'bounded']],
      [['revoke'], ['refusal', 'revoke', 'client_unknown', 'bounded']],
    ]);
    assert.deepEqual(counted.map(({ doubles }) => doubles[0]), [200, 401, 401, 401]);
    assert.ok(counted.every(({ doubles }) => doubles.length === 2));
  });

  test('an answer tells how long it took, and its code without a body', async () => {
    const mine = await token();
    for (const answer of [
      await logout(edge, await token()),
      await post(edge, '/auth/revoke', { token: mine }),
      ...(guard === 'gate' ? [await call(edge, mine), await get(edge, '/api')] : []),
    ]) {
      assert.match(answer.headers.get('server-timing') ?? '', /^quash;dur=\d+$/);
    }
    const head = await fetch(`${edge.url}/api`, { method: 'HEAD' });
    assert.deepEqual([head.status, head.headers.get('quash-code')], [401, 'token_missing']);
    assert.equal((await post(edge, '/auth/healthz', {})).code, 'method_not_allowed');
    assert.equal((await call(edge, mine)).headers.get('quash-code'), null);
  });

  test('nothing that a request says is in the log, or in a data point', async () => {
    const secrets: string[] = [PEPPER, LONG_SECRET, CLIENT.secret, 'hs256-secret-of-the-tests-0123456789'];
    const secret = (text: string): string => (secrets.push(text), text);
    const names = () => ({ sub: secret(randomUUID()), sid: secret(randomUUID()), jti: secret(randomUUID()), tenant: secret(randomUUID()) });
    const both = async (text: string): Promise<string> => {
      for (const part of text.split('.')) if (part.length > 20) secret(part);
      return text;
    };
    const query = `?token=${secret(randomUUID())}`;
    const tokens = [
      await both(await token({ claims: names() })),
      await both(await token({ claims: names(), key: new TextEncoder().encode('a key of the stranger’s own, 32 bytes') })),
      await both(await token({ claims: { ...names(), exp: now() - 100, iat: now() - 500 } })),
      await both(await token({ claims: { ...names(), iss: secret(`https://${randomUUID()}.example`) } })),
      await both(await token({ header: { kid: secret(randomUUID()) } })),
    ];
    const alien = { 'x-mine': secret(randomUUID()), 'user-agent': secret(randomUUID()), referer: `https://a.example/${secret(randomUUID())}` };
    for (const text of tokens) {
      const cookie = `session=${text}; other=${secret(randomUUID())}`;
      await get(edge, `/${secret(randomUUID())}${query}`, { authorization: `Bearer ${text}`, ...alien });
      await get(edge, `/api${query}`, { cookie, ...alien });
      await get(edge, '/auth/verify', { 'x-forwarded-uri': `/${secret(randomUUID())}${query}`, authorization: `Bearer ${text}` });
      await post(edge, `/auth/introspect${query}`, { token: text }, basic);
      await post(edge, `/auth/revoke${query}`, { token: text, client_id: secret(randomUUID()), client_secret: secret(randomUUID()) });
      await get(edge, `/auth/admin/${secret(randomUUID())}${query}`, { authorization: `Bearer ${text}`, ...alien });
      const handle = await post(edge, '/auth/handle', { token: text }, alien);
      if (handle.body.handle) await post(edge, '/auth/logout', { handle: secret(handle.body.handle), token: text });
      await post(edge, `/auth/logout${query}`, { scope: secret(randomUUID()) }, { cookie, 'sec-fetch-site': 'same-origin' });
      await post(edge, `/auth/logout${query}`, { scope: 'everywhere' }, { cookie, origin: `https://${secret(randomUUID())}.example` });
      await post(edge, '/auth/backchannel-logout', { logout_token: text });
      await post(edge, '/auth/events', text, { 'content-type': 'application/secevent+jwt' });
      const subject = JSON.stringify({ sub_id: { format: 'iss_sub', iss: ISSUER, sub: secret(randomUUID()) } });
      await post(edge, '/auth/global-token-revocation', subject, { 'content-type': 'application/json', authorization: `Bearer ${text}` });
    }
    await post(edge, '/auth/backchannel-logout', { logout_token: await both(await logoutToken({ claims: names() })) });
    await post(edge, '/auth/events', await both(await securityEvent({ claims: names() })), { 'content-type': 'application/secevent+jwt' });
    await post(edge, '/auth/introspect', { token: 'x', ...asserted(await both(await assertion())) });
    // What is wrong with us is told at length.
    await edge.fault('write');
    await edge.ledgerFault('down');
    await post(edge, '/auth/logout', { token: await both(await token({ claims: names() })) }, alien);
    await edge.fault(undefined);
    await edge.ledgerFault(undefined);
    const { log, points } = await edge.heard();
    const said = `${log.join('\n')}\n${JSON.stringify(points)}`;
    assert.match(said, /store_unavailable/);
    assert.match(said, /"route":"admin"/);
    assert.ok(log.length > 50, `${log.length}`);
    for (const text of secrets) assert.ok(!said.includes(text), text);
  });
});

test('only what matters is logged where nothing else is said, and nothing is counted', async () => {
  const edge = await start({ heard: true });
  try {
    await get(edge, '/api');
    await call(edge, await token({ key: new TextEncoder().encode('a key of the stranger’s own, 32 bytes') }));
    const { log, points } = await edge.heard();
    assert.deepEqual(log.map((line) => (JSON.parse(line) as { code: string }).code), ['signature_invalid']);
    assert.equal(points.length, 0);
    const answer = await logout(edge, await token());
    assert.equal(answer.headers.get('server-timing'), null);
  } finally {
    await edge.stop();
  }
});

test('a data set that is not bound is named', async () => {
  const unbound = start({ quash: { observe: { analytics: 'NO_DATASET' } } });
  await assert.rejects(unbound, /QUASH\.observe\.analytics: there is no Analytics Engine data set bound as `NO_DATASET`/);
  await assert.rejects(start({ quash: { observe: { log: 'debug' } } }), /QUASH\.observe\.log: `debug` is none of `errors`, `notable`, `all`/);
});
