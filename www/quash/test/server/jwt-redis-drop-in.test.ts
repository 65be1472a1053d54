/** The same calls to jwt-redis and to what takes its place come to the same, and leave the same in Redis. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import jsonwebtoken from 'jsonwebtoken';

import {
  type Jwtr,
  kindsOf,
  type Label,
  type Library,
  outcomeOf,
  OURS,
  SECRET,
  seconds,
  startWorld,
  THEIRS,
} from './jwt-redis-libraries.ts';
import { P256, pem, RSA } from './keys.ts';

const NOW = seconds();
const OTHER_SECRET = 'another secret of thirty-two bytes';

type Call = (jwtr: Jwtr) => unknown;

const sign =
  (payload: object, options?: object | null, key: unknown = SECRET): Call =>
  (jwtr) =>
    jwtr.sign(payload, key, options);

/** Verifies a token that has a label. */
const verify =
  (claims: object, options?: object | null, key: unknown = SECRET): Call =>
  async (jwtr) =>
    jwtr.verify(await jwtr.sign({ iat: NOW, ...claims }, SECRET), key, options);

const verifyToken =
  (...args: unknown[]): Call =>
  (jwtr) =>
    jwtr.verify(...args);

/** One after another: what is destroyed was signed above. */
const SCRIPT: Record<string, Call> = {
  'sign: without an expiry': sign({ jti: 'eternal', iat: NOW, sub: 'ada' }),
  'sign: expiresIn in seconds': sign({ jti: 'a', iat: NOW }, { expiresIn: 900 }),
  'sign: expiresIn as text': sign({ iat: NOW, jti: 'b' }, { expiresIn: '2 days' }),
  'sign: exp of the payload': sign({ jti: 'c', iat: NOW, exp: NOW + 900 }),
  'sign: exp with a fraction': sign({ jti: 'fraction', iat: NOW, exp: NOW + 900.25 }),
  'sign: exp of long ago': sign({ jti: 'past', iat: NOW, exp: NOW - 900 }),
  'sign: expiresIn of long ago': sign({ jti: 'past', iat: NOW }, { expiresIn: -900 }),
  'sign: notBefore': sign({ jti: 'later', iat: NOW }, { notBefore: '1h', expiresIn: '2h' }),
  'sign: all claims': sign({ jti: 'd', iat: NOW }, { audience: ['api', 'app'], issuer: 'i', subject: 's', expiresIn: 60 }),
  'sign: a header': sign({ jti: 'e', iat: NOW }, { keyid: 'k', header: { alg: 'HS256', x5t: 't' }, algorithm: 'HS512' }),
  'sign: no timestamp': sign({ jti: 'f' }, { noTimestamp: true }),
  'sign: RS256': sign({ jti: 'rsa', iat: NOW }, { algorithm: 'RS256', expiresIn: 60 }, pem(RSA.privateKey)),
  'sign: a jti that is a number': sign({ jti: 17, iat: NOW }, { expiresIn: 60 }),
  'sign: a jti that JSON makes a text of': sign({ jti: { toJSON: () => 'id', toString: () => 'id' }, iat: NOW }),
  'sign: a jti with every kind of letter': sign({ jti: 'ключ: {}* \n"', iat: NOW }),
  'sign: an instance': sign(Object.assign(new (class User {})(), { jti: 'user', iat: NOW })),
  'sign: a jti that is inherited': sign(Object.create({ jti: 'inherited' }), { noTimestamp: true }),
  'sign: the same again, for longer': sign({ jti: 'a', iat: NOW }, { expiresIn: 1800 }),
  'sign: the same again, for ever': sign({ jti: 'b', iat: NOW }),
  'sign: the payload is left alone': async (jwtr) => {
    const payload = { jti: 'g', iat: NOW };
    return [await jwtr.sign(payload, SECRET, { mutatePayload: true, expiresIn: 60 }), payload];
  },
  'sign: no options': sign({ jti: 'g', iat: NOW }, null),
  'sign: no key': sign({ jti: 'refused' }, {}, ''),
  'sign: a key of another kind': sign({ jti: 'refused' }, { algorithm: 'HS384', expiresIn: '' }),
  'sign: an unknown option': sign({ jti: 'refused' }, { expires: 60 }),
  'sign: exp twice': sign({ jti: 'refused', exp: NOW }, { expiresIn: 60 }),
  'sign: nbf twice': sign({ jti: 'refused', nbf: NOW }, { notBefore: 60 }),
  'sign: jti twice': sign({ jti: 'refused' }, { jwtid: 'j' }),
  'sign: sub twice': sign({ jti: 'refused', sub: 's' }, { subject: 's' }),
  'sign: a wrong exp': sign({ jti: 'refused', exp: 'soon' }),
  'sign: a wrong time span': sign({ jti: 'refused' }, { expiresIn: 'soon' }),

  'verify: a token': verify({ jti: 'v', sub: 'ada', n: [1] }),
  'verify: with an expiry': verify({ jti: 'w', exp: NOW + 900 }),
  'verify: no options': verify({ jti: 'v' }, null),
  'verify: what it asks for': verify(
    { jti: 'v', aud: ['api'], iss: 'i', sub: 's', nonce: 'n' },
    { audience: /^a/, issuer: ['i'], subject: 's', nonce: 'n', jwtid: 'v', algorithms: ['HS256'], maxAge: '1h' },
  ),
  'verify: another jti': verify({ jti: 'v' }, { jwtid: 'w' }),
  'verify: another audience': verify({ jti: 'v', aud: 'api' }, { audience: 'app' }),
  'verify: another issuer': verify({ jti: 'v' }, { issuer: 'i' }),
  'verify: another algorithm': verify({ jti: 'v' }, { algorithms: ['HS512'] }),
  'verify: another key': verify({ jti: 'v' }, {}, OTHER_SECRET),
  'verify: no key': verify({ jti: 'v' }, {}, ''),
  'verify: too old': verify({ jti: 'v', iat: NOW - 60 }, { maxAge: 10, clockTimestamp: NOW }),
  'verify: expired': verify({ jti: 'past', exp: NOW - 60 }),
  'verify: expired, and its label is gone': verify({ jti: 'past', exp: NOW - 60 }, { ignoreExpiration: true }),
  'verify: not yet': verify({ jti: 'v', nbf: NOW + 900 }),
  'verify: not yet, but never mind': verify({ jti: 'v', nbf: NOW + 900 }, { ignoreNotBefore: true }),
  'verify: at another time': verify({ jti: 'v', exp: NOW + 900 }, { clockTimestamp: NOW + 900 }),
  'verify: with a tolerance': verify({ jti: 'v', exp: NOW + 900 }, { clockTimestamp: NOW + 900, clockTolerance: 1 }),
  'verify: a key that is fetched': verify({ jti: 'v' }, {}, (_: object, answer: Function) => setImmediate(() => answer(null, SECRET))),
  'verify: a key that is not found': verify({ jti: 'v' }, {}, (_: object, answer: Function) => answer(new Error('no key'))),
  'verify: a search that fails': verify({ jti: 'v' }, {}, () => {
    throw new RangeError('search');
  }),
  'verify: an RSA key': async (jwtr) =>
    jwtr.verify(await jwtr.sign({ jti: 'v', iat: NOW }, pem(RSA.privateKey), { algorithm: 'RS256' }), pem(RSA.publicKey)),
  'verify: an elliptic key': async (jwtr) =>
    jwtr.verify(await jwtr.sign({ jti: 'v', iat: NOW }, pem(P256.privateKey), { algorithm: 'ES256' }), pem(P256.publicKey)),
  'verify: a jti that is a number': verify({ jti: 17 }),
  'verify: a jti with every kind of letter': verify({ jti: 'ключ: {}* \n"' }),
  'verify: no jti': verifyToken(jsonwebtoken.sign({ iat: NOW }, SECRET), SECRET),
  'verify: an empty jti': verifyToken(jsonwebtoken.sign({ jti: '', iat: NOW }, SECRET), SECRET),
  'verify: a token of texts': verifyToken(jsonwebtoken.sign('text', SECRET), SECRET),
  'verify: no label': verifyToken(jsonwebtoken.sign({ jti: 'nobody' }, SECRET), SECRET),
  'verify: no token': verifyToken('token', SECRET),
  'verify: nothing': verifyToken(undefined, SECRET),
  'verify: a number': verifyToken(5, SECRET),

  'destroy: a jti': (jwtr) => jwtr.destroy('a'),
  'destroy: again': (jwtr) => jwtr.destroy('a'),
  'destroy: what never was': (jwtr) => jwtr.destroy('nobody'),
  'destroy: with a key, as the README has it': (jwtr) => jwtr.destroy('b', SECRET),
  'destroy: a number': (jwtr) => jwtr.destroy(17),
  'destroy: every kind of letter': (jwtr) => jwtr.destroy('ключ: {}* \n"'),
  'destroy: what looks like a token': (jwtr) => jwtr.destroy('a.b.c'),
  'verify: destroyed': verifyToken(jsonwebtoken.sign({ jti: 'a', iat: NOW }, SECRET), SECRET),
  'verify: destroyed and expired': verifyToken(jsonwebtoken.sign({ jti: 'a', exp: NOW - 1 }, SECRET), SECRET),
  'verify: destroyed, and signed again': verify({ jti: 'a' }),

  'decode: a token': (jwtr) => jwtr.decode(jsonwebtoken.sign({ jti: 'a', iat: NOW }, SECRET)),
  'decode: the whole': (jwtr) => jwtr.decode(jsonwebtoken.sign({ iat: NOW }, SECRET), { complete: true }),
  'decode: text': (jwtr) => jwtr.decode(jsonwebtoken.sign('text', SECRET)),
  'decode: no token': (jwtr) => jwtr.decode('token'),
  'decode: nothing': (jwtr) => jwtr.decode(undefined),

  'fields: taken off the instance': ({ sign, destroy }) => sign({ jti: 'x', iat: NOW }, SECRET).then(() => destroy('x')),
};

