import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

import {
  createJwt,
  decode,
  DenylistUnavailableError,
  JsonWebTokenError,
  type JwtOptions,
  type JwtService,
  sign,
  TokenExpiredError,
  TokenNotRevocableError,
  TokenRevokedError,
} from 'quash/server';
import { memory } from 'quash/memory';
import { redis } from 'quash/redis';
import type { Log, Store } from 'quash/server';

import { CLIENTS } from './stores/redis-clients.ts';
import { startRedis } from './stores/redis-server.ts';

const SECRET = 'a secret of thirty-two bytes or more';
const PEPPER = 'a pepper of thirty-two bytes or more';

function create(store: Store = memory(), options: Partial<JwtOptions> = {}): JwtService {
  return createJwt({ store, pepper: PEPPER, maxLifetime: '1h', ...options });
}

function seconds(): number {
  return Math.floor(Date.now() / 1000);
}

async function refusal(jwt: JwtService, token: string, key = SECRET): Promise<unknown> {
  return jwt.verify(token, key).then(
    () => 'accepted',
    (error: unknown) => (error instanceof TokenRevokedError ? error.rule : error),
  );
}

test('a token that was destroyed is refused, and no other', async () => {
  const jwt = create();
  const [one, other] = [1, 2].map((number) => jwt.sign({ sub: 'ada', number }, SECRET, { expiresIn: '15m' }));
  assert.equal((await jwt.verify(one!, SECRET)).sub, 'ada');
  assert.deepEqual(await jwt.destroy(one!, SECRET), { revoked: true });
  const error = await jwt.verify(one!, SECRET).catch((error: unknown) => error);
  assert.ok(error instanceof TokenRevokedError && error instanceof JsonWebTokenError);
  assert.deepEqual({ ...error }, { name: 'TokenRevokedError', message: 'jwt revoked', code: 'token_revoked', rule: 'token', retryAfter: 0 });
  assert.equal((await jwt.verify(other!, SECRET))['number'], 2);
});

test('a token of the same second that says the same is another one', async () => {
  const jwt = create();
  const iat = seconds();
  const [one, other] = [1, 2].map(() => jwt.sign({ sub: 'ada', iat }, SECRET, { expiresIn: 60 }));
  await jwt.destroy(one!, SECRET);
  assert.deepEqual([await refusal(jwt, one!), await refusal(jwt, other!)], ['token', 'accepted']);
  const own = decode(jwt.sign({ jti: 'mine' }, SECRET, { expiresIn: 60 })) as { jti: string };
  const given = decode(jwt.sign({}, SECRET, { expiresIn: 60, jwtid: 'given' })) as { jti: string };
  assert.deepEqual([own.jti, given.jti], ['mine', 'given']);
});

test('whoever cannot verify a token cannot destroy it', async () => {
  const jwt = create();
  const token = jwt.sign({ jti: 'j' }, SECRET, { expiresIn: '15m' });
  const forged = sign({ jti: 'j' }, 'another secret of thirty-two bytes', { expiresIn: '15m' });
  await assert.rejects(jwt.destroy(forged, SECRET), new JsonWebTokenError('invalid signature'));
  await assert.rejects((jwt.destroy as (token: string, key?: string) => Promise<unknown>)(token), JsonWebTokenError);
  assert.equal(await refusal(jwt, token), 'accepted');
});

test('what is dead needs no entry', async () => {
  const jwt = create();
  const token = sign({ iat: seconds() - 3600, exp: seconds() - 1800 }, SECRET);
  assert.deepEqual(await jwt.destroy(token, SECRET), { revoked: false });
  assert.deepEqual(await jwt.destroy({ jti: 'j', exp: seconds() - 1800 }), { revoked: false });
});

