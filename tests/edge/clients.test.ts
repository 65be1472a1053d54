/**
 * How clients authenticate: each MUST of RFC 6749 sections 2.3 and 2.3.1, RFC 7521 section 4.2 and RFC 7523 section 3 that applies to
 * us.
 *
 * | RFC 7523 section 3 | shown by |
 * |---|---|
 * | 1. the JWT MUST contain an `iss` | `3.1` |
 * | 2.B. the subject MUST be the client's id | `3.2` |
 * | 3. MUST contain an `aud` with the server's own identity, and is rejected without | `3.3` |
 * | 4. MUST contain an `exp`, and is rejected once it has passed | `3.4` |
 * | 5. MUST NOT be accepted before `nbf` | `3.5` |
 * | 6. MAY be rejected for an unreasonable `iat` | `3.6` |
 * | 7. MAY be ensured not to be replayed | `3.7`: here, in another isolate, at the same moment, after a restart |
 * | 9. MUST be signed, and is rejected with an invalid signature | `3.9` |
 * | 10. MUST be rejected when it is not valid otherwise | `3.10` |
 */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';

import { ASSERTION_TYPE, type AssertionOptions, SERVER, assertion, assertionOfSecret, asserted, clients, quash, signing } from './assertions.ts';
import { type Issuer, faults, newKey, startIssuer } from './issuer.ts';
import { type Answer, type Place, call, post } from './requests.ts';
import { CLIENT, type Edge, start } from './server.ts';
import { now, token } from './tokens.ts';

let edge: Edge;
let publisher: Issuer;
const published = newKey();

before(async () => {
  publisher = await startIssuer();
  publisher.keys = [published];
  const publishing = { id: 'publishing', jwks_uri: `${publisher.url}/jwks`, may: ['revoke'] };
  const failing = { id: 'failing', jwks_uri: `${publisher.url}/elsewhere` };
  edge = await start({ ledger: {}, quash: { ...quash, clients: [...clients, publishing, failing] } });
});
after(async () => {
  await edge?.stop();
  publisher?.stop();
});

/** What a client may do that is known, and nobody else. */
const ask = (form: Record<string, string>, headers: HeadersInit = {}, place: Place = edge): Promise<Answer> =>
  post(place, '/auth/revoke', { token: 'garbage', ...form }, headers);

const basic = (id: string, secret: string): HeadersInit => ({
  authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`,
});

/** Every refusal of a client is the same, whatever the reason. */
function refused({ status, headers, body }: Answer, what = ''): void {
  assert.equal(status, 401, what);
  assert.deepEqual(body, {
    error: 'invalid_client',
    code: 'client_unknown',
    message: 'the client could not be authenticated',
  });
  assert.equal(headers.get('www-authenticate'), 'Basic realm="quash", charset="UTF-8"', what);
  assert.equal(headers.get('cache-control'), 'no-store', what);
}

const asserts = async (options?: AssertionOptions): Promise<Answer> => ask(asserted(await assertion(options)));

test('6749 2.3.1: the id and the secret may be form-encoded in the header, or as they are', async () => {
  const every = (text: string) => [...text].map((letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`).join('');
  for (const encode of [(text: string) => text, encodeURIComponent, every]) {
    const answer = await ask({}, basic(encode(CLIENT.id), encode(CLIENT.secret)));
    assert.equal(answer.status, 200, encode(CLIENT.secret));
  }
  refused(await ask({}, basic(CLIENT.id, every(every(CLIENT.secret)))));
});

test('6749 2.3: no more than one method in a request', async () => {
  const header = basic(CLIENT.id, CLIENT.secret);
  const posted = { client_id: CLIENT.id, client_secret: CLIENT.secret };
  assert.equal((await ask(posted)).status, 200);
  refused(await ask(posted, header));
  refused(await ask(asserted(await assertion()), header));
  refused(await ask({ ...posted, ...asserted(await assertion()) }));
});

test('6749 2.3.1: who has no secret is not known by an empty one', async () => {
  refused(await ask({}, basic('signing', '')));
  refused(await ask({ client_id: 'signing', client_secret: '' }));
});

test('7521 4.2: an assertion has a type, and a `client_id` beside it is the same client', async () => {
  assert.equal((await ask({ ...asserted(await assertion()), client_id: 'signing' })).status, 200);
  refused(await ask({ ...asserted(await assertion()), client_id: CLIENT.id }));
  refused(await ask({ client_assertion: await assertion() }));
  const saml = ASSERTION_TYPE.replace('jwt-bearer', 'saml2-bearer');
  refused(await ask({ client_assertion_type: saml, client_assertion: await assertion() }));
});

test('7523 2.2: a client is known by its assertion, with a key of its own or a secret that both have', async () => {
  const mine = await token();
  const answer = await ask({ ...asserted(await assertion()), token: mine });
  assert.deepEqual([answer.status, answer.body], [200, '']);
  assert.equal((await call(edge, mine)).code, 'token_revoked');
  assert.equal((await ask(asserted(await assertionOfSecret()))).status, 200);
});

test('7523 3.1: the issuer is a client that we know', async () => {
  for (const iss of [undefined, 'nobody', CLIENT.id, 'another', 'https://issuer.example']) {
    refused(await asserts({ claims: { iss, ...(iss !== undefined && { sub: iss }) } }), iss);
  }
});

