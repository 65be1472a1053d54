/** docs/migrating-from-jwt-redis.md, run: its app, and after each step the same app with the change, on one Redis. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import jsonwebtoken from 'jsonwebtoken';
import jwtRedis from 'jwt-redis';
import * as redis4 from 'redis4';

import { SECRET } from './jwt-redis-libraries.ts';
import { type RedisServer, startMaster, until } from './stores/redis-server.ts';

const PAGE = new URL('../../../../docs/migrating-from-jwt-redis.md', import.meta.url);
const FOLDER = fileURLToPath(new URL('.', import.meta.url));

/** By a label, and by the denylist. */
const [GONE, REVOKED] = ['TokenDestroyedError', 'TokenRevokedError'];

/** The app, and what it is after each step. */
function programs(page: string): string[] {
  const [app = '', ...steps] = page.split(/^## /m).slice(1);
  const versions = [blocks(app, 'js').join('')];
  for (const step of steps) versions.push(blocks(step, 'diff').reduce(change, versions.at(-1)!));
  return versions;
}

function blocks(text: string, language: string): string[] {
  return [...text.matchAll(/^```(\w+)\n(.*?)^```$/gms)].filter((match) => match[1] === language).map((match) => match[2]!);
}

function change(program: string, diff: string): string {
  const lines = diff.trimEnd().split('\n');
  const but = (sign: string) => lines.filter((line) => !line.startsWith(sign)).map((line) => line.slice(1)).join('\n');
  assert.equal(program.split(but('+')).length, 2, `it is once in the program:\n${but('+')}`);
  return program.replace(but('+'), () => but('-'));
}

interface App extends AsyncDisposable {
  login(user: string): Promise<string>;
  /** Whose the token is, or the error. */
  me(token: string): Promise<string>;
  /** The answer's status. */
  logout(token: string): Promise<number>;
}

async function start(program: string, redis: { readonly port: number }): Promise<App> {
  const env = { ...process.env, SECRET, QUASH_PEPPER: 'a pepper of thirty-two bytes or more', PORT: '0' };
  const child: ChildProcess = spawn(process.execPath, ['--input-type=commonjs', '--eval', program], {
    cwd: FOLDER,
    env: { ...env, REDIS_URL: `redis://127.0.0.1:${redis.port}` },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exit = once(child, 'exit');
  const [port] = await Promise.race([once(createInterface(child.stdout!), 'line'), exit.then(() => assert.fail('the app has ended'))]);
  const call = (method: string, path: string, token = '') =>
    fetch(`http://127.0.0.1:${port}${path}`, { method, headers: { authorization: `Bearer ${token}` } });
  return {
    login: async (user) => (await call('POST', `/login/${user}`)).text(),
    me: async (token) => (await call('GET', '/me', token)).text(),
    logout: async (token) => (await call('POST', '/logout', token)).status,
    [Symbol.asyncDispose]: async () => {
      child.kill();
      await exit;
    },
  };
}

let versions: string[];
before(() => {
  versions = programs(readFileSync(PAGE, 'utf8'));
  assert.equal(versions.length, 6);
});

test('an app with users who are logged in moves from jwt-redis to a denylist', { timeout: 120_000 }, async (t) => {
  await using redis = await startMaster();
  const [before, renamed, checked, both, denylist, after] = versions as [string, string, string, string, string, string];
  const tokens = { phone: '', laptop: '', tablet: '', bob: '' };
  const labels = async () => (await redis.cli('KEYS', 'jwt_label:*')).split('\n').filter(Boolean).length;
  const step = (name: string, program: string, work: (app: App) => Promise<void>) =>
    t.test(name, async () => {
      await using app = await start(program, redis);
      await work(app);
    });

  await step('with jwt-redis, a logout does nothing', before, async (app) => {
    for (const device of ['phone', 'laptop', 'tablet'] as const) tokens[device] = await app.login('ada');
    tokens.bob = await app.login('bob');
    assert.equal(await app.me(tokens.phone), 'ada');
    assert.equal(await app.logout(tokens.phone), 204);
    assert.equal(await app.me(tokens.phone), 'ada');
    await destroyThere(redis, tokens.tablet);
    assert.equal(await app.me(tokens.tablet), GONE);
  });

  await step('step 1: nobody is logged out, but who logs out', renamed, async (app) => {
    assert.deepEqual(await Promise.all(Object.values(tokens).map(app.me)), ['ada', 'ada', GONE, 'bob']);
    assert.equal(await app.logout(tokens.phone), 204);
    assert.deepEqual(await Promise.all(Object.values(tokens).map(app.me)), [GONE, 'ada', GONE, 'bob']);
    await using old = await start(before, redis);
    assert.equal(await old.me(tokens.phone), GONE);
    assert.equal(await app.me(await old.login('carol')), 'carol');
    assert.equal(await old.me(await app.login('carol')), 'carol');
    // What step 2 is for.
    const victim = await app.login('dave');
    await app.logout(forged(victim));
    assert.equal(await app.me(victim), GONE);
  });

  await step('step 2: a token that somebody else has written destroys nothing', checked, async (app) => {
    assert.equal(await app.logout(forged(tokens.laptop)), 401);
    assert.equal(await app.me(tokens.laptop), 'ada');
    const token = await app.login('ada');
    assert.equal(await app.logout(token), 204);
    assert.equal(await app.me(token), GONE);
  });

  await step('step 3: labels decide, and the denylist knows', both, async (app) => {
    assert.equal(await app.logout(forged(tokens.laptop)), 401);
    assert.equal(await app.logout(tokens.bob), 204);
    assert.deepEqual(await Promise.all([tokens.phone, tokens.laptop, tokens.bob].map(app.me)), [GONE, 'ada', GONE]);
  });

  await step('step 4: the denylist decides', denylist, async (app) => {
    assert.equal(await app.me(tokens.bob), REVOKED);
    assert.equal(await app.me(tokens.laptop), 'ada');
    // What has to be waited for: it was destroyed before there was a denylist, and has not expired.
    assert.equal(await app.me(tokens.phone), 'ada');
    // A server that is not as far.
    await using old = await start(both, redis);
    const [one, other] = [await app.login('ada'), await old.login('ada')];
    assert.deepEqual([await old.me(one), await app.me(other)], ['ada', 'ada']);
    assert.deepEqual([await app.logout(one), await old.logout(other)], [204, 204]);
    assert.deepEqual([await old.me(one), await app.me(one), await old.me(other)], [GONE, REVOKED, GONE]);
    await until(async () => (await app.me(other)) === REVOKED);
  });

  await step('step 5: tokens with a label work on, and those without one', after, async (app) => {
    const before = await labels();
    const token = await app.login('eve');
    assert.equal(await labels(), before);
    assert.deepEqual(await Promise.all([token, tokens.laptop, tokens.bob].map(app.me)), ['eve', 'ada', REVOKED]);
    await using old = await start(denylist, redis);
    assert.equal(await old.me(token), 'eve');
    assert.deepEqual([await app.logout(token), await app.logout(tokens.laptop), await app.logout(forged(token))], [204, 204, 401]);
    assert.deepEqual(await Promise.all([token, tokens.laptop].map(app.me)), [REVOKED, REVOKED]);
    await until(async () => (await old.me(token)) === REVOKED);
  });

  await step('and what was destroyed stays so', after, async (app) => {
    assert.deepEqual(await Promise.all([tokens.laptop, tokens.bob].map(app.me)), [REVOKED, REVOKED]);
  });
});

/** As a program does that has looked for the `jti`, as jwt-redis wants it. */
async function destroyThere({ socket }: RedisServer, token: string): Promise<void> {
  const client = redis4.createClient({ socket: { path: socket, tls: false } });
  await client.connect();
  const jwtr = new jwtRedis.default(client as never);
  assert.equal(await jwtr.destroy(jwtr.decode<{ jti: string }>(token).jti), true);
  await client.disconnect();
}

/** With the `jti` of another, by somebody who does not have the secret. */
function forged(token: string): string {
  const { jti } = jsonwebtoken.decode(token) as { jti: string };
  return jsonwebtoken.sign({ jti, exp: Math.floor(Date.now() / 1000) + 60 }, 'another secret of thirty-two bytes');
}
