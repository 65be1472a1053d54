/**
 * `POST /auth/global-token-revocation`: draft-parecki-oauth-global-token-revocation, by its section; and requests as Okta's
 * Universal Logout sends them.
 *
 * | section | what must be so | test |
 * |---|---|---|
 * | 3.1, 3.2 | a POST of JSON with a subject identifier | 3.2 |
 * | 3.2 | it is authenticated | 3.2 |
 * | 3.3 | everything of the subject's is revoked | 3.3 |
 * | 3.4 | 204; 400, 401, 403, 404 | 3.4 |
 * | 6.1 | a caller has the subjects that are its own, and learns nothing of others | 6.1 |
 */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

import { type Answer, type Place, call, post } from './requests.ts';
import { CLIENT, type Edge, start } from './server.ts';
import { ISSUER, type TokenOptions, configuredIssuers, now, token } from './tokens.ts';

const OTHER = 'https://other.example';
const QUIET = 'https://quiet.example';
/** The address as the issuer knows it. */
const HERE = 'https://api.example/auth/global-token-revocation';
const LEEWAY = 30;

const hs256 = (kid: string) => [{ kid, alg: 'HS256', secret: 'HS256_SECRET' }];
const others = { audiences: ['api'], max_lifetime: 900 };
const [issuer] = configuredIssuers;
const quash = {
  issuers: [
    { ...issuer, leeway: LEEWAY, revocable_claims: ['email'], revocation_audiences: [HERE], revocation_clients: [CLIENT.id] },
    { ...others, issuer: OTHER, revocation_audiences: [HERE], keys: hs256('b') },
    { ...others, issuer: QUIET, keys: hs256('c') },
  ],
  clients: [
    { id: CLIENT.id, secret: 'CLIENT_SECRET' },
    { id: 'may-revoke-tokens', secret: 'CLIENT_SECRET' },
  ],
};

