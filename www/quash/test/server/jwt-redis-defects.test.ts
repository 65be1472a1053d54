/** What jwt-redis 7.0.3 does wrong, and what is done instead: docs/jwt-redis.md lists them in this order. */
import assert from 'node:assert/strict';
import { mock, test } from 'node:test';

import jsonwebtoken from 'jsonwebtoken';

import { type Jwtr, type Library, OURS, SECRET, seconds, startWorld, THEIRS } from './jwt-redis-libraries.ts';
import { pem, RSA_SHORT } from './keys.ts';
import { compact } from './outcome.ts';
import { CLIENTS } from './stores/redis-clients.ts';
import { startRedis, until } from './stores/redis-server.ts';

const DESTROYED = { name: 'TokenDestroyedError' };
const INVALID = { name: 'TokenInvalidError' };

test('destroy(token) does nothing there', async () => {
  await using world = await startWorld();
  for (const [jwtr, isDestroyed] of [
    [world.theirs, false],
    [world.ours, true],
  ] as const) {
    for (const key of [undefined, SECRET]) {
      const token = await jwtr.sign({ sub: 'ada' }, SECRET, { expiresIn: '15m' });
      const other = await jwtr.sign({ sub: 'ada' }, SECRET, { expiresIn: '15m' });
      assert.equal(await jwtr.destroy(token, key), isDestroyed);
      if (isDestroyed) await assert.rejects(jwtr.verify(token, SECRET), DESTROYED);
      else await jwtr.verify(token, SECRET);
      await jwtr.verify(other, SECRET);
    }
  }
});

test('with its key, a token that somebody else has written is not destroyed; one that has expired, or is not good yet, is', async () => {
  await using world = await startWorld();
  const { ours } = world;
  const token = await ours.sign({ jti: 'j' }, SECRET);
  const forged = jsonwebtoken.sign({ jti: 'j' }, 'another secret of thirty-two bytes');
  const fetched = (_: object, answer: (error: null, key: string) => void) => setImmediate(() => answer(null, SECRET));
  for (const key of [SECRET, fetched, '']) await assert.rejects(ours.destroy(forged, key), { name: 'JsonWebTokenError' });
  await assert.rejects(ours.destroy(token, SECRET, { algorithms: ['HS512'] }), { message: 'invalid algorithm' });
  await ours.verify(token, SECRET);

  assert.equal(await ours.destroy(jsonwebtoken.sign({ jti: 'j', exp: seconds() - 1 }, SECRET), fetched), true);
  await ours.sign({ jti: 'j' }, SECRET);
  assert.equal(await ours.destroy(jsonwebtoken.sign({ jti: 'j', nbf: seconds() + 900 }, SECRET), SECRET), true);
  // Without a key it is believed, since nothing else can be done; so that it is destroyed.
  await ours.sign({ jti: 'j' }, SECRET);
  assert.equal(await ours.destroy(forged), true);
});

test('destroy of what is no token and no jti says that it has destroyed nothing, in a way that is easily missed', async () => {
  await using world = await startWorld();
  const claims = await world.theirs.verify(await world.theirs.sign({ jti: 'j' }, SECRET), SECRET);
  for (const nothing of [undefined, null, '', claims, {}]) {
    assert.equal(await world.theirs.destroy(nothing), false);
    await assert.rejects(world.ours.destroy(nothing), new TypeError('a token or a "jti" is needed'));
  }
  await assert.rejects(world.ours.destroy(jsonwebtoken.sign({ sub: 'ada' }, SECRET)), INVALID);
});

test('ids are of a source that can be foretold', async () => {
  await using world = await startWorld();
  const random = mock.method(Math, 'random', () => 0.5);
  try {
    for (const [jwtr, areTheSame] of [
      [world.theirs, true],
      [world.ours, false],
    ] as const) {
      const [one, other] = [await jwtr.sign({ sub: 'ada' }, SECRET), await jwtr.sign({ sub: 'bob' }, SECRET)];
      await jwtr.destroy((jwtr.decode(one) as { jti: string }).jti);
      assert.equal(await jwtr.verify(other, SECRET).then(() => false, () => true), areTheSame);
    }
  } finally {
    random.mock.restore();
  }
});

