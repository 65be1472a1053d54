/**
 * `POST /auth/events`: each MUST of RFC 8935 section 2, RFC 8417 section 2 and SSF 1.0 that is a receiver's to keep, by its
 * section; and the examples of CAEP 1.0 and the RISC Profile 1.0, of an issuer and with times of ours, signed by `jose`.
 *
 * | section | what must be so | test |
 * |---|---|---|
 * | 8935, 2 | retained before it is acknowledged; again if it comes again | 8935 2, 8935 2.2 |
 * | 8935, 2.1 | `application/secevent+jwt`, the token alone | 8935 2.1 |
 * | 8935, 2.2 | 202, and nothing in it | 8935 2.2 |
 * | 8935, 2.3, 2.4 | 400, JSON, a registered code, its language | 8935 2.4 |
 * | 8935, 3 | who sends it is authenticated | 8935 3 |
 * | 8417, 2.2, 2.3 | `iss`, `iat`, `jti`, `events`; typed | 8417 2.2 |
 * | SSF, 4.1, 8.1.4 | no `exp`, `sub_id`, `aud`; a verification is acknowledged | SSF |
 */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

import { type Answer, type Place, call, post } from './requests.ts';
import { CLIENT, type Edge, start } from './server.ts';
import { ISSUER, type TokenOptions, configuredIssuers, now, rsaPem, token } from './tokens.ts';

const RECEIVER = 'https://sp.example.com/caep';
const OTHER = 'https://other.example';
const WRONG_SECRET = 'another-secret-of-a-receiver-0123456';
const LEEWAY = 30;

const caep = (type: string) => `https://schemas.openid.net/secevent/caep/event-type/${type}`;
const risc = (type: string) => `https://schemas.openid.net/secevent/risc/event-type/${type}`;
const VERIFICATION = 'https://schemas.openid.net/secevent/ssf/event-type/verification';

const hs256 = (kid: string) => ({ audiences: ['api'], max_lifetime: 900, keys: [{ kid, alg: 'HS256', secret: 'HS256_SECRET' }] });
const [issuer] = configuredIssuers;
const issuers = [
  { ...issuer, leeway: LEEWAY, event_audiences: [RECEIVER], revocable_claims: ['email', 'device'] },
  { ...hs256('b'), issuer: OTHER, event_audiences: [RECEIVER], event_secret: 'CLIENT_SECRET' },
  // It may send logout tokens, so that somebody answers them.
  { ...hs256('c'), issuer: 'https://quiet.example', logout_audiences: ['client'] },
];

/** A security event token, but for what the options change. */
function securityEvent({ claims, header, ...rest }: TokenOptions = {}): Promise<string> {
  return token({
    alg: 'ES256',
    ...rest,
    claims: { aud: RECEIVER, sub: undefined, exp: undefined, iat: now(), txn: '8675309', ...claims },
    header: { typ: 'secevent+jwt', ...header },
  });
}

async function send(edge: Place, text: string, headers: HeadersInit = {}): Promise<Answer> {
  return post(edge, '/auth/events', text, { 'content-type': 'application/secevent+jwt', accept: 'application/json', ...headers });
}

/** A subject of the issuer that nobody else of these tests is, and what the standards say of it. */
function somebody() {
  const sub = `ann-${randomUUID()}`;
  return { sub, sub_id: { format: 'iss_sub', iss: ISSUER, sub } };
}
const revoked = { [caep('session-revoked')]: {} };
const bearer = (secret: string) => ({ authorization: `Bearer ${secret}` });

