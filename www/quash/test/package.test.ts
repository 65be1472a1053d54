import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';

const ROOT = new URL('..', import.meta.url);

/** They import what only workerd has: tests/packaging/workers.test.ts. */
const OF_WORKERS = ['./edge', './hono', './worker'];

/** Modules that are types alone. */
const TYPES = ['engine', 'options', 'report', 'server/store', 'edge/settings'].map((module) => `dist/${module}.js`);

test('a server can import all of it, and none of it does anything there', async () => {
  const { exports } = JSON.parse(readFileSync(new URL('package.json', ROOT), 'utf8')) as { exports: object };
  for (const path of Object.keys(exports).filter((path) => !path.endsWith('.json') && !OF_WORKERS.includes(path))) {
    const module = await import(`quash${path.slice(1)}`);
    assert.ok(Object.values(module).every((it) => typeof it === 'function'), path);
  }
  const { onLogout, prepareLogout, watchSession } = await import('quash');
  for (const watch of [onLogout(() => {}), prepareLogout(), watchSession({ idleTimeout: 1 }).stop]) watch();
  const { createLogout } = await import('quash/svelte');
  createLogout({ offline: true }).subscribe(({ state }) => assert.equal(state, 'idle'))();
});

test('a logout on a server is a report, not an error', async () => {
  const { logout } = await import('quash');
  const report = await logout({ endpoint: 'http://127.0.0.1:9/auth/logout', localStorage: ['a'], cookies: ['a'] });
  assert.equal(report.outcome, 'local-only');
  assert.deepEqual(report.edge, { status: 0, reason: 'network' });
});

test('a report can be read by people', async () => {
  const { explain } = await import('quash');
  const text = explain({
    outcome: 'queued',
    edge: { status: 503, code: 'store_unavailable' },
    effects: [
      { target: 'localStorage', name: '*', outcome: 'done', count: 3 },
      { target: 'cookies', name: 'token', outcome: 'failed', reason: 'remains' },
      { target: 'caches', name: 'api', outcome: 'skipped', reason: 'not_found' },
    ],
    engine: 'wasm',
    durationMs: 41.2,
  });
  assert.deepEqual(text.split('\n'), [
    'The edge could not be told yet. It will be, as soon as it can be reached.',
    'The edge: 503, store_unavailable.',
    '✓ localStorage * (3)',
    '✗ cookies token is still there',
    '– caches api was not there',
    '✗ cookies that scripts cannot read (HttpOnly): only the answer of the edge can expire them',
    'wasm, 41 ms',
  ]);
});

test('what is published is what a user needs, and nothing else', () => {
  const packed = JSON.parse(execFileSync('npm', ['pack', '--dry-run', '--json'], { cwd: ROOT, encoding: 'utf8' }));
  const files = packed[0].files.map(({ path }: { path: string }) => path).sort();
  const built = readdirSync(new URL('src/', ROOT), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'))
    .map((file) => file.replace(/\.ts$/, ''))
    .flatMap((module) => [`dist/${module}.d.ts`, `dist/${module}.js`])
    .filter((file) => !TYPES.includes(file));
  const wasm = [
    'wasm/quash_bg.js', 'wasm/quash_bg.wasm', 'wasm/quash_js.js',
    'wasm-engine/quash_engine.wasm', 'wasm-endpoints/index.js', 'wasm-endpoints/index_bg.wasm',
    'wasm-server/quash_server.wasm',
  ];
  const rest = ['LICENSE-APACHE', 'LICENSE-MIT', 'README.md', 'dist/openapi.json', 'package.json', ...wasm];
  assert.deepEqual(files, [...built, ...rest].sort());
});

test('what the edge answers is there for tools that read OpenAPI', () => {
  const read = (url: URL | string) => JSON.parse(readFileSync(new URL(url), 'utf8'));
  assert.deepEqual(read(import.meta.resolve('quash/openapi.json')), read(new URL('../../docs/openapi.json', ROOT)));
});

test('publint finds no fault', async () => {
  const { publint } = await import('publint');
  const { messages } = await publint({ pkgDir: ROOT.pathname, strict: true, pack: 'npm' });
  assert.deepEqual(messages, []);
});
