/**
 * `node tests/bench/server.ts [--json]`: how many tokens a server verifies in a second, in Node.js, by itself and with a look at
 * what was destroyed. `cargo xtask bench server` builds the package and runs this.
 *
 * - `NAME/verify/ALG`: every token is another one, of 800 bytes with 15 claims, for one audience and issuer; keys are `KeyObject`s, or
 *   what a peer has in their place. fast-jwt has no cache, since no token comes twice. jsonwebtoken has no EdDSA;
 * - `NAME/verify+redis`: HS256, and refused if it was destroyed, by a Redis on this machine: `quash` follows its log within 5 s,
 *   `jwt-redis` asks for the token's label, and `fast-jwt`, with its cache, for a key with its `jti`, as many denylists are made. 64 at a
 *   time, of 1000 tokens that come again and again, as those of sessions do; `NAME/verify+redis/new` is of tokens that come once;
 * - `NAME/destroy+redis`: until Redis has acknowledged it. 64 at a time.
 */
import { createPublicKey, createSecretKey, type KeyObject, randomUUID } from 'node:crypto';

import { createVerifier } from 'fast-jwt';
import { jwtVerify } from 'jose';
import jsonwebtoken from 'jsonwebtoken';
import jwtRedisModule from 'jwt-redis';
import { redis } from 'quash/redis';
import { createJwt, sign, verify } from 'quash/server';
import { createClient } from 'redis4';

import { startRedis } from '../../www/quash/test/server/stores/redis-server.ts';
import { drive, type Started } from './drive.ts';
import { newKey } from './mint.ts';
import type { Figure } from './print.ts';
import { type Case, measure } from './rounds.ts';
import { ALGORITHMS, type Algorithm } from './verify/peer.ts';

const AUDIENCE = 'https://api.example';
const ISSUER = 'https://login.example';

/** More than anybody remembers. */
const ONCE = 20_000;

/** Few enough to sign within a second each, too many for what a processor remembers of one. */
const TOKENS = 2000;
/** As many tokens as come again and again. */
const SESSIONS = 1000;
const AT_ONCE = 64;
const ROUNDS = 40;
const BATCH_NS = 50e6;

/** For jwt-redis it has to be a text. */
const SECRET = 'a secret of thirty-two letters, or a few more';

interface Keys {
  readonly signing: KeyObject;
  readonly verifying: KeyObject;
}

await drive(run, (name) => (name.includes('redis') ? name.replace(/^[^/]+/, 'jwt-redis').replace('/new', '') : name.replace(/^[^/]+/, 'jsonwebtoken')));

async function run(started: Started): Promise<Figure[]> {
  const cases = [...ALGORITHMS.flatMap(byThemselves), ...(await withRedis(started))];
  const progress = (round: number): void => {
    if (round % 10 === 0) console.error(`· bench server … ${round} of ${ROUNDS} rounds`);
  };
  const timings = await measure(cases, { rounds: ROUNDS, batchNs: BATCH_NS, warmUps: 3, progress });
  return timings.map(({ name, median }) => ({ case: name, metric: 'ops', value: 1e9 / median, unit: '1/s' }));
}

function byThemselves(alg: Algorithm): Case[] {
  const { signing, verifying } = newKeys(alg);
  const tokens = Array.from({ length: TOKENS }, () => sign(claims(), signing, { algorithm: alg, keyid: 'k' }));
  const algorithms = [alg];
  const key = verifying.type === 'secret' ? verifying.export() : verifying.export({ type: 'spki', format: 'pem' });
  const fastJwt = createVerifier({ key, algorithms, allowedAud: AUDIENCE, allowedIss: ISSUER, cache: false });
  const options = { algorithms, audience: AUDIENCE, issuer: ISSUER };
  const cases = {
    quash: (token: string) => verify(token, verifying, options),
    ...(alg !== 'EdDSA' && {
      jsonwebtoken: (token: string) => jsonwebtoken.verify(token, verifying, options as jsonwebtoken.VerifyOptions),
    }),
    'fast-jwt': (token: string) => fastJwt(token),
    jose: (token: string) => jwtVerify(token, verifying, options),
  };
  return Object.entries(cases).map(([name, verifyOne]) => ({
    name: `${name}/verify/${alg}`,
    run: (count) => time(async () => {
      for (let at = 0; at < count; at += 1) {
        const verified = verifyOne(tokens[at % TOKENS]!);
        if (verified instanceof Promise) await verified;
      }
    }),
  }));
}