interface Step {
  readonly outcome: unknown;
  readonly labels: readonly Label[];
}

interface Performance {
  readonly steps: Readonly<Record<string, Step>>;
  /** No label was written longer than this after its lifetime was reckoned, in milliseconds. */
  readonly longest: number;
}

async function perform(library: Library, options?: object): Promise<Performance> {
  await using world = await startWorld();
  const jwtr = new library.default(world.client, options);
  const steps: Record<string, Step> = {};
  let longest = 0;
  for (const [name, call] of Object.entries(SCRIPT)) {
    const start = Date.now();
    const outcome = await outcomeOf(() => call(jwtr));
    longest = Math.max(longest, Date.now() - start + 1);
    steps[name] = { outcome, labels: await world.labels() };
  }
  return { steps, longest };
}

describe('the same calls', { concurrency: true }, () => {
  for (const [title, options] of [
    ['by default', undefined],
    ['with a prefix', { prefix: 'app:' }],
    ['with an empty prefix', { prefix: '' }],
    ['with options that say nothing', {}],
  ] as const) {
    test(title, async (t) => {
      const [theirs, ours] = await Promise.all([perform(THEIRS, options), perform(OURS, options)]);
      for (const [name, { outcome, labels }] of Object.entries(ours.steps)) {
        const expected = theirs.steps[name]!;
        await t.test(name, () => {
          assert.deepEqual(outcome, expected.outcome);
          const saying = (labels: readonly Label[]) => labels.map(([key, value]) => [key, value]);
          assert.deepEqual(saying(labels), saying(expected.labels));
          labels.forEach(([key, , expiresAt], at) => {
            const [, , theirExpiresAt] = expected.labels[at]!;
            if (theirExpiresAt === -1) return assert.equal(expiresAt, -1);
            // Theirs is of whole seconds, from when it is written: up to one too few, and another for a fraction of `exp`.
            const difference = expiresAt - theirExpiresAt;
            const most = key.endsWith('fraction') ? 2000 : 1000;
            assert.ok(difference > -theirs.longest && difference < most + ours.longest, `${key}: ${difference} ms`);
          });
        });
      }
    });
  }
});

