/** A server in Rust and one in Node.js, over one Redis: each refuses what the other has destroyed. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { describe, test } from 'node:test';

import { redis } from 'quash/redis';
import { createJwt, sign, type JwtService } from 'quash/server';
import { createClient } from 'redis4';

import { APPEND } from '../../www/quash/dist/server/stores/redis/append.js';
import { LOOK_UP } from '../../www/quash/dist/server/stores/redis/look-up.js';
import { READ } from '../../www/quash/dist/server/stores/redis/read.js';
import { startRedis, until } from '../../www/quash/test/server/stores/redis-server.ts';
import { selfSigned } from '../browser/certificate.ts';
import { type Tower, startTower } from './tower.ts';

const SECRET = 'a secret of thirty-two bytes or more';
const PEPPER = 'a pepper of thirty-two bytes or more';
const ISSUER = 'https://issuer.example';
const LEEWAY = 5;

/** Both say the same of tokens: docs/tower.md, "Beside Node.js". */
const CONFIG = {
  max_staleness: 1,
  issuers: [{ issuer: ISSUER, max_lifetime: 3600, leeway: LEEWAY, revocable_claims: ['tenant'], keys: [{ alg: 'HS256', secret: 'JWT_SECRET' }] }],
};
const SECRETS = { JWT_SECRET: SECRET, QUASH_PEPPER: PEPPER };

interface Stand extends AsyncDisposable {
  readonly jwt: JwtService;
  readonly tower: Tower;
  readonly cli: (...command: string[]) => Promise<string>;
}

