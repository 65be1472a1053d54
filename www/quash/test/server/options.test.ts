/** Each option of jsonwebtoken: ours does the same with it, and something else without it. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, describe, mock, test } from 'node:test';

import jsonwebtoken from 'jsonwebtoken';
import * as quash from 'quash/server';

import { NOW } from './cases.ts';
import { K256, RSA_SHORT, SECRET } from './keys.ts';
import { messageOf, outcomeOf, type Outcome } from './outcome.ts';

/** As JavaScript sees it, which checks no types. */
type Library = Record<'sign' | 'verify' | 'decode', (...args: unknown[]) => unknown>;
const ours = quash as unknown as Library;
const theirs = jsonwebtoken as unknown as Library;

before(() => mock.timers.enable({ apis: ['Date'], now: NOW * 1000 }));
after(() => mock.timers.reset());

const source = (file: string) => readFileSync(createRequire(import.meta.url).resolve(`jsonwebtoken/${file}`), 'utf8');

/** Of both libraries, which has to be the same. */
function same(call: (library: Library) => unknown): Outcome {
  const [expected, actual] = [theirs, ours].map((library) => outcomeOf(() => call(library)));
  assert.deepEqual(actual, expected);
  return actual!;
}

describe('sign', () => {
  /** A value, and what the token then says, or the error. */
  const OPTIONS: Record<string, [value: unknown, says: object | string][]> = {
    algorithm: [['HS512', { alg: 'HS512' }]],
    expiresIn: [
      [60, { exp: NOW + 60 }],
      ['2 days', { exp: NOW + 172_800 }],
      ['1500', { exp: NOW + 1 }],
    ],
    notBefore: [
      [-60, { nbf: NOW - 60 }],
      ['1h', { nbf: NOW + 3600 }],
    ],
    audience: [
      ['api', { aud: 'api' }],
      [['api', 'app'], { aud: ['api', 'app'] }],
    ],
    issuer: [['https://issuer.example', { iss: 'https://issuer.example' }]],
    subject: [['user', { sub: 'user' }]],
    jwtid: [['id-1', { jti: 'id-1' }]],
    noTimestamp: [[true, { iat: undefined }]],
    keyid: [['key-1', { kid: 'key-1' }]],
    header: [
      [{ cty: 'JWT' }, { cty: 'JWT', typ: 'JWT' }],
      [{ alg: 'HS384', typ: 'at+jwt' }, { alg: 'HS384', typ: 'at+jwt' }],
    ],
    encoding: [['latin1', { name: 'J\ufffdrg' }]],
  };

  for (const [name, values] of Object.entries(OPTIONS)) {
    for (const [value, says] of values) {
      test(`${name}: ${JSON.stringify(value)}`, () => {
        const saying = (options: object) => {
          const outcome = same(({ sign, decode }) => decode(sign({ name: 'Jörg' }, SECRET, options), { complete: true }));
          assert.ok('value' in outcome);
          const { header, payload } = outcome.value as { header: object; payload: object };
          return { ...header, ...payload } as Record<string, unknown>;
        };
        const pick = (token: Record<string, unknown>) => Object.fromEntries(Object.keys(says).map((key) => [key, token[key]]));
        assert.deepEqual(pick(saying({ [name]: value })), says);
        assert.notDeepEqual(pick(saying({})), says);
      });
    }
  }

  test('mutatePayload', () => {
    for (const mutatePayload of [true, false]) {
      const outcome = same(({ sign }) => {
        const payload = {};
        sign(payload, SECRET, { mutatePayload, subject: 'user', expiresIn: 1 });
        return payload;
      });
      assert.deepEqual(outcome, { value: mutatePayload ? { iat: NOW, exp: NOW + 1, sub: 'user' } : {} });
    }
  });

  test('allowInsecureKeySizes', () => {
    const signing = (options: object) => same(({ sign }) => sign({}, RSA_SHORT.privateKey, { algorithm: 'RS256', ...options }));
    assert.ok('value' in signing({ allowInsecureKeySizes: true }));
    assert.match(messageOf(signing({ allowInsecureKeySizes: false })) ?? '', /minimum key size/);
  });

  test('allowInvalidAsymmetricKeyTypes', () => {
    const verifying = (options: object) =>
      same(({ sign, verify }) => {
        const token = sign({}, K256.privateKey, { algorithm: 'ES256', ...options });
        return verify(token, K256.publicKey, { allowInvalidAsymmetricKeyTypes: true });
      });
    assert.deepEqual(verifying({ allowInvalidAsymmetricKeyTypes: true }), { value: { iat: NOW } });
    assert.match(messageOf(verifying({ allowInvalidAsymmetricKeyTypes: false })) ?? '', /requires curve/);
  });

  test('there are no others', () => {
    const [schema = ''] = source('sign.js').split('const registered_claims_schema');
    const names = [...schema.matchAll(/^ {2}(\w+): \{ isValid/gm)].map(([, name]) => name);
    const elsewhere = ['mutatePayload', 'allowInsecureKeySizes', 'allowInvalidAsymmetricKeyTypes'];
    assert.deepEqual(names.sort(), [...Object.keys(OPTIONS), ...elsewhere].sort());
  });
});

describe('verify', () => {
  const ISSUER = 'https://issuer.example';
  const CLAIMS = { iss: ISSUER, aud: ['api', 'app'], sub: 'user', jti: 'id-1', nonce: 'n-1', exp: NOW + 10, iat: NOW - 10 };

  /** Claims that are others than those, a value, and the error, if there is one; and what it is without the option. */
  const OPTIONS: Record<string, [claims: object, value: unknown, error?: string | undefined, without?: string][]> = {
    algorithms: [
      [{}, ['HS384', 'HS256']],
      [{}, ['HS384'], 'invalid algorithm'],
    ],
    audience: [
      [{}, 'app'],
      [{}, /^ap/],
      [{}, ['x', /i$/]],
      [{}, 'x', 'jwt audience invalid. expected: x'],
      [{}, /x/, 'jwt audience invalid. expected: /x/'],
      [{ aud: 'api' }, ['x', /x/], 'jwt audience invalid. expected: x or /x/'],
    ],
    issuer: [
      [{}, ISSUER],
      [{}, ['x', ISSUER]],
      [{}, ['x', 'y'], 'jwt issuer invalid. expected: x,y'],
    ],
    subject: [
      [{}, 'user'],
      [{}, 'x', 'jwt subject invalid. expected: x'],
    ],
    jwtid: [
      [{}, 'id-1'],
      [{}, 'x', 'jwt jwtid invalid. expected: x'],
    ],
    nonce: [
      [{}, 'n-1'],
      [{}, 'x', 'jwt nonce invalid. expected: x'],
    ],
    maxAge: [
      [{}, 11],
      [{}, '11s'],
      [{}, 10, 'maxAge exceeded'],
      [{}, '10s', 'maxAge exceeded'],
    ],
    clockTimestamp: [
      [{}, NOW + 10, 'jwt expired'],
      [{ exp: NOW - 10 }, NOW - 11, undefined, 'jwt expired'],
    ],
    clockTolerance: [
      [{ exp: NOW - 4 }, 5, undefined, 'jwt expired'],
      [{ exp: NOW - 5 }, 5, 'jwt expired', 'jwt expired'],
      [{ nbf: NOW + 5 }, 5, undefined, 'jwt not active'],
    ],
    ignoreExpiration: [[{ exp: NOW }, true, undefined, 'jwt expired']],
    ignoreNotBefore: [[{ nbf: NOW + 1 }, true, undefined, 'jwt not active']],
  };

  for (const [name, values] of Object.entries(OPTIONS)) {
    for (const [claims, value, error, without] of values) {
      test(`${name}: ${value instanceof RegExp ? value : JSON.stringify(value)} ${error ?? 'is good'}`, () => {
        const token = jsonwebtoken.sign({ ...CLAIMS, ...claims }, SECRET);
        assert.equal(messageOf(same(({ verify }) => verify(token, SECRET, { [name]: value }))), error);
        assert.equal(messageOf(same(({ verify }) => verify(token, SECRET, {}))), without);
      });
    }
  }

  test('complete', () => {
    const token = jsonwebtoken.sign(CLAIMS, SECRET);
    const [, , signature] = token.split('.');
    const whole = { header: { alg: 'HS256', typ: 'JWT' }, payload: CLAIMS, signature };
    assert.deepEqual(same(({ verify }) => verify(token, SECRET, { complete: true })), { value: whole });
    assert.deepEqual(same(({ verify }) => verify(token, SECRET, { complete: 'yes' })), { value: CLAIMS });
  });

  test('allowInvalidAsymmetricKeyTypes', () => {
    const token = jsonwebtoken.sign({}, K256.privateKey, { algorithm: 'ES256', allowInvalidAsymmetricKeyTypes: true });
    const verifying = (options: object) => messageOf(same(({ verify }) => verify(token, K256.publicKey, options)));
    assert.equal(verifying({ allowInvalidAsymmetricKeyTypes: true }), undefined);
    assert.match(verifying({}) ?? '', /requires curve/);
  });

  test('there are no others', () => {
    const names = new Set([...source('verify.js').matchAll(/options\.(\w+)/g)].map(([, name]) => name));
    assert.deepEqual([...names].sort(), [...Object.keys(OPTIONS), 'complete', 'allowInvalidAsymmetricKeyTypes'].sort());
  });
});

describe('decode', () => {
  const token = jsonwebtoken.sign('{"sub":"user"}', SECRET);
  const number = jsonwebtoken.sign('5', SECRET);

  test('complete', () => {
    const whole = { header: { alg: 'HS256' }, payload: { sub: 'user' }, signature: token.split('.')[2] };
    assert.deepEqual(same(({ decode }) => decode(token, { complete: true })), { value: whole });
    assert.deepEqual(same(({ decode }) => decode(token)), { value: { sub: 'user' } });
  });

  test('json', () => {
    assert.deepEqual(same(({ decode }) => decode(number, { json: true })), { value: 5 });
    assert.deepEqual(same(({ decode }) => decode(number)), { value: '5' });
  });

  test('of what is no token', () => {
    for (const text of ['', 'a.b', 'a.b.c', 'a.b.c.d', undefined, null, 5]) {
      assert.deepEqual(same(({ decode }) => decode(text)), { value: null });
    }
  });
});