async function withRedis(started: Started): Promise<Case[]> {
  const server = await startRedis();
  const client = await createClient({ socket: { path: server.socket, tls: false } }).connect();
  started.add({
    stop: async () => {
      await client.disconnect();
      await server[Symbol.asyncDispose]();
    },
  });
  const key = createSecretKey(SECRET, 'utf8');
  const jwt = createJwt({ store: redis(client), pepper: SECRET, maxLifetime: '2h' });
  // Its types are of a client with no modules.
  const jwtRedis = new jwtRedisModule.default(client as never);
  const fastJwt = createVerifier({ key: SECRET, algorithms: ['HS256'], cache: SESSIONS });
  const options = { algorithms: ['HS256' as const] };
  const tokens = Array.from({ length: SESSIONS }, () => jwt.sign(claims(), key));
  const labelled = await Promise.all(tokens.map(() => jwtRedis.sign(claims(), SECRET)));
  const once = Array.from({ length: ONCE }, () => jwt.sign(claims(), key));
  const verifyFast = async (token: string) => {
    const { jti } = fastJwt(token) as { jti: string };
    if ((await client.get(`revoked:${jti}`)) !== null) throw new Error('revoked');
  };
  const verifying = {
    quash: () => each(tokens, (token) => jwt.verify(token, key, options)),
    'jwt-redis': () => each(labelled, (token) => jwtRedis.verify(token, SECRET, options)),
    'fast-jwt': () => each(tokens, verifyFast),
  };
  const verifyingOnce = {
    quash: () => each(once, (token) => jwt.verify(token, key, options)),
    'fast-jwt': () => each(once, verifyFast),
  };
  const destroying = {
    quash: () => (): Promise<unknown> => jwt.destroy({ jti: randomUUID() }),
    'jwt-redis': () => (): Promise<unknown> => jwtRedis.destroy(randomUUID()),
  };
  return [
    ...Object.entries(verifying).map(([name, next]) => concurrent(`${name}/verify+redis`, next())),
    ...Object.entries(verifyingOnce).map(([name, next]) => concurrent(`${name}/verify+redis/new`, next())),
    ...Object.entries(destroying).map(([name, next]) => concurrent(`${name}/destroy+redis`, next())),
  ];
}

/** Takes one token after the other. */
function each(tokens: readonly string[], use: (token: string) => Promise<unknown>): () => Promise<unknown> {
  let at = 0;
  return () => use(tokens[(at += 1) % tokens.length]!);
}

function concurrent(name: string, next: () => Promise<unknown>): Case {
  return {
    name,
    run: (count) => time(async () => {
      let left = count;
      const worker = async (): Promise<void> => {
        while ((left -= 1) >= 0) await next();
      };
      await Promise.all(Array.from({ length: AT_ONCE }, worker));
    }),
  };
}

async function time(work: () => Promise<void>): Promise<number> {
  const start = process.hrtime.bigint();
  await work();
  return Number(process.hrtime.bigint() - start);
}

function newKeys(alg: Algorithm): Keys {
  const signing = newKey(alg);
  return { signing, verifying: signing.type === 'secret' ? signing : createPublicKey(signing) };
}

function claims(): object {
  const now = Math.floor(Date.now() / 1000);
  return {
    iss: ISSUER,
    sub: `user-${randomUUID()}`,
    aud: [AUDIENCE, `${ISSUER}/userinfo`],
    iat: now - 5,
    exp: now + 3600,
    auth_time: now - 60,
    jti: randomUUID(),
    sid: randomUUID(),
    client_id: 'web-banking',
    scope: 'openid profile email accounts:read payments:write',
    roles: ['customer', 'beta'],
    tenant: 'eu-north',
    name: 'Zoë Brandt',
    email: 'zoe.brandt@mail.example',
    amr: ['pwd', 'otp'],
  };
}