test('each target covers the tokens that say it, and no other', async () => {
  const claims = { jti: 'j', sid: 'd', sub: 'ada', client_id: 'c', iss: 'i', tenant: 't' };
  const yesterday = seconds() - 1800;
  for (const [target, rule] of [
    [{ jti: 'j' }, 'token'],
    [{ jti: 'j', exp: seconds() + 900 }, 'token'],
    [{ sid: 'd' }, 'session'],
    [{ sub: 'ada' }, 'subject'],
    [{ sub: 'ada', before: new Date(yesterday * 1000 + 500) }, 'subject'],
    [{ sub: 'ada', before: yesterday + 1 }, 'subject'],
    [{ sub: 'ada', keep: 'e', reason: 'credential_change' }, 'subject'],
    [{ client_id: 'c' }, 'client'],
    [{ kid: 'k' }, 'key'],
    [{ claim: { name: 'tenant', value: 't' } }, 'claim tenant'],
    [{ everything: true }, 'issuer'],
    [{ everything: true, before: yesterday + 1 }, 'issuer'],
    [{ jti: 'x' }, 'accepted'],
    [{ sub: 'ada', before: yesterday }, 'accepted'],
    [{ sub: 'ada', keep: 'd' }, 'accepted'],
  ] as const) {
    const jwt = create(memory(), { revocableClaims: ['tenant'] });
    const token = jwt.sign({ ...claims, iat: yesterday, exp: seconds() + 900 }, SECRET, { keyid: 'k' });
    await jwt.destroy({ iss: 'i', ...target });
    assert.equal(await refusal(jwt, token), rule, JSON.stringify(target));
    // Of another issuer, it is another's.
    const { iss: _, ...others } = claims;
    assert.equal(await refusal(jwt, sign({ ...others, iat: yesterday, exp: seconds() + 900 }, SECRET)), 'accepted');
  }
});

test('a login after "everywhere" is good, at the latest after the time that is told', async () => {
  for (const [leeway, latest] of [[0, 1], [1, 2]] as const) {
    const jwt = create(memory(), { leeway });
    await jwt.destroy({ sub: 'ada' });
    const login = () => jwt.sign({ sub: 'ada' }, SECRET, { expiresIn: '15m' });
    const error = await jwt.verify(login(), SECRET).catch((error: unknown) => error);
    if (error instanceof TokenRevokedError) {
      assert.ok(error.retryAfter >= 1 && error.retryAfter <= latest, `${error.retryAfter}`);
      await delay(error.retryAfter * 1000);
    }
    assert.equal((await jwt.verify(login(), SECRET)).sub, 'ada');
  }
});

test('a clock that is ahead by less than the leeway evades nothing, and refuses nobody', async () => {
  const jwt = create();
  const token = jwt.sign({ sub: 'ada', iat: seconds() + 3 }, SECRET, { expiresIn: 60 });
  assert.equal(await refusal(jwt, token), 'accepted');
  await jwt.destroy({ sub: 'ada' });
  assert.equal(await refusal(jwt, token), 'subject');
});

test('a target that says less than was meant destroys nothing', async () => {
  const jwt = create(memory(), { revocableClaims: ['tenant'] });
  const token = jwt.sign({ sub: 'ada', iss: 'i', tenant: 't' }, SECRET, { expiresIn: 60 });
  for (const [target, message] of [
    [{ sub: 'ada', jti: 'j' }, /one thing at a time/],
    [{}, /or what to destroy/],
    [{ iss: 'i' }, /or what to destroy/],
    [{ iss: 'i', before: 7 }, /or what to destroy/],
    [{ iss: 'i', sub: undefined }, /"sub" is undefined/],
    [{ iss: 'i', subject: 'ada' }, /there is no "subject"/],
    [{ iss: 5, sub: 'ada' }, /"iss" is no string/],
    [{ sub: 'ada', keep: 7 }, /"keep" is no string/],
    [{ claim: { name: 'device', value: 't' } }, /tokens are not revoked by `device`/],
    [{ claim: { name: 'iss', value: 'i' } }, /"claim" must have/],
    [{ claim: { name: 'tenant' } }, /"claim" must have/],
    [{ sub: 'ada', before: Date.now() }, /issuedUntil: a time that no token can have/],
    [{ sub: 'ada', before: 0 }, /"before" is no time/],
    [{ sub: 'ada', before: new Date('x') }, /"before" is no time/],
    [{ jti: 'j', exp: Date.now() }, /expiresAt: a time that no token can have/],
    [{ sub: 'ada', reason: 'x' }, /there is no reason `x`/],
  ] as const) {
    await assert.rejects(jwt.destroy(target as object), (error: Error) => error instanceof TypeError && message.test(error.message));
  }
  assert.equal(await refusal(jwt, token), 'accepted');
});