async function start(): Promise<Stand> {
  const stack = new AsyncDisposableStack();
  const server = stack.use(await startRedis());
  const client = await createClient({ socket: { path: server.socket, tls: false } }).on('error', () => {}).connect();
  stack.defer(() => client.disconnect());
  const options = { store: redis(client), pepper: PEPPER, maxLifetime: '1h', leeway: LEEWAY, maxStaleness: 1, revocableClaims: ['tenant'] };
  const tower = stack.use(await startTower({ redis: server.socket, config: CONFIG, secrets: SECRETS }));
  return { jwt: createJwt(options), tower, cli: server.cli, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

const iat = Math.floor(Date.now() / 1000) - 100;

/** One that was issued before anything was destroyed. */
function token(claims: object): string {
  return sign({ iss: ISSUER, iat, exp: iat + 1000, ...claims }, SECRET, { algorithm: 'HS256' });
}

/** As the program answers. */
async function verified({ jwt }: Stand, token: string, strict = false): Promise<string> {
  return jwt.verify(token, SECRET, { algorithms: ['HS256'], strict }).then(
    () => 'passes',
    (error: { code?: string; message: string }) => error.code ?? error.message,
  );
}

const ALL = { jti: 'j', sid: 'd', sub: 'ada', client_id: 'c', tenant: 't' };

const TARGETS: readonly (readonly [target: Record<string, unknown>, spared: object])[] = [
  [{ jti: 'j' }, { jti: 'k' }],
  [{ jti: 'j', exp: iat + 1000 }, { jti: 'k' }],
  [{ sid: 'd' }, { sid: 'e' }],
  [{ sub: 'ada' }, { sub: 'eve' }],
  [{ sub: 'ada', keep: 'e' }, { sid: 'e' }],
  [{ sub: 'ada', before: iat + 1 }, { iat: iat + 1 }],
  [{ client_id: 'c' }, { client_id: 'd' }],
  [{ claim: { name: 'tenant', value: 't' } }, { tenant: 'u' }],
  [{ everything: true, before: iat + 1 }, { iat: iat + 1 }],
];

describe('servers in Rust and in Node.js over one Redis', { timeout: 120_000 }, () => {
  test('each refuses what the other has destroyed', async () => {
    for (const [target, spared] of TARGETS) {
      const said = JSON.stringify(target);
      const [covered, other] = [token(ALL), token({ ...ALL, ...spared })];
      for (const byRust of [true, false]) {
        await using stand = await start();
        const { jwt, tower } = stand;
        const whoever = byRust
          ? (token: string, strict?: boolean) => verified(stand, token, strict)
          : (token: string, strict?: boolean) => tower.verify(token, strict);
        assert.equal(await whoever(covered), 'passes', said);
        if (byRust) assert.equal(await tower.destroyAll({ iss: ISSUER, ...target }), 'revoked', said);
        else assert.equal((await jwt.destroy({ iss: ISSUER, ...target })).revoked, true, said);
        assert.equal(await whoever(covered, true), 'token_revoked', said);
        await until(async () => (await whoever(covered)) === 'token_revoked');
        assert.deepEqual([await whoever(other), await whoever(other, true)], ['passes', 'passes'], said);
      }
    }
  });

  test('a token that one destroys the other refuses, with a `jti` or without', async () => {
    await using stand = await start();
    const { jwt, tower } = stand;
    for (const claims of [{ jti: 'a' }, { n: 1 }]) {
      const [one, two, other] = [token({ ...claims, m: 1 }), token({ jti: claims.jti && 'b', n: 2 }), token({ n: 3 })];
      assert.equal(await tower.destroy(one), 'revoked');
      assert.equal(await verified(stand, one, true), 'token_revoked');
      await jwt.destroy(two, SECRET, { algorithms: ['HS256'] });
      assert.equal(await tower.verify(two, true), 'token_revoked');
      assert.deepEqual([await tower.verify(other, true), await verified(stand, other, true)], ['passes', 'passes']);
    }
  });

  test('both run the same scripts, and write the same rows under the same keys', async () => {
    await using stand = await start();
    const { jwt, tower, cli } = stand;
    // Rust alone has been here: so these are its scripts.
    assert.deepEqual([await tower.verify(token({})), await tower.verify(token({}), true)], ['passes', 'passes']);
    assert.equal(await tower.destroyAll({ iss: ISSUER, jti: 'j', exp: iat + 1000 }), 'revoked');
    const digests = [APPEND, LOOK_UP, READ].map(({ sha1 }) => sha1);
    assert.equal(await cli('SCRIPT', 'EXISTS', ...digests), '1\n1\n1');
    const written = await cli('HGETALL', '{quash}:rows');
    const [key, row = ''] = written.split('\n');
    assert.match(row, new RegExp(`^${(iat + 1000 + LEEWAY + 60) * 1000} 1 always - ${(iat + 1000 + LEEWAY + 60) * 1000} \\d+ logout$`));
    // It says all of it already.
    await jwt.destroy({ iss: ISSUER, jti: 'j', exp: iat + 1000 });
    assert.equal(await cli('HGETALL', '{quash}:rows'), written);
    assert.equal(await cli('HGET', '{quash}:state', 'head'), '1');
    assert.equal(await cli('HLEN', '{quash}:rows'), '1');
    assert.match(key!, /^r1\/[0-9a-f]{32}$/);
  });

  test('published keys are read over HTTPS, from whom the system trusts', async () => {
    const { key, cert } = selfSigned('localhost', Date.now(), true);
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const jwks = JSON.stringify({ keys: [{ ...createPublicKey(publicKey.export({ type: 'spki', format: 'pem' })).export({ format: 'jwk' }), kid: '1' }] });
    const issuer = createServer({ key, cert }, (_, response) => void response.end(jwks)).listen(0, '127.0.0.1');
    await once(issuer, 'listening');
    const folder = await mkdtemp(join(tmpdir(), 'quash-tower-'));
    try {
      const trusted = join(folder, 'trusted.pem');
      await writeFile(trusted, cert);
      await using server = await startRedis();
      const jwksUri = `https://localhost:${(issuer.address() as AddressInfo).port}/jwks`;
      const config = { issuers: [{ issuer: ISSUER, max_lifetime: 3600, jwks_uri: jwksUri }] };
      const good = sign({ iss: ISSUER, iat, exp: iat + 1000 }, privateKey, { algorithm: 'ES256', keyid: '1' });
      const other = selfSigned('localhost', Date.now(), true).cert;
      await writeFile(join(folder, 'other.pem'), other);
      for (const [file, expected] of [['trusted.pem', 'passes'], ['other.pem', 'keys_unavailable']] as const) {
        const env = { SSL_CERT_FILE: join(folder, file) };
        await using tower = await startTower({ redis: server.socket, config, secrets: SECRETS, env });
        assert.equal(await tower.verify(good), expected, file);
      }
    } finally {
      issuer.close();
      await rm(folder, { recursive: true, force: true });
    }
  });
});