test('a token is destroyed up to a second before it expires, and one of a second at once', async () => {
  await using world = await startWorld();
  // Half of a second is over.
  mock.timers.enable({ apis: ['Date'], now: seconds() * 1000 + 500 });
  try {
    const token = await world.theirs.sign({ sub: 'ada' }, SECRET, { expiresIn: 1 });
    await assert.rejects(world.theirs.verify(token, SECRET), DESTROYED);
    for (const [payload, options, theirs, ours] of [
      [{}, { expiresIn: 1 }, undefined, 500],
      [{ exp: seconds() + 1 }, {}, undefined, 500],
      [{ exp: seconds() + 1.25 }, {}, undefined, 1500],
      [{}, { expiresIn: '15m' }, 899_000, 899_500],
      [{}, { expiresIn: 0 }, undefined, undefined],
      [{ exp: seconds() - 1 }, {}, undefined, undefined],
    ] as const) {
      assert.equal(await lifetimeOf(THEIRS, payload, options), theirs);
      assert.equal(await lifetimeOf(OURS, payload, options), ours);
    }
  } finally {
    mock.timers.reset();
  }
});

/** How long Redis is told to keep the label, in milliseconds; itself, it would have removed the shortest before anybody could look. */
async function lifetimeOf(library: Library, payload: object, options: object): Promise<number | undefined> {
  let lifetime: number | undefined;
  const client = {
    set: async (_key: string, _value: string, { EX }: { EX: number }) => void (lifetime = EX * 1000),
    sendCommand: async (command: string[]) => (lifetime = Number(command[4])),
  };
  await new library.default(client).sign(payload, SECRET, options);
  return lifetime;
}

test('a token that expired in 1970 has a label for ever', async () => {
  await using world = await startWorld();
  await world.theirs.sign({ jti: 'theirs', exp: 0 }, SECRET);
  await world.ours.sign({ jti: 'ours', exp: 0 }, SECRET);
  assert.deepEqual(await world.labels(), [['jwt_label:theirs', 'true', -1]]);
});

test('the option jwtid is always refused', async () => {
  await using world = await startWorld();
  await assert.rejects(world.theirs.sign({}, SECRET, { jwtid: 'j' }), /The payload already has an "jti" property/);
  const token = await world.ours.sign({}, SECRET, { jwtid: 'j', expiresIn: '15m' });
  assert.equal((await world.ours.verify(token, SECRET, { jwtid: 'j' }))['jti'], 'j');
  assert.deepEqual((await world.labels()).map(([key]) => key), ['jwt_label:j']);
  await assert.rejects(world.ours.sign({}, SECRET, { jwtid: '' }), { message: '"jti" must be a string' });
});

test('the option complete has every token refused', async () => {
  await using world = await startWorld();
  const token = await world.theirs.sign({ sub: 'ada' }, SECRET, { keyid: 'k' });
  await assert.rejects(world.theirs.verify(token, SECRET, { complete: true }), INVALID);
  const { header, payload } = (await world.ours.verify(token, SECRET, { complete: true })) as Record<string, Record<string, unknown>>;
  assert.deepEqual([header!['kid'], payload!['sub']], ['k', 'ada']);
  await world.ours.destroy(token);
  await assert.rejects(world.ours.verify(token, SECRET, { complete: true }), DESTROYED);
});

test('a payload that has no claims is signed as something else', async () => {
  await using world = await startWorld();
  const claims = world.theirs.decode(await world.theirs.sign('ok', SECRET)) as Record<string, unknown>;
  assert.deepEqual([claims['0'], claims['1']], ['o', 'k']);
  for (const payload of ['ok', ['ok'], Buffer.from('ok'), 5, null, undefined]) {
    await assert.rejects(world.ours.sign(payload, SECRET), new TypeError('"payload" must be an object, since it gets a "jti"'));
  }
});

test('all tokens with an object for their jti are one', async () => {
  await using world = await startWorld();
  const [one, other] = [await world.theirs.sign({ jti: { id: 1 } }, SECRET), await world.theirs.sign({ jti: { id: 2 } }, SECRET)];
  await world.theirs.destroy({ id: 1 });
  await assert.rejects(world.theirs.verify(other, SECRET), DESTROYED);
  for (const jti of [{ id: 1 }, ['id'], true, Infinity]) {
    await assert.rejects(world.ours.sign({ jti }, SECRET), { message: '"jti" must be a string' });
  }
  await world.theirs.sign({ jti: { id: 1 } }, SECRET);
  await assert.rejects(world.ours.verify(one, SECRET), INVALID);
});

test('a jti whose JSON is another text has the wrong label', async () => {
  await using world = await startWorld();
  const jti = new Date(0);
  await assert.rejects(world.theirs.verify(await world.theirs.sign({ jti }, SECRET), SECRET), DESTROYED);
  assert.equal((await world.ours.verify(await world.ours.sign({ jti }, SECRET), SECRET))['jti'], '1970-01-01T00:00:00.000Z');
});