describe('with Workers KV', { concurrency: false }, () => {
  let edge: Edge;
  before(async () => {
    edge = await start({ quash: { issuers } });
  });
  after(() => edge?.stop());

  /** Sends an event token with these claims. */
  const tell = async (claims: Record<string, unknown>) => send(edge, await securityEvent({ claims }));
  /** Whether an access token with these claims, a minute old, is revoked. */
  const isRevoked = async (claims: Record<string, unknown>) => {
    const answer = await call(edge, await token({ claims: { iat: now() - 60, ...claims } }));
    return answer.code === 'token_revoked';
  };

  test('8935 2.1: the body is the token, of its media type, and sent by POST', async () => {
    const { sub, sub_id } = somebody();
    const text = await securityEvent({ claims: { sub_id, events: revoked } });
    const type = (type: string) => ({ 'content-type': type });
    for (const [answer, status, code] of [
      [await send(edge, text, type('application/jwt')), 415, 'body_type_refused'],
      [await post(edge, '/auth/events', { token: text }), 415, 'body_type_refused'],
      [await send(edge, JSON.stringify({ set: text }), type('application/json')), 415, 'body_type_refused'],
      [await send(edge, text + 'A'.repeat(8192)), 413, 'body_too_large'],
      [await send(edge, `${text}\n`), 400, 'token_base64url'],
      [await send(edge, ''), 400, 'token_segments'],
    ] as const) {
      assert.deepEqual([answer.status, answer.code], [status, code]);
    }
    assert.equal((await fetch(`${edge.url}/auth/events`)).status, 405);
    assert.ok(!(await isRevoked({ sub })));
    assert.equal((await send(edge, text, type('Application/SecEvent+JWT; charset=utf-8'))).status, 202);
    assert.ok(await isRevoked({ sub }));
  });

  test('8935 2.2: success is 202 with nothing in it, as often as the same token comes', async () => {
    const { sub_id } = somebody();
    const text = await securityEvent({ claims: { sub_id, events: revoked } });
    const [first, second] = await Promise.all([send(edge, text), send(edge, text)]);
    for (const answer of [first, second, await send(edge, text)]) {
      assert.deepEqual([answer.status, answer.body, answer.headers.get('cache-control')], [202, '', 'no-store']);
    }
  });

  test('8935 2.4: each fault has its registered code, in JSON, and revokes nothing', async () => {
    const { sub, sub_id } = somebody();
    const claims = { sub_id, events: revoked };
    const before = (await edge.entries()).length;
    const header = Buffer.from('{"alg":"none","typ":"secevent+jwt"}').toString('base64url');
    const none = (await securityEvent({ claims })).replace(/^[^.]+/, header);
    const confused = { key: new TextEncoder().encode(rsaPem), header: { alg: 'HS256', kid: 'RS256' } };
    for (const [text, err, code] of [
      ['garbage', 'invalid_request', 'token_segments'],
      [await securityEvent({ claims: { ...claims, iss: 'https://evil.example' } }), 'invalid_issuer', 'issuer_unknown'],
      [await securityEvent({ claims: { ...claims, iss: undefined } }), 'invalid_issuer', 'issuer_unknown'],
      [await securityEvent({ alg: 'HS256', claims, header: { kid: 'b' } }), 'invalid_key', 'key_unknown'],
      [await securityEvent({ alg: 'HS256', claims, key: new Uint8Array(32) }), 'invalid_key', 'signature_invalid'],
      [none, 'invalid_key', 'algorithm_refused'],
      [await securityEvent({ alg: 'HS256', claims, ...confused }), 'invalid_key', 'algorithm_refused'],
      [await securityEvent({ claims: { ...claims, aud: 'somebody-else' } }), 'invalid_audience', 'audience_mismatch'],
      [await securityEvent({ claims: { ...claims, aud: undefined } }), 'invalid_audience', 'audience_mismatch'],
    ] as const) {
      const { status, headers, body } = await send(edge, text);
      assert.deepEqual([status, body.err, body.code], [400, err, code]);
      assert.equal(typeof body.description, 'string');
      assert.deepEqual([headers.get('content-type'), headers.get('content-language')], ['application/json', 'en']);
      assert.equal(headers.get('www-authenticate'), null);
    }
    assert.ok(!(await isRevoked({ sub })));
    assert.equal((await edge.entries()).length, before);
  });

  test('8417 2.2: what is no event token is refused, and revokes nothing', async () => {
    const { sub, sub_id } = somebody();
    const claims = { sub_id, events: revoked };
    const before = (await edge.entries()).length;
    const tomorrow = { [caep('session-revoked')]: { event_timestamp: now() + 86_400 } };
    for (const [text, code] of [
      [await securityEvent({ claims, header: { typ: 'JWT' } }), 'type_refused'],
      [await securityEvent({ claims, header: { typ: undefined } }), 'type_refused'],
      [await securityEvent({ claims, header: { typ: 'logout+jwt' } }), 'type_refused'],
      [await securityEvent({ claims: { ...claims, iat: undefined } }), 'claim_missing'],
      [await securityEvent({ claims: { ...claims, iat: now() + LEEWAY + 30 } }), 'token_not_yet_valid'],
      [await securityEvent({ claims: { ...claims, jti: undefined } }), 'claim_missing'],
      [await securityEvent({ claims: { sub_id } }), 'event_token_invalid'],
      [await securityEvent({ claims: { sub_id, events: {} } }), 'event_token_invalid'],
      [await securityEvent({ claims: { sub_id, events: { [caep('session-revoked')]: null } } }), 'event_token_invalid'],
      [await securityEvent({ claims: { ...claims, events: tomorrow } }), 'token_not_yet_valid'],
      [await token({ claims: { sub, aud: RECEIVER } }), 'type_refused'],
      [await token({ claims: { sub, aud: RECEIVER }, header: { typ: 'at+jwt' } }), 'type_refused'],
    ] as const) {
      const answer = await send(edge, text);
      assert.deepEqual([answer.status, answer.body.err, answer.code], [400, 'invalid_request', code]);
    }
    assert.ok(!(await isRevoked({ sub })));
    assert.equal((await edge.entries()).length, before);
  });

  test('8935 3: who sends it is authenticated where the issuer is configured to be', async () => {
    const sub = `ann-${randomUUID()}`;
    const theirs = { iss: OTHER, sub_id: { format: 'iss_sub', iss: OTHER, sub }, events: revoked };
    const text = await securityEvent({ alg: 'HS256', claims: theirs, header: { kid: 'b' } });
    const before = (await edge.entries()).length;
    const { secret } = CLIENT;
    const wrong = [bearer(WRONG_SECRET), bearer(secret.slice(1)), bearer(`${secret}x`), { authorization: `Basic ${secret}` }];
    for (const headers of [{}, ...wrong]) {
      const answer = await send(edge, text, headers);
      assert.deepEqual([answer.status, answer.body.err, answer.code], [400, 'authentication_failed', 'client_unknown']);
    }
    assert.equal((await edge.entries()).length, before);
    assert.equal((await send(edge, text, bearer(secret))).status, 202);
  });

  test('8935 2.4: an issuer that is not configured to send events may not', async () => {
    const claims = { iss: 'https://quiet.example', sub_id: { format: 'opaque', id: 'ann' }, events: revoked };
    const answer = await send(edge, await securityEvent({ alg: 'HS256', claims, header: { kid: 'c' } }));
    assert.deepEqual([answer.status, answer.body.err, answer.code], [400, 'access_denied', 'caller_not_allowed']);
  });

  test('SSF 8.1.4: a verification is acknowledged, whatever stream it is of', async () => {
    const before = (await edge.entries()).length;
    for (const sub_id of [{ format: 'opaque', id: '72e6991badb44e08a69672960053b342' }, undefined]) {
      const claims = { sub_id, events: { [VERIFICATION]: { state: 'VGhpcyBpcyBhbiBleGFtcGxlIHN0YXRlIHZhbHVlLgo=' } } };
      assert.equal((await tell(claims)).status, 202);
    }
    assert.equal((await edge.entries()).length, before);
  });

  test('SSF 4.1: several events, and a subject inside the event as drafts had it', async () => {
    const [{ sub, sub_id }, inside] = [somebody(), somebody()];
    const events = { [caep('device-compliance-change')]: { current_status: 'not-compliant' }, [caep('session-revoked')]: {} };
    assert.equal((await tell({ sub_id, events })).status, 202);
    assert.ok(await isRevoked({ sub }));
    const nested = { [caep('session-revoked')]: { subject: inside.sub_id } };
    assert.equal((await tell({ events: nested })).status, 202);
    assert.ok(await isRevoked({ sub: inside.sub }));
  });

  test('CAEP 3.1: session-revoked, of a session that stands alone', async () => {
    const [id, sub] = [`dMTlD|${randomUUID()}|16008.16`, `ann-${randomUUID()}`];
    const events = { [caep('session-revoked')]: { event_timestamp: now() } };
    assert.equal((await tell({ sub_id: { format: 'opaque', id }, events })).status, 202);
    assert.ok(await isRevoked({ sub, sid: id }));
    assert.ok(!(await isRevoked({ sub, sid: randomUUID() })));
  });

  test('CAEP 3.1: session-revoked, of a session, its user and tenant', async () => {
    const [{ sub, sub_id: user }, id] = [somebody(), `dMTlD|${randomUUID()}|16008.16`];
    const sub_id = { format: 'complex', session: { format: 'opaque', id }, user, tenant: { format: 'opaque', id: '123456789' } };
    const details = {
      initiating_entity: 'policy',
      reason_admin: { en: 'Landspeed Policy Violation: C076E82F' },
      reason_user: { en: 'Access attempt from multiple regions.', 'es-410': 'Intento de acceso desde varias regiones.' },
      event_timestamp: now(),
    };
    assert.equal((await tell({ sub_id, events: { [caep('session-revoked')]: details } })).status, 202);
    assert.ok(await isRevoked({ sub, sid: id }));
    assert.ok(!(await isRevoked({ sub, sid: randomUUID() })));
  });

  test('CAEP 3.1: session-revoked, of a user on a device: of the user, which is never less', async () => {
    const { sub, sub_id: user } = somebody();
    const device = { format: 'iss_sub', iss: ISSUER, sub: randomUUID() };
    const sub_id = { format: 'complex', user, device, tenant: { format: 'opaque', id: '123456789' } };
    const details = { initiating_entity: 'policy', reason_admin: { en: 'Policy Violation: C076E822' }, event_timestamp: now() };
    assert.equal((await tell({ sub_id, events: { [caep('session-revoked')]: details } })).status, 202);
    assert.ok(await isRevoked({ sub }));
  });

  test('CAEP 3.1: session-revoked, of a device: of whoever is on it', async () => {
    const [device, sub] = [randomUUID(), `ann-${randomUUID()}`];
    for (const whom of [{ format: 'opaque', id: device }, { format: 'iss_sub', iss: ISSUER, sub: `${device}-2` }]) {
      const claims = { sub_id: { format: 'complex', device: whom }, events: revoked };
      assert.equal((await tell(claims)).status, 202);
    }
    assert.ok(await isRevoked({ sub, device }));
    assert.ok(await isRevoked({ sub, device: `${device}-2` }));
    assert.ok(!(await isRevoked({ sub, device: randomUUID() })));
  });

  test('CAEP 3.3, RISC 2: credential-change, account-disabled, account-purged, sessions-revoked', async () => {
    const fido2 = {
      credential_type: 'fido2-roaming',
      change_type: 'create',
      fido2_aaguid: 'accced6a-63f5-490a-9eea-e59bc1896cfc',
      friendly_name: "Jane's USB authenticator",
      initiating_entity: 'user',
      reason_admin: { en: 'User self-enrollment' },
      event_timestamp: now(),
    };
    for (const [event, details, reason] of [
      [caep('credential-change'), fido2, 'credential_change'],
      [risc('account-disabled'), { reason: 'hijacking' }, 'account_disabled'],
      [risc('account-purged'), {}, 'account_disabled'],
      [risc('sessions-revoked'), {}, 'issuer'],
    ] as const) {
      const { sub, sub_id } = somebody();
      const before = new Set((await edge.entries()).map(({ name }) => name));
      assert.equal((await tell({ sub_id, events: { [event]: details } })).status, 202);
      assert.ok(await isRevoked({ sub }), event);
      const [entry, ...more] = (await edge.entries()).filter(({ name }) => !before.has(name));
      assert.equal(more.length, 0);
      assert.match(entry?.value ?? '', new RegExp(` ${reason}$`), event);
    }
  });

  test('RFC 9493: each format that names something of the issuer’s', async () => {
    const sub = `ann-${randomUUID()}`;
    const [email, jti] = [`${sub}@example.com`, randomUUID()];
    const [mine, did] = [{ format: 'iss_sub', iss: ISSUER, sub: `${sub}-2` }, { format: 'did', url: 'did:example:1' }];
    for (const [sub_id, hit] of [
      [{ format: 'opaque', id: `${sub}-1` }, { sub: `${sub}-1` }],
      [{ format: 'email', email }, { sub, email }],
      [{ format: 'jwt_id', iss: ISSUER, jti }, { sub, jti }],
      [{ format: 'aliases', identifiers: [mine, did] }, { sub: `${sub}-2` }],
    ] as const) {
      assert.equal((await tell({ sub_id, events: revoked })).status, 202);
      assert.ok(await isRevoked(hit), sub_id.format);
    }
    assert.ok(!(await isRevoked({ sub })));
  });

  test('RFC 9493: what cannot be named is not acknowledged, and an issuer names nobody of another one', async () => {
    const { sub, sub_id } = somebody();
    const before = (await edge.entries()).length;
    for (const subject of [
      { format: 'account', uri: 'acct:ann@example.com' },
      { format: 'phone_number', phone_number: '+12065550100' },
      { format: 'iss_sub', iss: OTHER, sub },
      { format: 'complex', tenant: { format: 'opaque', id: '123456789' } },
      undefined,
    ]) {
      const answer = await send(edge, await securityEvent({ claims: { sub_id: subject, events: revoked } }));
      assert.deepEqual([answer.status, answer.body.err, answer.code], [400, 'invalid_request', 'subject_unsupported']);
    }
    for (const theirs of [sub_id, { format: 'opaque', id: sub }]) {
      const claims = { iss: OTHER, sub_id: theirs, events: revoked };
      await send(edge, await securityEvent({ alg: 'HS256', claims, header: { kid: 'b' } }), bearer(CLIENT.secret));
    }
    assert.ok(!(await isRevoked({ sub })));
    // The opaque one is a name of theirs: a subject, or a session.
    assert.equal((await edge.entries()).length, before + 2);
  });

  test('an event counts until it happened: one that comes late, or again, ends nothing begun since', async () => {
    const { sub, sub_id } = somebody();
    const happened = now() - 2 * LEEWAY - 10;
    const events = { [caep('session-revoked')]: { event_timestamp: happened } };
    const text = await securityEvent({ claims: { sub_id, iat: happened + 5, events } });
    assert.equal((await send(edge, text)).status, 202);
    assert.ok(await isRevoked({ sub, iat: happened }));
    assert.ok(!(await isRevoked({ sub, iat: now() - 1 })));
    const entries = await edge.entries();
    assert.equal((await send(edge, text)).status, 202);
    assert.ok(!(await isRevoked({ sub, iat: now() - 1 })));
    assert.deepEqual(await edge.entries(), entries);
  });

  test('the clock of the issuer may be off, as far as its leeway', async () => {
    for (const iat of [now() + LEEWAY, now() - LEEWAY]) {
      const { sub, sub_id } = somebody();
      assert.equal((await tell({ sub_id, iat, events: revoked })).status, 202);
      assert.ok(await isRevoked({ sub }));
    }
  });

  test('8935 2: while the store fails nothing is acknowledged, and the transmitter may try again', async () => {
    const { sub_id } = somebody();
    const text = await securityEvent({ claims: { sub_id, events: revoked } });
    await edge.fault('write');
    try {
      const answer = await send(edge, text);
      assert.deepEqual([answer.status, answer.code], [503, 'store_unavailable']);
      assert.ok(answer.headers.has('retry-after'));
    } finally {
      await edge.fault(undefined);
    }
    assert.equal((await send(edge, text)).status, 202);
  });

  test("a stranger's flood writes nothing", async () => {
    const before = (await edge.entries()).length;
    const forge = () =>
      securityEvent({ alg: 'HS256', claims: { sub_id: somebody().sub_id, events: revoked }, key: new Uint8Array(32) });
    const forged = await Promise.all(Array.from({ length: 200 }, forge));
    const answers = await Promise.all(forged.map((text) => send(edge, text)));
    assert.ok(answers.every(({ status }) => status === 400));
    assert.equal((await edge.entries()).length, before);
  });

  test('an event token lets nobody in, and ends nothing as a logout token', async () => {
    const { sub, sub_id } = somebody();
    const claims = { sub, sub_id, aud: 'api', exp: now() + 60, events: revoked };
    assert.equal((await call(edge, await securityEvent({ claims }))).code, 'type_refused');
    const form = { logout_token: await securityEvent({ claims }) };
    assert.deepEqual((await post(edge, '/auth/backchannel-logout', form)).code, 'type_refused');
    assert.ok(!(await isRevoked({ sub })));
  });
});

test('with the ledger: acknowledged when that has it, and then in force everywhere', async () => {
  const edge = await start({ ledger: { max_staleness: 1 }, quash: { issuers } });
  try {
    const { sub, sub_id } = somebody();
    const access = await token({ claims: { sub } });
    const text = await securityEvent({ claims: { sub_id, events: revoked } });
    await edge.ledgerFault('down');
    const refused = await send(edge, text);
    assert.deepEqual([refused.status, refused.code], [503, 'store_unavailable']);
    await edge.ledgerFault(undefined);
    assert.equal((await send(edge, text)).status, 202);
    assert.equal((await call(edge, access)).code, 'token_revoked');
    // How soon, bounded.test.ts looks after.
    while ((await call(edge.other, access)).status !== 401) await delay(100);
    assert.equal((await call(edge.other, access)).code, 'token_revoked');
  } finally {
    await edge.stop();
  }
});
