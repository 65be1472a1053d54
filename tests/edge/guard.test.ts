/** What the guard lets through, and each thing that it refuses: the table in docs/http.md. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { base64url } from 'jose';

import { call, get, post } from './requests.ts';
import { type Edge, GUARDS, start } from './server.ts';
import { ALGORITHMS, ISSUER, now, rsaPem, token } from './tokens.ts';

for (const guard of GUARDS) describe(guard, () => {
  let edge: Edge;
  before(async () => {
    edge = await start({ guard });
  });
  after(() => edge.stop());

  describe('lets through', () => {
    for (const alg of ALGORITHMS) {
      test(`a token signed with ${alg}`, async () => {
        const { status, body } = await call(edge, await token({ alg }), '/api/x?y=z');
        assert.equal(status, 200);
        assert.equal(body.path, '/api/x?y=z');
      });
    }

    test('a token in the cookie', async () => {
      const answer = await get(edge, '/api', { cookie: `theme=dark; session=${await token()}` });
      assert.equal(answer.status, 200);
    });

    test('a body, whole', async () => {
      const body = 'x'.repeat(200_000);
      const answer = await post(edge, '/api', body, { authorization: `Bearer ${await token()}` });
      assert.equal(answer.body.method, 'POST');
      assert.equal(answer.body.body, body);
    });

    test('a preflight, which never has a token', async () => {
      const preflight = { origin: 'https://app.example', 'access-control-request-method': 'PUT' };
      const options = (headers: HeadersInit) => fetch(`${edge.url}/api`, { method: 'OPTIONS', headers });
      assert.equal((await options(preflight)).status, 200);
      assert.equal((await options({})).status, 401);
    });

    test('anybody to a public path', async () => {
      assert.equal((await get(edge, '/public/page')).status, 200);
      assert.equal((await get(edge, '/public/..%2fapi')).code, 'token_missing');
    });
  });

  describe('tells the origin', () => {
    test('the verified claims, and nothing that the client made up', async () => {
      const headers = { 'quash-claims': 'forged', 'Quash-Other': 'forged', 'x-mine': 'kept' };
      const mine = await token({ claims: { sub: 'me' } });
      const { body } = await get(edge, '/api', { ...headers, authorization: `Bearer ${mine}` });
      assert.equal(JSON.parse(Buffer.from(body.headers['quash-claims'], 'base64url').toString()).sub, 'me');
      assert.equal(body.headers['quash-other'], undefined);
      assert.equal(body.headers['x-mine'], 'kept');

      const open = await get(edge, '/public/page', headers);
      assert.equal(open.body.headers['quash-claims'], undefined);
    });

    test('the claims of a token in a cookie behind another one that is not in English', async () => {
      const mine = await token({ claims: { sub: 'me' } });
      for (const name of ['Zo\u00eb', '\u00ff\u00fe\u00e9']) {
        const { body } = await get(edge, '/api', { cookie: `name=${name}; session=${mine}` });
        assert.equal(body.headers['quash-claims'], mine.split('.')[1]);
      }
    });

    test('no credential but the verified one', async () => {
      const { body } = await get(edge, '/api', { cookie: `session=${await token()}`, authorization: 'Basic dTpw' });
      assert.equal(body.headers.authorization, undefined);
      const mine = await token();
      const both = await get(edge, '/api', { authorization: `Basic dTpw, Bearer ${mine}` });
      assert.equal(both.body.headers.authorization, `Bearer ${mine}`);
    });
  });

  describe('refuses', () => {
    const segments = async () => (await token()).split('.') as [string, string, string];
    const encode = (value: unknown) => base64url.encode(JSON.stringify(value));
    const valid = { iss: ISSUER, aud: 'api', iat: now(), exp: now() + 60 };

    const cases: Record<string, [string, number, string, () => Promise<string>]> = {
      'a garbled token': ['invalid_token', 401, 'token_segments', async () => 'garbage'],
      'a payload that is no JSON': ['invalid_token', 401, 'token_json', async () => {
        const [header, , signature] = await segments();
        return `${header}.${base64url.encode('{')}.${signature}`;
      }],
      'a claim given twice': ['invalid_token', 401, 'token_duplicate_member', async () => {
        const [header, , signature] = await segments();
        return `${header}.${base64url.encode('{"jti":"a","jti":"b"}')}.${signature}`;
      }],
      'an oversized token': ['invalid_token', 401, 'token_too_large', () =>
        token({ claims: { padding: 'x'.repeat(9000) } })],
      'an expired token': ['invalid_token', 401, 'token_expired', () =>
        token({ claims: { iat: now() - 700, exp: now() - 100 } })],
      'a token that starts later': ['invalid_token', 401, 'token_not_yet_valid', () =>
        token({ claims: { nbf: now() + 100 } })],
      'a token from the future': ['invalid_token', 401, 'token_not_yet_valid', () =>
        token({ claims: { iat: now() + 100 } })],
      'a token without an end': ['invalid_token', 401, 'claim_missing', () => token({ claims: { exp: undefined } })],
      'a token that lives too long': ['invalid_token', 401, 'lifetime_too_long', () =>
        token({ claims: { exp: now() + 2000 } })],
      'a wrongly signed token': ['invalid_token', 401, 'signature_invalid', () =>
        token({ key: new TextEncoder().encode('another secret, as long as the first') })],
      'a token with a changed payload': ['invalid_token', 401, 'signature_invalid', async () => {
        const [header, , signature] = await segments();
        return `${header}.${encode({ ...valid, sub: 'admin' })}.${signature}`;
      }],
      'a token signed with `none`': ['invalid_token', 401, 'algorithm_refused', async () =>
        `${encode({ alg: 'none' })}.${encode(valid)}.`],
      'HS256 keyed with the public key': ['invalid_token', 401, 'algorithm_refused', () =>
        token({ header: { kid: 'RS256' }, key: new TextEncoder().encode(rsaPem) })],
      'another algorithm of the same key': ['invalid_token', 401, 'algorithm_refused', () =>
        token({ alg: 'PS256', header: { kid: 'RS256' } })],
      'a token of a foreign issuer': ['invalid_token', 401, 'issuer_unknown', () =>
        token({ claims: { iss: 'https://evil.example' } })],
      'a token of nobody': ['invalid_token', 401, 'issuer_unknown', () => token({ claims: { iss: undefined } })],
      'an unknown key': ['invalid_token', 401, 'key_unknown', () => token({ header: { kid: '../../HS256' } })],
      'another audience': ['invalid_token', 401, 'audience_mismatch', () => token({ claims: { aud: 'other' } })],
      'a logout token': ['invalid_token', 401, 'type_refused', () => token({ header: { typ: 'logout+jwt' } })],
      'an event token without a type': ['invalid_token', 401, 'type_refused', () => token({ claims: { events: {} } })],
      'an ID token': ['invalid_token', 401, 'type_refused', () => token({ claims: { nonce: 'n' } })],
      'a token of nobody in particular': ['invalid_token', 401, 'claim_missing', () =>
        token({ claims: { sub: undefined } })],
      'a tenant that is no text': ['invalid_token', 401, 'claim_invalid', () => token({ claims: { tenant: 7 } })],
    };
    for (const [name, [error, status, code, make]] of Object.entries(cases)) {
      test(name, async () => {
        const answer = await call(edge, await make());
        assert.deepEqual([answer.status, answer.code, answer.body.error], [status, code, error]);
        assert.match(answer.headers.get('www-authenticate') ?? '', new RegExp(`^Bearer .*error="${error}"`));
        assert.equal(answer.headers.get('cache-control'), 'no-store');
      });
    }

    test('no token: a challenge without an error (RFC 6750 section 3.1)', async () => {
      const answer = await get(edge, '/api');
      assert.deepEqual([answer.status, answer.code, answer.body.error], [401, 'token_missing', undefined]);
      assert.equal(answer.headers.get('www-authenticate'), 'Bearer realm="quash"');
    });

    test('two tokens, even when they are one', async () => {
      const mine = await token();
      const answer = await get(edge, '/api', { cookie: `session=${mine}`, authorization: `Bearer ${mine}` });
      assert.deepEqual([answer.status, answer.code, answer.body.error], [400, 'token_ambiguous', 'invalid_request']);
    });

    for (const fault of ['read', 'hang'] as const) {
      test(`anything it cannot check, while the denylist fails: ${fault}`, async () => {
        const mine = await token();
        await edge.fault(fault);
        try {
          const answer = await call(edge, mine);
          assert.deepEqual([answer.status, answer.code], [503, 'store_unavailable']);
          assert.match(answer.headers.get('retry-after') ?? '', /^\d+$/);
          assert.equal((await get(edge, '/public/page')).status, 200);
        } finally {
          await edge.fault(undefined);
        }
        assert.equal((await call(edge, mine)).status, 200);
      });
    }
  });
});