test('where there is no key, a token without a signature is good: who can log in can be anybody', async () => {
  await using world = await startWorld();
  const keys: Record<string, string> = { known: SECRET };
  const find = ({ kid }: { kid: string }, answer: (error: null, key?: string) => void) => answer(null, keys[kid]);
  const token = await world.theirs.sign({ sub: 'mallory' }, SECRET, { keyid: 'known' });
  const { jti } = await world.theirs.verify(token, find);
  const forged = compact({ alg: 'none', typ: 'JWT', kid: 'unknown' }, { sub: 'admin', jti });
  for (const key of [find, undefined, '']) {
    assert.equal((await world.theirs.verify(forged, key))['sub'], 'admin');
    await assert.rejects(world.ours.verify(forged, key), { name: 'JsonWebTokenError', message: 'jwt signature is required' });
  }
});

test('short RSA keys are refused, unless it is said; tokens that were signed with one are good', async () => {
  await using world = await startWorld();
  const [privateKey, publicKey] = [pem(RSA_SHORT.privateKey), pem(RSA_SHORT.publicKey)];
  const token = await world.theirs.sign({ sub: 'ada' }, privateKey, { algorithm: 'RS256' });
  assert.equal((await world.ours.verify(token, publicKey))['sub'], 'ada');
  await assert.rejects(world.ours.sign({}, privateKey, { algorithm: 'RS256' }), /minimum key size of 2048 bits/);
  const short = await world.ours.sign({ sub: 'bob' }, privateKey, { algorithm: 'RS256', allowInsecureKeySizes: true });
  assert.equal((await world.theirs.verify(short, publicKey))['sub'], 'bob');
});

for (const [name, connect] of Object.entries(CLIENTS)) {
  const isNew = /redis 3|legacyMode|ioredis/.test(name);
  test(`with ${name}, it signs, verifies and destroys${isNew ? '; jwt-redis does not' : ''}`, async () => {
    await using world = await startWorld();
    await using connected = await connect(world.server.socket);
    const ours = new OURS.default(connected.client);
    const token = await ours.sign({ sub: 'ada' }, SECRET, { expiresIn: '15m' });
    const eternal = await ours.sign({ sub: 'ada' }, SECRET);
    for (const one of [token, eternal]) {
      assert.equal((await ours.verify(one, SECRET))['sub'], 'ada');
      assert.equal((await world.theirs.verify(one, SECRET))['sub'], 'ada');
      assert.equal(await ours.destroy(one, SECRET), true);
      assert.equal(await ours.destroy(one, SECRET), false);
      await assert.rejects(ours.verify(one, SECRET), DESTROYED);
      await assert.rejects(world.theirs.verify(one, SECRET), DESTROYED);
    }
    const theirs = new THEIRS.default(connected.client);
    const works = await theirs.sign({ sub: 'ada' }, SECRET, { expiresIn: '15m' }).then((token) => theirs.verify(token, SECRET)).then(
      () => true,
      () => false,
    );
    assert.equal(works, !isNew);
  });
}

test('while Redis is away, it does not answer at all', { timeout: 60_000 }, async () => {
  await using world = await startWorld();
  const token = await world.theirs.sign({ sub: 'ada' }, SECRET);
  await world.server.kill();
  await until(async () => !world.client.isReady);
  let isSettled = false;
  const settled = world.theirs.verify(token, SECRET).then(() => {}, () => {}).then(() => (isSettled = true));
  const ours: Jwtr = new OURS.default(world.client, { timeout: 200 });
  const error = { name: 'StoreError', code: 'store_unavailable', message: 'the store did not answer in 200 ms' };
  await assert.rejects(ours.verify(token, SECRET), error);
  await assert.rejects(ours.destroy(token), error);
  await assert.rejects(ours.sign({}, SECRET), error);
  assert.equal(isSettled, false);
  await world.server.restart();
  await settled;
});

test('a prefix that is undefined is a prefix', async () => {
  await using world = await startWorld();
  for (const library of [THEIRS, OURS]) await new library.default(world.client, { prefix: undefined }).sign({ jti: 'j' }, SECRET);
  assert.deepEqual((await world.labels()).map(([key]) => key), ['jwt_label:j', 'undefinedj']);
});

test('what is no client is found out by the first user', async () => {
  for (const client of [undefined, null, 'redis://127.0.0.1', {}, { client: {} }]) {
    new THEIRS.default(client);
    assert.throws(() => new OURS.default(client), new TypeError('a client of node-redis or ioredis is needed'));
  }
});

test('a client that has no promises is no label that is not there', async () => {
  await using server = await startRedis();
  await using connected = await CLIENTS['node-redis 5']!(server.socket);
  const ours = new OURS.default((connected.client as unknown as { legacy(): object }).legacy());
  const token = jsonwebtoken.sign({ jti: 'j' }, SECRET);
  for (const call of [() => ours.verify(token, SECRET), () => ours.destroy(token), () => ours.sign({}, SECRET)]) {
    await assert.rejects(call, { name: 'StoreError', code: 'store_unavailable' });
  }
});