test('7523 3.2: the subject is that client', async () => {
  for (const sub of [undefined, 'another', CLIENT.id, '']) refused(await asserts({ claims: { sub } }), sub);
});

test('7523 3.3: the audience is us, by our configured name and not by what the request was sent to', async () => {
  const ours = [SERVER, `${SERVER}/auth/revoke`, `${SERVER}/auth/introspect`, 'https://issuer.example/token'];
  for (const aud of [...ours, ['https://other.example', SERVER]]) {
    assert.equal((await asserts({ claims: { aud } })).status, 200, String(aud));
  }
  const others = [undefined, [], 'https://other.example', `${SERVER}/`, edge.url, `${edge.url}/auth/revoke`, 'signing'];
  for (const aud of others) refused(await asserts({ claims: { aud } }), String(aud));
});

test('7523 3.4: it expires, and soon', async () => {
  assert.equal((await asserts({ claims: { exp: now() + 290 } })).status, 200);
  for (const exp of [undefined, now() - 60, now() + 3600]) refused(await asserts({ claims: { exp } }), String(exp));
});

test('7523 3.5 and 3.6: it is not of tomorrow', async () => {
  assert.equal((await asserts({ claims: { nbf: now() - 5, iat: now() - 5 } })).status, 200);
  refused(await asserts({ claims: { nbf: now() + 120 } }));
  refused(await asserts({ claims: { iat: now() + 120 } }));
});

describe('7523 3.7: it is used once', () => {
  test('and has to have a `jti`', async () => {
    refused(await asserts({ claims: { jti: undefined } }));
  });

  test('in any isolate, by any spelling', async () => {
    const jti = randomUUID();
    const first = await assertion({ claims: { jti } });
    assert.equal((await ask(asserted(first))).status, 200);
    refused(await ask(asserted(first)), 'here');
    refused(await ask(asserted(first), {}, edge.other), 'in another isolate');
    refused(await asserts({ claims: { jti, exp: now() + 61 } }), 'with the same jti');
  });

  test('also when it comes many times at the same moment', async () => {
    const one = asserted(await assertion());
    const places = Array.from({ length: 12 }, (_, index) => (index % 2 === 0 ? edge : edge.other));
    const answers = await Promise.all(places.map((place) => ask(one, {}, place)));
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, ...Array<number>(11).fill(401)]);
  });

  test('and not more often after a restart', async () => {
    const one = asserted(await assertion());
    assert.equal((await ask(one)).status, 200);
    edge = await edge.restart();
    refused(await ask(one));
  });

  test('what was refused for another reason was not used', async () => {
    const one = asserted(await assertion());
    refused(await ask({ ...one, client_id: CLIENT.id }));
    refused(await ask(one, basic(CLIENT.id, CLIENT.secret)));
    assert.equal((await ask(one)).status, 200);
  });

  test('a `jti` is the client’s own', async () => {
    const jti = randomUUID();
    const mine = await token({ claims: { jti } });
    assert.equal((await asserts({ claims: { jti } })).status, 200);
    assert.equal((await call(edge, mine)).status, 200);
  });

  test('and not at all while nobody can tell', async () => {
    const one = asserted(await assertion());
    await edge.ledgerFault('down');
    try {
      const answer = await ask(one);
      assert.deepEqual([answer.status, answer.code], [503, 'store_unavailable']);
      assert.ok(answer.headers.has('retry-after'));
    } finally {
      await edge.ledgerFault(undefined);
    }
    assert.equal((await ask(one)).status, 200);
  });
});

test('7523 3.9: it is signed, by the client', async () => {
  const good = await assertion();
  for (const [what, text] of Object.entries({
    'with another key': await assertion({ key: { ...newKey(signing.kid) } }),
    'by another client, with a key of its own': await assertion({ claims: { iss: 'another', sub: 'another' } }),
    'with an unknown key': await assertion({ key: newKey() }),
    'not at all': `${Buffer.from('{"alg":"none"}').toString('base64url')}.${good.split('.')[1]}.`,
    'with something else': `${good.split('.').slice(0, 2).join('.')}.${(await assertion()).split('.')[2]}`,
  })) {
    refused(await ask(asserted(text)), what);
  }
});

test('7523 3.10: a token is no assertion, and an assertion is no token', async () => {
  refused(await ask(asserted(await token())));
  refused(await asserts({ header: { typ: 'at+jwt' } }));
  refused(await ask(asserted('garbage')));
  refused(await ask(asserted('')));
  const text = await assertion({ claims: { aud: [SERVER, 'api'], iat: now() } });
  assert.equal((await call(edge, text)).code, 'issuer_unknown');
});

test('a client may publish its keys', async () => {
  const claims = { iss: 'publishing', sub: 'publishing' };
  assert.equal((await asserts({ claims, key: published })).status, 200);
  refused(await asserts({ claims, key: newKey() }));
});

test('while its keys cannot be read, it is told to come again', async () => {
  const claims = { iss: 'failing', sub: 'failing' };
  publisher.fault = faults['an error'];
  try {
    const answer = await asserts({ claims, key: published });
    assert.deepEqual([answer.status, answer.code], [503, 'keys_unavailable']);
    assert.ok(answer.headers.has('retry-after'));
  } finally {
    publisher.fault = undefined;
  }
  const since = performance.now();
  while ((await asserts({ claims, key: published })).status !== 200) assert.ok(performance.now() - since < 30_000, 'its keys are never read again');
});
