/** However a program gets at jwt-redis, it gets at what takes its place by the same line with another name. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { transformSync } from 'esbuild';

const FOLDER = fileURLToPath(new URL('.', import.meta.url));

/** Compiled to CommonJS, as most programs in TypeScript are. */
const compiled = (program: string) => transformSync(program, { format: 'cjs', loader: 'ts' }).code;

const LINES: Record<string, readonly [type: 'commonjs' | 'module', program: string]> = {
  'require': ['commonjs', "const JWTR = require('jwt-redis').default;"],
  'require, taken apart': ['commonjs', "const { default: JWTR, TokenDestroyedError } = require('jwt-redis');"],
  'TypeScript': ['commonjs', compiled("import JWTR from 'jwt-redis'; console.log(typeof new JWTR({ call() {} }).sign);")],
  'TypeScript, with errors': [
    'commonjs',
    compiled("import JWTR, { TokenDestroyedError } from 'jwt-redis'; console.log(typeof JWTR, typeof TokenDestroyedError);"),
  ],
  'an ES module': ['module', "import jwtRedis from 'jwt-redis'; const JWTR = jwtRedis.default;"],
  'an ES module, with errors': ['module', "import jwtRedis, { JsonWebTokenError } from 'jwt-redis'; const JWTR = jwtRedis.default;"],
  'a dynamic import': ['module', "const { default: { default: JWTR } } = await import('jwt-redis');"],
};

/** Ends with an error where `JWTR` is no class. */
const CHECK = "console.log(typeof JWTR.prototype.verify, typeof new JWTR({ call() {} }).destroy);";

for (const [name, [type, line]] of Object.entries(LINES)) {
  test(name, () => {
    const program = line.includes('console.log') ? line : `${line}\n${CHECK}`;
    const run = (program: string) =>
      execFileSync(process.execPath, [`--input-type=${type}`, '--eval', program], { cwd: FOLDER, encoding: 'utf8' });
    assert.equal(run(program.replaceAll(/(['"])jwt-redis\1/g, '$1quash/jwt-redis$1')), run(program));
  });
}
