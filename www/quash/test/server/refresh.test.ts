/**
 * Refresh tokens, each good for one use. The race at its full size:
 *
 * ```sh
 * QUASH_TABS=100 QUASH_ROUNDS=1000 node_modules/.bin/node --test www/quash/test/server/refresh.test.ts
 * ```
 */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

import { kv } from 'quash/kv';
import { memory } from 'quash/memory';
import { redis } from 'quash/redis';
import {
  createJwt,
  decode,
  DenylistUnavailableError,
  JsonWebTokenError,
  type JwtOptions,
  type JwtService,
  RefreshTokenReusedError,
  type Store,
  TokenRevokedError,
} from 'quash/server';

import { CLIENTS } from './stores/redis-clients.ts';
import { startRedis } from './stores/redis-server.ts';

const TABS = Number(process.env['QUASH_TABS'] ?? 20);
const ROUNDS = Number(process.env['QUASH_ROUNDS'] ?? 20);

const SECRET = 'a secret of thirty-two bytes or more';
const PEPPER = 'a pepper of thirty-two bytes or more';
const SHORT = { grace: 1 };
/** Longer than that. A slow machine only makes it longer. */
const untilTheGraceHasPassed = () => delay(1100);

function create(stores = { store: memory(), uses: memory() }, options: Partial<JwtOptions> = {}, grace: { grace?: number } = {}): JwtService {
  const { store, uses } = stores;
  return createJwt({ store, pepper: PEPPER, maxLifetime: '14d', refresh: { uses, ...grace }, ...options });
}

function refreshToken(jwt: JwtService, claims: object = {}, jwtid: string = randomUUID()): string {
  return jwt.sign({ iss: 'i', sub: 'ada', sid: randomUUID(), ...claims }, SECRET, { header: { alg: 'HS256', typ: 'rt+jwt' }, expiresIn: '7d', jwtid });
}

/** What becomes of a refresh token. */
async function rotated(jwt: JwtService, token: string): Promise<unknown> {
  return jwt.rotate(token, SECRET).then(({ jwtid }) => jwtid, (error: unknown) => (error as Error).name);
}

test('one use, and another within the grace, lead on to one token', async () => {
  const jwt = create();
  const mine = refreshToken(jwt, { sid: 's', roles: ['admin'] }, 'j');
  const { payload, jwtid } = await jwt.rotate(mine, SECRET);
  assert.deepEqual([payload.sub, payload.sid, payload['roles']], ['ada', 's', ['admin']]);
  assert.match(jwtid, /^[0-9a-f]{32}$/);
  assert.equal(await rotated(jwt, mine), jwtid);
  const next = refreshToken(jwt, { sid: 's' }, jwtid);
  assert.notEqual(await rotated(jwt, next), jwtid);
  // Of another issuer, the same `jti` is another token.
  assert.notEqual(await rotated(jwt, refreshToken(jwt, { iss: 'other' }, 'j')), jwtid);
});

test('a use after the grace destroys the session, and no other', async () => {
  const jwt = create(undefined, {}, SHORT);
  const [mine, others] = [refreshToken(jwt, { sid: 'mine' }), refreshToken(jwt, { sid: 'other' })];
  const { jwtid } = await jwt.rotate(mine, SECRET);
  const next = refreshToken(jwt, { sid: 'mine' }, jwtid);
  const [access, untouched] = ['mine', 'other'].map((sid) => jwt.sign({ iss: 'i', sid }, SECRET, { expiresIn: '5m' }));
  await untilTheGraceHasPassed();
  const error = await jwt.rotate(mine, SECRET).catch((error: unknown) => error);
  assert.ok(error instanceof RefreshTokenReusedError && error instanceof JsonWebTokenError);
  assert.deepEqual({ ...error }, { name: 'RefreshTokenReusedError', message: 'jwt was used before', code: 'refresh_token_reused' });
  for (const dead of [mine, next]) assert.equal(await rotated(jwt, dead), 'TokenRevokedError');
  await assert.rejects(jwt.verify(access!, SECRET), (error) => error instanceof TokenRevokedError && error.rule === 'session');
  assert.equal((await jwt.verify(untouched!, SECRET)).sid, 'other');
  assert.match(String(await rotated(jwt, others)), /^[0-9a-f]{32}$/);
});

test('neither kind is taken for the other', async () => {
  const jwt = create();
  const access = jwt.sign({ sub: 'ada', sid: 's' }, SECRET, { expiresIn: '5m' });
  for (const typ of ['rt+jwt', 'RT+JWT', 'application/rt+jwt']) {
    const mine = jwt.sign({ sub: 'ada', sid: 's' }, SECRET, { expiresIn: '5m', header: { alg: 'HS256', typ } });
    for (let times = 0; times < 3; times++) {
      await assert.rejects(jwt.verify(mine, SECRET), { name: 'JsonWebTokenError', message: 'jwt is a refresh token' });
      assert.equal((await jwt.verify(access, SECRET)).sub, 'ada');
      await assert.rejects(jwt.rotate(access, SECRET), { name: 'JsonWebTokenError', message: 'jwt is no refresh token' });
    }
    assert.match((await jwt.rotate(mine, SECRET)).jwtid, /./);
  }
});