function basic(id: string, secret: string = CLIENT.secret): { authorization: string } {
  return { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` };
}
const client = basic(CLIENT.id);

/** The credential of the issuer, as Okta makes it, but for what the options change. */
async function credential({ claims, header, ...rest }: TokenOptions = {}): Promise<{ authorization: string }> {
  const issued = { aud: HERE, sub: '0oa1client2id', nbf: now() - 300, iat: now(), exp: now() + 300, ...claims };
  const text = await token({ alg: 'ES256', ...rest, claims: issued, header: { typ: 'global-token-revocation+jwt', ...header } });
  return { authorization: `Bearer ${text}` };
}

function send(edge: Place, subject: unknown, headers: HeadersInit, name = 'sub_id'): Promise<Answer> {
  const body = JSON.stringify({ [name]: subject });
  return post(edge, '/auth/global-token-revocation', body, { 'content-type': 'application/json', ...headers });
}

/** A subject of the issuer that nobody else of these tests is, and how it is named. */
function somebody() {
  const sub = `ann-${randomUUID()}`;
  return { sub, subject: { format: 'iss_sub', iss: ISSUER, sub } };
}

describe('with Workers KV', { concurrency: false }, () => {
  let edge: Edge;
  before(async () => {
    edge = await start({ quash });
  });
  after(() => edge?.stop());

  test('3.2: a request is a POST of JSON with a subject identifier', async () => {
    const { sub, subject } = somebody();
    const access = await token({ claims: { sub } });
    const path = '/auth/global-token-revocation';
    const json = { 'content-type': 'application/json', ...client };
    const text = JSON.stringify({ sub_id: subject });
    for (const [answer, status, code] of [
      [await post(edge, path, { sub_id: JSON.stringify(subject) }, client), 415, 'body_type_refused'],
      [await post(edge, path, text, { ...json, 'content-type': 'text/plain' }), 415, 'body_type_refused'],
      [await post(edge, path, text + ' '.repeat(4096), json), 413, 'body_too_large'],
      [await post(edge, path, text.slice(1), json), 400, 'parameter_invalid'],
      [await post(edge, path, '', json), 400, 'parameter_invalid'],
      [await post(edge, path, '[]', json), 400, 'parameter_invalid'],
      [await post(edge, path, `{"sub_id":${JSON.stringify(subject)},"sub_id":{}}`, json), 400, 'parameter_invalid'],
      [await send(edge, undefined, client), 400, 'parameter_invalid'],
      [await send(edge, sub, client), 400, 'parameter_invalid'],
    ] as const) {
      assert.deepEqual([answer.status, answer.code], [status, code]);
    }
    assert.equal((await fetch(edge.url + path, { headers: client })).status, 405);
    assert.equal((await call(edge, access)).status, 200);
  });

  test('3.2: strangers are refused, whatever they ask', async () => {
    const { sub, subject } = somebody();
    const access = await token({ claims: { sub } });
    const before = (await edge.entries()).length;
    const strangers: [HeadersInit, code: string][] = [
      [{}, 'client_unknown'],
      [basic(CLIENT.id, 'wrong'), 'client_unknown'],
      [basic('nobody'), 'client_unknown'],
      [{ authorization: 'Bearer f5641763544a7b24b08e4f74045' }, 'token_segments'],
      [{ authorization: `Bearer ${access}` }, 'type_refused'],
      [{ cookie: `session=${access}` }, 'client_unknown'],
      [await credential({ header: { typ: 'JWT' } }), 'type_refused'],
      [await credential({ header: { typ: 'at+jwt' } }), 'type_refused'],
      [await credential({ header: { typ: 'logout+jwt' } }), 'type_refused'],
      [await credential({ alg: 'HS256', key: new Uint8Array(32) }), 'signature_invalid'],
      [await credential({ claims: { iss: 'https://evil.example' } }), 'issuer_unknown'],
      [await credential({ claims: { aud: 'api' } }), 'audience_mismatch'],
      [await credential({ claims: { aud: undefined } }), 'audience_mismatch'],
      [await credential({ claims: { exp: now() - LEEWAY - 30 } }), 'token_expired'],
      [await credential({ claims: { exp: undefined } }), 'claim_missing'],
      [await credential({ claims: { iat: now() + LEEWAY + 30 } }), 'token_not_yet_valid'],
      [await credential({ alg: 'HS256', claims: { iss: QUIET }, header: { kid: 'c' } }), 'audience_mismatch'],
    ];
    for (const [headers, code] of strangers) {
      // Somebody, nobody, nonsense: the answers are the same.
      for (const whom of [subject, { ...subject, iss: OTHER }, { format: 'nonsense' }, undefined]) {
        const answer = await send(edge, whom, headers);
        assert.deepEqual([answer.status, answer.code], [401, code]);
        assert.ok(answer.headers.has('www-authenticate'));
      }
    }
    assert.equal((await call(edge, access)).status, 200);
    assert.equal((await edge.entries()).length, before);
  });

  test('3.3: a client has all tokens of a subject revoked, and a new login works', async () => {
    const { sub, subject } = somebody();
    const tokens = await Promise.all([token({ claims: { sub, sid: randomUUID() } }), token({ claims: { sub } })]);
    const another = await token({ claims: { sub: somebody().sub } });
    const answer = await send(edge, subject, client);
    assert.deepEqual([answer.status, answer.body, answer.headers.get('cache-control')], [204, '', 'no-store']);
    for (const ended of tokens) assert.equal((await call(edge, ended)).code, 'token_revoked');
    assert.equal((await call(edge, another)).status, 200);
    // As after "log out everywhere": the issuer's clock may be ahead by the leeway, and so may be what it issued before.
    assert.equal((await call(edge, await token({ claims: { sub, iat: now() + LEEWAY - 1 } }))).code, 'token_revoked');
  });

  test('3.3: an issuer has all tokens of a subject of its own revoked, as Okta asks for it', async () => {
    const { sub, subject } = somebody();
    const email = `${sub}@example.com`;
    for (const [named, claims, name] of [
      [subject, { sub }, 'sub_id'],
      [{ format: 'email', email }, { sub: 'whoever', email }, 'sub_id'],
      [{ format: 'opaque', id: `${sub}-2` }, { sub: `${sub}-2` }, 'sub_id'],
      // Before the draft's third version.
      [{ ...subject, sub: `${sub}-3` }, { sub: `${sub}-3` }, 'subject'],
    ] as const) {
      const access = await token({ claims });
      assert.equal((await send(edge, named, await credential(), name)).status, 204);
      assert.equal((await call(edge, access)).code, 'token_revoked');
    }
  });

  test('3.4: what names nobody is 400, and somebody of an issuer that is not the caller’s is 404', async () => {
    const { sub } = somebody();
    const before = (await edge.entries()).length;
    for (const caller of [client, await credential()]) {
      for (const unsupported of [
        {},
        { format: 'did', url: 'did:example:1' },
        { format: 'phone_number', phone_number: '+12065550100' },
        { format: 'iss_sub', iss: ISSUER },
        { format: 'jwt_id', iss: ISSUER, jti: randomUUID() },
        { format: 'complex', session: { format: 'opaque', id: 's' } },
      ]) {
        const answer = await send(edge, unsupported, caller);
        assert.deepEqual([answer.status, answer.code], [400, 'subject_unsupported']);
      }
      for (const iss of [OTHER, QUIET, 'https://evil.example']) {
        const answer = await send(edge, { format: 'iss_sub', iss, sub }, caller);
        assert.deepEqual([answer.status, answer.code], [404, 'subject_unknown']);
      }
    }
    assert.equal((await edge.entries()).length, before);
  });

  test('3.4: a client without the right for any issuer is refused', async () => {
    const { sub, subject } = somebody();
    const access = await token({ claims: { sub } });
    for (const whom of [subject, { ...subject, iss: OTHER }, { format: 'nonsense' }]) {
      const answer = await send(edge, whom, basic('may-revoke-tokens'));
      assert.deepEqual([answer.status, answer.code], [403, 'caller_not_allowed']);
    }
    assert.equal((await call(edge, access)).status, 200);
  });

  test('6.1: the same subject of another issuer goes on', async () => {
    const { sub } = somebody();
    const access = await token({ claims: { sub } });
    const theirs = await credential({ alg: 'HS256', claims: { iss: OTHER }, header: { kid: 'b' } });
    assert.equal((await send(edge, { format: 'opaque', id: sub }, theirs)).status, 204);
    assert.equal((await send(edge, { format: 'iss_sub', iss: ISSUER, sub }, theirs)).status, 404);
    assert.equal((await call(edge, access)).status, 200);
  });

  test('while the store fails nothing is acknowledged', async () => {
    const { sub, subject } = somebody();
    const access = await token({ claims: { sub } });
    await edge.fault('write');
    try {
      const answer = await send(edge, subject, client);
      assert.deepEqual([answer.status, answer.code], [503, 'store_unavailable']);
      assert.ok(answer.headers.has('retry-after'));
    } finally {
      await edge.fault(undefined);
    }
    assert.equal((await send(edge, subject, client)).status, 204);
    assert.equal((await call(edge, access)).code, 'token_revoked');
  });

  test('the credential lets nobody in, and revokes nothing by itself', async () => {
    const { authorization } = await credential({ claims: { aud: ['api', HERE] } });
    assert.equal((await call(edge, authorization.slice('Bearer '.length))).code, 'type_refused');
  });
});

test('an opaque name is not taken for the same one of another issuer', async () => {
  const both = quash.issuers.map((issuer) => ({ ...issuer, revocation_clients: [CLIENT.id] }));
  const edge = await start({ quash: { ...quash, issuers: both } });
  try {
    const { sub, subject } = somebody();
    const access = await token({ claims: { sub } });
    const answer = await send(edge, { format: 'opaque', id: sub }, client);
    assert.deepEqual([answer.status, answer.code], [400, 'subject_unsupported']);
    assert.equal((await call(edge, access)).status, 200);
    assert.equal((await send(edge, { ...subject, iss: OTHER }, client)).status, 204);
    assert.equal((await call(edge, access)).status, 200);
    assert.equal((await send(edge, subject, client)).status, 204);
    assert.equal((await call(edge, access)).code, 'token_revoked');
  } finally {
    await edge.stop();
  }
});

test('with the ledger: acknowledged when that has it, and then in force everywhere', async () => {
  const edge = await start({ ledger: { max_staleness: 1 }, quash });
  try {
    const { sub, subject } = somebody();
    const access = await token({ claims: { sub } });
    await edge.ledgerFault('down');
    const refused = await send(edge, subject, client);
    assert.deepEqual([refused.status, refused.code], [503, 'store_unavailable']);
    await edge.ledgerFault(undefined);
    assert.equal((await send(edge, subject, client)).status, 204);
    // How soon, bounded.test.ts looks after.
    while ((await call(edge.other, access)).status !== 401) await delay(100);
    assert.equal((await call(edge.other, access)).code, 'token_revoked');
  } finally {
    await edge.stop();
  }
});
