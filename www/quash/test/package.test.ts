import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';

const ROOT = new URL('..', import.meta.url);

test('a server can import it', async () => {
  const { logout, onLogout, preload } = await import('quash');
  const { QuashLogoutElement } = await import('quash/element');
  assert.deepEqual([logout, onLogout, preload, QuashLogoutElement].map((it) => typeof it), Array(4).fill('function'));
  assert.equal(typeof onLogout(() => {}), 'function');
});

test('a logout on a server is a report, not an error', async () => {
  const { logout } = await import('quash');
  const report = await logout({ endpoint: 'http://127.0.0.1:9/auth/logout', localStorage: ['a'], cookies: ['a'] });
  assert.equal(report.outcome, 'local-only');
  assert.deepEqual(report.edge, { status: 0, reason: 'network' });
});

test('what is published is what a user needs, and nothing else', () => {
  const packed = JSON.parse(execFileSync('npm', ['pack', '--dry-run', '--json'], { cwd: ROOT, encoding: 'utf8' }));
  const files = packed[0].files.map(({ path }: { path: string }) => path).sort();
  const built = readdirSync(new URL('src/', ROOT), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => file.replace(/\.ts$/, ''))
    .flatMap((module) => [`dist/${module}.d.ts`, `dist/${module}.js`])
    .filter((file) => !['dist/engine.js', 'dist/options.js', 'dist/report.js'].includes(file)); // types alone
  const wasm = ['wasm/quash_bg.js', 'wasm/quash_bg.wasm', 'wasm/quash_js.js'];
  const rest = ['LICENSE-APACHE', 'LICENSE-MIT', 'README.md', 'package.json', ...wasm];
  assert.deepEqual(files, [...built, ...rest].sort());
});

test('publint finds no fault', async () => {
  const { publint } = await import('publint');
  const { messages } = await publint({ pkgDir: ROOT.pathname, strict: true, pack: 'npm' });
  assert.deepEqual(messages, []);
});
