/** On servers: in every runtime that npm has, and for TypeScript. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';

import { install, type Project } from './packed.ts';
import { compile } from './types.ts';

/** With what they are told before the script. The second Node.js is the one that is installed, 20 or later. */
const RUNTIMES: Readonly<Record<string, (project: Project) => readonly [string, ...string[]]>> = {
  'Node.js 24': () => [process.execPath],
  'the Node.js of this machine': () => ['node'],
  Deno: ({ folder }) => [join(folder, 'node_modules/@deno/linux-x64-glibc/deno'), 'run', '--allow-all', '--no-lock'],
  Bun: ({ folder }) => [join(folder, 'node_modules/@oven/bun-linux-x64/bin/bun'), 'run'],
};

let project: Project;

before(async () => {
  project = await install('server');
});

after(() => project?.remove());

for (const [name, command] of Object.entries(RUNTIMES)) {
  test(`${name} signs, verifies, guards and destroys`, async () => {
    const [file, ...args] = command(project);
    const { stdout } = await promisify(execFile)(file, [...args, 'main.js'], { cwd: project.folder });
    assert.deepEqual(JSON.parse(stdout), {
      hmac: 'ada',
      ecdsa: 'ada',
      decoded: 'ada',
      before: 'ada',
      guarded: '200 ada',
      refused: 'token_revoked',
      after: 'token',
      functions: true,
    });
  });
}

test('TypeScript 5 finds the types of every subpath', () => compile(project));