test('a token is not made that could never be verified', () => {
  const jwt = create();
  for (const claims of [{ sub: 42 }, { jti: 7 }, { sid: {} }, { text: 'x'.repeat(9000) }]) {
    assert.throws(() => jwt.sign(claims, SECRET, { expiresIn: 60 }), TokenNotRevocableError);
  }
});

test('what a stranger writes into a token is refused as that', async () => {
  const jwt = create();
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const token = (header: object, payload: string) => [JSON.stringify(header), payload, 'sig'].map((text) => Buffer.from(text).toString('base64url')).join('.');
  assert.ok((await refusal(jwt, token({ alg: 'HS256', typ: 'JWT' }, 'x'))) instanceof JsonWebTokenError);
  assert.ok((await refusal(jwt, token({ alg: 'ES384' }, '{}'), publicKey as never)) instanceof JsonWebTokenError);
});

test('a token that could outlive its revocation is neither made nor accepted', async () => {
  const jwt = create();
  for (const [options, message] of [
    [{}, /"expiresIn" is needed/],
    [{ expiresIn: '2h' }, /longer than 3600 s/],
    [{ expiresIn: '15m', noTimestamp: true }, /"iat" is needed/],
  ] as const) {
    assert.throws(() => jwt.sign({}, SECRET, options), message);
  }
  for (const [token, code] of [
    [sign({}, SECRET), 'claim_missing'],
    [sign({}, SECRET, { expiresIn: '2h' }), 'lifetime_too_long'],
  ] as const) {
    const error = await refusal(jwt, token);
    assert.ok(error instanceof TokenNotRevocableError && error.code === code, String(error));
  }
  assert.ok((await refusal(jwt, sign({ exp: seconds() - 1 }, SECRET))) instanceof TokenExpiredError);
});

test('options that would let a revocation end before its token are refused', async () => {
  const jwt = create(memory(), { leeway: 10 });
  const token = jwt.sign({}, SECRET, { expiresIn: 60 });
  assert.equal(typeof (await jwt.verify(token, SECRET, { clockTolerance: 10 })).exp, 'number');
  await assert.rejects(jwt.verify(token, SECRET, { clockTolerance: 11 }), TypeError);
  const ignoring = { ignoreExpiration: true } as object;
  const expired = sign({ iat: seconds() - 60, exp: seconds() - 1 }, SECRET);
  await assert.rejects(jwt.verify(expired, SECRET, ignoring), TokenExpiredError);
});

test('keys may be fetched, and of any type', async () => {
  const jwt = create();
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const token = jwt.sign({ sub: 'ada' }, privateKey, { algorithm: 'ES256', expiresIn: 60, keyid: 'k' });
  const { header, payload } = await jwt.verify(token, publicKey, { complete: true });
  assert.deepEqual([header.kid, (payload as { sub: string }).sub], ['k', 'ada']);
  await jwt.destroy(token, ({ kid }, answer) => setImmediate(() => (kid === 'k' ? answer(null, publicKey) : answer(new Error('no')))));
  assert.equal(await refusal(jwt, token, publicKey as never), 'token');
});

test('wrong options are named', () => {
  for (const [options, message] of [
    [{ pepper: 'short' }, /pepper: a secret must have at least 32 bytes/],
    [{ pepper: [] }, /pepper: at least one is needed/],
    [{ pepper: undefined }, /"pepper" is needed/],
    [{ pepper: [PEPPER, undefined] }, /"pepper" is needed/],
    [{ revocableClaims: [undefined] }, /revocableClaims: must be strings/],
    [{ store: undefined }, /"store" is needed/],
    [{ maxLifetime: 'long' }, /"maxLifetime" should be a number of seconds/],
    [{ maxLifetime: 0 }, /"maxLifetime" must be more/],
    [{ store: { ...memory(), log: { read: () => assert.fail() } }, maxStaleness: 0.5 }, /maxStaleness: must be at least 1 second/],
    [{ outage: 'open' }, /"outage" must be closed/],
  ] as const) {
    assert.throws(() => create(memory(), options as object), message);
  }
});