test('what is no refresh token in force has not been used', async () => {
  const jwt = create();
  const mine = refreshToken(jwt);
  await assert.rejects(jwt.rotate(mine, `${SECRET}x`), { message: 'invalid signature' });
  await assert.rejects(jwt.rotate(mine, SECRET, { audience: 'x' }), { message: 'jwt audience invalid. expected: x' });
  const { sid: _, ...rest } = decode(mine) as Record<string, unknown>;
  const homeless = jwt.sign(rest, SECRET, { header: { alg: 'HS256', typ: 'rt+jwt' } });
  await assert.rejects(jwt.rotate(homeless, SECRET), { message: 'jwt has no "sid" or no "jti"' });
  await jwt.rotate(mine, SECRET);
  await jwt.destroy({ iss: 'i', sub: 'ada' });
  assert.equal(await rotated(jwt, mine), 'TokenRevokedError');
});

test('a use from before the pepper was changed is known', async () => {
  const stores = { store: memory(), uses: memory() };
  const [before, after] = [PEPPER, [`${PEPPER}, a new one`, PEPPER]].map((pepper) => create(stores, { pepper }, SHORT));
  const mine = refreshToken(before!);
  await before!.rotate(mine, SECRET);
  await untilTheGraceHasPassed();
  assert.equal(await rotated(after!, mine), 'RefreshTokenReusedError');
});

test('while the store of uses is away nobody is let on, and nothing is destroyed', async () => {
  const [store, up] = [memory(), memory()];
  let isAway = true;
  const uses: Store = {
    ...up,
    append: (rows, merge) => (isAway ? Promise.reject(new Error('away')) : up.append(rows, merge)),
  };
  const jwt = create({ store, uses });
  const mine = refreshToken(jwt);
  await assert.rejects(jwt.rotate(mine, SECRET), DenylistUnavailableError);
  isAway = false;
  assert.match(String(await rotated(jwt, mine)), /^[0-9a-f]{32}$/);
});

test('a store that cannot tell a first use from a second is none, and so is a grace that nobody can keep', async () => {
  const eventual = kv({ get: async () => new Map(), put: async () => {} });
  const { consistency: _, ...unsaid } = memory();
  for (const uses of [eventual, unsaid]) assert.throws(() => create({ store: memory(), uses }), /"refresh.uses" must be a store that knows at once/);
  for (const grace of [0, 61, NaN]) assert.throws(() => create(undefined, {}, { grace }), /"refresh.grace" should be between 1 and 60/);
  const without = createJwt({ store: memory(), pepper: PEPPER, maxLifetime: '1h' });
  await assert.rejects(without.rotate('a.b.c', SECRET), /"refresh" is needed/);
});

test(`over Redis, ${TABS} tabs of two processes refresh at once, ${ROUNDS} times: nobody is logged out; a replay after the grace is`, async () => {
  await using server = await startRedis();
  const connected = await Promise.all([CLIENTS['node-redis 6']!(server.socket), CLIENTS['ioredis 5']!(server.socket)]);
  try {
    const processes = connected.map(({ client }) => create({ store: redis(client), uses: redis(client, { prefix: 'uses' }) }, {}, { grace: 60 }));
    const first = refreshToken(processes[0]!, { sid: 's' });
    let held = new Array<string>(TABS).fill(first);
    for (let round = 0; round < ROUNDS; round++) {
      const jwtids = await Promise.all(held.map(async (mine, tab) => (await processes[tab % 2]!.rotate(mine, SECRET)).jwtid));
      assert.equal(new Set(jwtids).size, 1, `round ${round}`);
      held = jwtids.map((jwtid) => refreshToken(processes[0]!, { sid: 's' }, jwtid));
    }
    // The same stores, by who has less patience: the sleep is once for all.
    const [strict, other] = connected.map(({ client }) => create({ store: redis(client), uses: redis(client, { prefix: 'uses' }) }, {}, SHORT));
    const families = Array.from({ length: ROUNDS }, (_, family) => refreshToken(strict!, { sid: `f${family}` }));
    await Promise.all(families.map((mine) => strict!.rotate(mine, SECRET)));
    await untilTheGraceHasPassed();
    const outcomes = await Promise.all(families.map((mine) => rotated(other!, mine)));
    assert.deepEqual(outcomes, families.map(() => 'RefreshTokenReusedError'));
    const again = await Promise.all(families.map((mine) => rotated(strict!, mine)));
    assert.deepEqual(again, families.map(() => 'TokenRevokedError'));
  } finally {
    await Promise.all(connected.map((client) => client[Symbol.asyncDispose]()));
  }
});

test('the example in docs/refresh.md does what it says', async () => {
  const docs = await readFile(join(import.meta.dirname, '../../../../docs/refresh.md'), 'utf8');
  const [, example] = /```js\n([^]*?)```/.exec(docs)!;
  const file = join(import.meta.dirname, `refresh-example-${process.pid}.mjs`);
  process.env['JWT_SECRET'] = SECRET;
  process.env['QUASH_PEPPER'] = PEPPER;
  await writeFile(file, example!);
  try {
    const { login, refresh, verify } = await import(file);
    const [first, second] = [login('ada'), await refresh(login('ada').refresh)];
    assert.equal((await verify(first.access)).sub, 'ada');
    const [one, other] = await Promise.all([refresh(first.refresh), refresh(first.refresh)]);
    assert.equal((decode(one.refresh) as { jti: string }).jti, (decode(other.refresh) as { jti: string }).jti);
    assert.equal((decode(one.refresh) as { exp: number }).exp, (decode(first.refresh) as { exp: number }).exp);
    assert.equal((await verify(one.access)).sub, (await verify(second.access)).sub);
    await assert.rejects(verify(one.refresh), JsonWebTokenError);
  } finally {
    await rm(file);
  }
});
