/** `quash import`, as it is installed, from real files and a real Redis to a real edge. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { startMaster } from '../../www/quash/test/server/stores/redis-server.ts';
import { ADMINISTRATOR, list } from './admin.ts';
import { call } from './requests.ts';
import { CLIENT, type Edge, start } from './server.ts';
import { ISSUER, now, token } from './tokens.ts';

const ROOT = resolve(import.meta.dirname, '../..');

let edge: Edge;
let folder: string;
before(async () => {
  edge = await start({ ledger: {}, quash: { clients: [ADMINISTRATOR], routes: [{ path: '/strict', mode: 'strict' }] } });
  folder = await mkdtemp(join(tmpdir(), 'quash-import-'));
  await mkdir(join(folder, 'node_modules'));
  await cp(join(ROOT, 'www/quash/dist/server'), join(folder, 'node_modules/quash/dist/server'), { recursive: true });
  await writeFile(join(folder, 'node_modules/quash/package.json'), '{"type":"module"}');
});
after(async () => {
  await edge?.stop();
  await rm(folder, { recursive: true, force: true });
});

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly error: string;
}

function run(args: readonly string[], { secret = CLIENT.secret, input = '' }: { secret?: string; input?: string } = {}): Promise<Ran> {
  return new Promise((done) => {
    const cli = join(folder, 'node_modules/quash/dist/server/cli.js');
    const env = { ...process.env, QUASH_CLIENT_SECRET: secret };
    const child = execFile(process.execPath, [cli, ...args], { cwd: folder, env }, (error, out, stderr) =>
      done({ code: Number(error?.code ?? 0), out, error: stderr }),
    );
    child.stdin!.end(input);
  });
}

const to = (...more: string[]): string[] => ['import', '--to', `${edge.url}/auth/admin`, '--client', CLIENT.id, '--iss', ISSUER, ...more];
const code = async (mine: string) => (await call(edge, mine, '/strict')).code;

for (const version of ['redis4', 'redis6']) {
  test(`keys of Redis, by ${version}`, async () => {
    await using redis = await startMaster();
    await rm(join(folder, 'node_modules/redis'), { force: true });
    await symlink(join(ROOT, 'node_modules', version), join(folder, 'node_modules/redis'));
    const jtis = Array.from({ length: 700 }, () => randomUUID());
    for (let at = 0; at < jtis.length; at += 100) {
      const some = jtis.slice(at, at + 100);
      await redis.cli('EVAL', "for _, key in ipairs(ARGV) do redis.call('SET', key, '1', 'EX', '300') end", '0', ...some.map((jti) => `deny[1]:${jti}`));
    }
    await redis.cli('SET', 'deny[1]:forever', '1');
    await redis.cli('SET', 'deny1:another', '1');
    const ran = await run(to('--redis', `redis://127.0.0.1:${redis.port}`, '--keys', 'deny[1]:', '--reason', 'logout'));
    assert.deepEqual(ran, { code: 0, out: '701 revoked, 0 expired already, 0 refused\n', error: '' });
    for (const jti of [jtis[0], jtis.at(-1), 'forever']) assert.equal(await code(await token({ claims: { jti } })), 'token_revoked');
    assert.equal(await code(await token({ claims: { jti: 'another' } })), undefined);
    const [entry] = (await list(edge, { iss: ISSUER, jti: jtis[0]! })).body.revocations;
    // As long as the key would have lived, and some time for clocks; not as long as any token may.
    assert.ok(entry.expires_at > now() + 200 && entry.expires_at < now() + 450 && entry.reason === 'logout', JSON.stringify(entry));
  });
}

describe('files', () => {
  test('CSV, with what is refused told and the rest done', async () => {
    const [good, bad] = [randomUUID(), randomUUID()];
    const csv = `jti,sid,exp,note\r\n${good},,${now() + 600},"say ""no"", twice"\r\n${bad},x,,\r\n\r\n,${good},,\r\n`;
    await writeFile(join(folder, 'list.CSV'), csv);
    const { code: ended, out, error } = await run(to('list.CSV'));
    assert.deepEqual([ended, out], [1, '2 revoked, 0 expired already, 1 refused\n']);
    assert.match(error, /^list\.CSV:3: member_invalid: /);
    assert.equal(await code(await token({ claims: { jti: good } })), 'token_revoked');
    assert.equal(await code(await token({ claims: { sid: good } })), 'token_revoked');
    assert.equal(await code(await token({ claims: { jti: bad } })), undefined);
  });

  test('NDJSON from the standard input; twice is once', async () => {
    const [sub, dead] = [randomUUID(), await token({ claims: { iat: now() - 800, exp: now() - 100 } })];
    const input = `${JSON.stringify({ sub })}\n\n${JSON.stringify({ token: dead })}\n`;
    for (let times = 0; times < 2; times += 1) {
      assert.deepEqual(await run(to('-'), { input }), { code: 0, out: '1 revoked, 1 expired already, 0 refused\n', error: '' });
    }
    const [{ covers }] = (await list(edge, { iss: ISSUER, sub })).body.revocations;
    assert.ok(covers[0].issued_until < now() + 6);
  });

  test('what cannot be read, and who may not', async () => {
    for (const [input, error] of [
      ['{"sub":"a"}\n{', /^quash: -:2: /],
      ['[]', /^quash: -:1: no JSON object/],
    ] as const) {
      const ran = await run(to('-'), { input });
      assert.equal(ran.code, 1);
      assert.match(ran.error, error);
    }
    const ran = await run(to('-'), { input: '{"sub":"a"}', secret: 'x'.repeat(32) });
    assert.equal(ran.code, 1);
    assert.match(ran.error, /^quash: the edge answers 401: .*client_unknown/);
  });
});

test('who calls it wrongly is told how it goes', async () => {
  for (const [args, problem] of [
    [[], 'no command'],
    [['export'], 'no such command: export'],
    [['import', 'x.csv'], '--to and --client are needed'],
    [to(), 'either files or --redis'],
    [to('x.csv', '--redis', 'redis://127.0.0.1'), '--redis and --keys go together'],
    [to('--jti'), ''],
  ] as const) {
    const { code: ended, error } = await run(args);
    assert.ok(ended === 2 && error.startsWith(`quash: ${problem}`) && error.includes('quash import --to'), error);
  }
});