test('a token that was verified before is verified again with another key, and asked everything again', async () => {
  const jwt = create();
  const token = jwt.sign({ sub: 'ada', aud: 'api' }, SECRET, { expiresIn: 60 });
  for (let times = 0; times < 3; times += 1) await jwt.verify(token, SECRET);
  await assert.rejects(jwt.verify(token, 'another secret of thirty-two bytes'), new JsonWebTokenError('invalid signature'));
  await assert.rejects(jwt.verify(token, SECRET, { algorithms: ['HS512'] }), new JsonWebTokenError('invalid algorithm'));
  await assert.rejects(jwt.verify(token, SECRET, { audience: 'web' }), /jwt audience invalid/);
  await assert.rejects(jwt.verify(token, SECRET, { clockTimestamp: seconds() + 61 }), TokenExpiredError);
  const claims = await jwt.verify(token, SECRET);
  claims.sub = 'eve';
  assert.equal((await jwt.verify(token, SECRET)).sub, 'ada');
  // Its last letter has two bits that say nothing.
  const respelled = token.slice(0, -1) + String.fromCharCode(token.charCodeAt(token.length - 1) + 1);
  await assert.rejects(jwt.verify(respelled, SECRET), JsonWebTokenError);
});

test('a pepper that was the current one finds what it named', async () => {
  const store = memory();
  const [old, next] = [PEPPER, 'another pepper of thirty-two bytes'];
  const token = create(store).sign({ jti: 'j' }, SECRET, { expiresIn: 60 });
  await create(store, { pepper: old }).destroy(token, SECRET);
  assert.equal(await refusal(create(store, { pepper: next }), token), 'accepted');
  assert.equal(await refusal(create(store, { pepper: [next, old] }), token), 'token');
});