test('all that it exports is there, and errors are of the same kinds', () => {
  for (const [name, value] of Object.entries(THEIRS)) {
    assert.deepEqual(kindsOf((OURS[name] as Function).prototype), kindsOf((value as Function).prototype), name);
  }
  assert.equal(Object.keys(THEIRS).length, 6);
});

test('a token without a jti gets one, after the payload', async () => {
  await using world = await startWorld();
  for (const jwtr of [world.theirs, world.ours]) {
    for (const payload of [{ sub: 'ada' }, { sub: 'ada', jti: undefined }, { sub: 'ada', jti: '' }, { sub: 'ada', jti: 0 }]) {
      await world.client.flushAll();
      const claims = await jwtr.verify(await jwtr.sign(payload, SECRET), SECRET);
      assert.deepEqual(Object.keys(claims), ['sub', 'jti', 'iat']);
      assert.deepEqual(await world.labels(), [[`jwt_label:${claims['jti']}`, 'true', -1]]);
    }
  }
});

test('each reads what the other writes', async () => {
  await using world = await startWorld();
  for (const [one, other] of [
    [world.theirs, world.ours],
    [world.ours, world.theirs],
  ] as const) {
    for (const options of [{}, { expiresIn: '15m' }]) {
      const token = await one.sign({ sub: 'ada' }, SECRET, options);
      const claims = await other.verify(token, SECRET);
      assert.equal(claims['sub'], 'ada');
      assert.equal(await other.destroy(claims['jti']), true);
      for (const jwtr of [one, other]) await assert.rejects(jwtr.verify(token, SECRET), { name: 'TokenDestroyedError' });
      assert.equal(await one.destroy(claims['jti']), false);
    }
  }
});