/** Redis, of which is counted what is read, and which fails while it is told to. */
async function watched() {
  const server = await startRedis();
  const connected = await CLIENTS['node-redis 6']!(server.socket);
  const store = redis(connected.client);
  const watch = { reads: 0, lookUps: 0, isDown: false };
  const call = async <T>(work: () => Promise<T>): Promise<T> => (watch.isDown ? Promise.reject(new Error('down')) : work());
  const watchedStore: Store = {
    append: (rows, merge) => call(() => store.append(rows, merge)),
    lookUp: (keys) => {
      watch.lookUps += 1;
      return call(() => store.lookUp(keys));
    },
    log: {
      read: (part) => {
        watch.reads += 1;
        return call(() => store.log!.read(part));
      },
    },
  };
  return {
    watch,
    store: watchedStore,
    [Symbol.asyncDispose]: async () => {
      await connected[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

test('nothing is read for a request, but the log once in a while', async () => {
  await using redis = await watched();
  const { watch, store } = redis;
  const jwt = create(store);
  const token = jwt.sign({ sub: 'ada' }, SECRET, { expiresIn: 60 });
  await Promise.all(Array.from({ length: 100 }, () => jwt.verify(token, SECRET)));
  for (let times = 0; times < 1000; times += 1) await jwt.verify(token, SECRET);
  assert.ok(watch.reads >= 1 && watch.reads <= 3 && watch.lookUps === 0, `${watch.reads} reads`);
  await jwt.verify(token, SECRET, { strict: true });
  assert.equal(watch.lookUps, 1);
});

test('what one process destroys, others refuse: at once where they are strict', async () => {
  await using redis = await watched();
  const { store } = redis;
  const [one, other] = [create(store, { maxStaleness: 1 }), create(store, { maxStaleness: 1 })];
  const token = one.sign({ sub: 'ada' }, SECRET, { expiresIn: 60 });
  for (const jwt of [one, other]) await jwt.verify(token, SECRET);
  const { effectiveBy } = await one.destroy(token, SECRET);
  assert.equal(await refusal(one, token), 'token');
  await assert.rejects(other.verify(token, SECRET, { strict: true }), TokenRevokedError);
  await delay(effectiveBy! - Date.now() + 1);
  assert.equal(await refusal(other, token), 'token');
});

test('while the store is down, the policy says what happens, and nothing is acknowledged', async () => {
  for (const [outage, accepted] of [
    [undefined, false],
    [{ lastKnownGood: '1h' }, true],
    ['dangerOpen', true],
  ] as const) {
    await using redis = await watched();
    const { watch, store } = redis;
    const jwt = create(store, { maxStaleness: 1, ...(outage && { outage }) });
    const [good, destroyed] = [1, 2].map((number) => jwt.sign({ number }, SECRET, { expiresIn: 60 }));
    await jwt.destroy(destroyed!, SECRET);
    assert.equal(await refusal(jwt, good!), 'accepted');
    watch.isDown = true;
    await delay(1001);
    const error = await refusal(jwt, good!);
    if (accepted) assert.equal(error, 'accepted');
    else assert.ok(error instanceof DenylistUnavailableError && error.retryAfter >= 1 && (error.cause as Error).message === 'down');
    assert.equal(await refusal(jwt, destroyed!), 'token');
    await assert.rejects(jwt.destroy(good!, SECRET), DenylistUnavailableError);
    const strict = await jwt.verify(good!, SECRET, { strict: true }).catch((error: unknown) => error);
    assert.equal(strict instanceof DenylistUnavailableError, outage !== 'dangerOpen');
    watch.isDown = false;
    await delay((error as DenylistUnavailableError).retryAfter * 1000 || 0);
    assert.equal(await refusal(jwt, good!), 'accepted');
  }
});

/** Makes modules trap on demand: the one that next judges after `poison`, and from then on whatever is asked of it. */
function trapping() {
  const { Instance } = WebAssembly;
  let isPoisoned = false;
  WebAssembly.Instance = class {
    readonly exports: object;
    constructor(module: WebAssembly.Module) {
      let isBroken = false;
      const orTrap = (name: string, call: (...args: unknown[]) => unknown) => (...args: unknown[]) => {
        if (isPoisoned && name === 'judge') [isPoisoned, isBroken] = [false, true];
        if (isBroken) throw new WebAssembly.RuntimeError('unreachable');
        return call(...args);
      };
      const exports = Object.entries(new Instance(module).exports);
      this.exports = Object.fromEntries(exports.map(([name, value]) => [name, typeof value === 'function' ? orTrap(name, value as never) : value]));
    }
  } as never;
  return {
    poison: () => void (isPoisoned = true),
    [Symbol.dispose]: () => void (WebAssembly.Instance = Instance),
  };
}

test('a trap costs whoever met it, and nothing that was destroyed', async () => {
  using trap = trapping();
  await using redis = await watched();
  const { watch, store } = redis;
  const jwt = create(store);
  const [good, destroyed] = [1, 2].map((number) => jwt.sign({ number }, SECRET, { expiresIn: 60 }));
  await jwt.destroy(destroyed!, SECRET);
  assert.equal(await refusal(jwt, good!), 'accepted');
  trap.poison();
  assert.ok((await refusal(jwt, good!)) instanceof DenylistUnavailableError);
  assert.deepEqual([await refusal(jwt, destroyed!), await refusal(jwt, good!)], ['token', 'accepted']);

  // Another one meets it while a read is under way, which ends when its core is no more.
  let release = (): void => {};
  const held = new Promise<void>((resolve) => (release = resolve));
  let isReading = (): void => {};
  const reading = new Promise<void>((resolve) => (isReading = resolve));
  const read: Log['read'] = async (part) => {
    isReading();
    await held;
    return store.log!.read(part);
  };
  const slow = create({ ...store, log: { read } });
  const waiting = refusal(slow, good!);
  await reading;
  trap.poison();
  assert.ok((await refusal(slow, good!)) instanceof DenylistUnavailableError);
  const { reads } = watch;
  const next = refusal(slow, destroyed!);
  release();
  assert.deepEqual(await Promise.all([waiting, next]), ['accepted', 'token']);
  // The one of each core, and no third: what came late has not cost the second one its own.
  assert.equal(watch.reads - reads, 2);
});
