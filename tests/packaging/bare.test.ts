/** Without any framework: in Node.js, for TypeScript, unbundled, and by esbuild, which leaves the module where it is. */
import assert from 'node:assert/strict';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import type { Browser } from 'puppeteer-core';

import type { LogoutReport } from '../../www/quash/src/index.ts';
import { launchChromium } from '../browser/chromium.ts';
import { install, type Project } from './packed.ts';
import { assertLoggedOut, BUTTONS } from './page.ts';
import { serve, type Site } from './site.ts';
import { compile } from './types.ts';
import { logOutBy } from './visit.ts';

let project: Project;
let browser: Browser;
let site: Site;

before(async () => {
  [project, browser] = await Promise.all([install('bare', 'page'), launchChromium()]);
  site = await serve(project.folder);
});

after(async () => {
  await browser?.close();
  await site?.stop();
  await project?.remove();
});

describe('in Node.js', () => {
  test('a logout is a report of what a server can do', async () => {
    const report = JSON.parse(await project.run('server.js', `${site.origin}/auth/logout`)) as LogoutReport;
    assert.equal(report.outcome, 'confirmed');
    assert.equal(site.received.pop(), 'token=a.b.c');
    assert.ok(report.effects.some(({ target, outcome }) => target === 'localStorage' && outcome === 'failed'));
  });

  test('CommonJS can require it', async () => {
    assert.equal((await project.run('require.cjs')).trim(), 'function function');
  });
});

test('TypeScript 5 finds the types of every subpath', () => compile(project));

for (const button of BUTTONS) {
  test(`unbundled, with an import map, ${button} logs out with WebAssembly`, async () => {
    assertLoggedOut(await logOutBy(button, browser, `${site.origin}/unbundled.html`), 'wasm');
    assert.equal(site.received.pop(), 'token=a.b.c');
  });
}

describe('esbuild', () => {
  const WASM = 'wasm/quash_bg.wasm';
  let dist: string;
  let bundled: Site;

  before(async () => {
    dist = join(project.folder, 'dist');
    const esbuild = (...args: string[]) => project.run('node_modules/esbuild/bin/esbuild', ...args, '--bundle', '--minify');
    await esbuild('assets/main.js', 'assets/with-worker.js', '--splitting', '--format=esm', '--outdir=dist/assets');
    await esbuild('worker.js', '--outfile=dist/worker.js');
    for (const page of ['index.html', 'with-worker.html']) await cp(join(project.folder, page), join(dist, page));
    bundled = await serve(dist);
  });

  after(() => bundled?.stop());

  test('without the module the same runs as JavaScript', async () => {
    const visit = await logOutBy('#call', browser, `${bundled.origin}/`);
    // The browser itself says that the file is missing.
    const [complaint = ''] = visit.complaints;
    assert.match(complaint, /404/);
    assertLoggedOut({ ...visit, complaints: visit.complaints.slice(1) }, 'wasm2js');
  });

  test('with the module beside the folder of the bundle, it runs', async () => {
    await cp(join(project.folder, 'node_modules/quash', WASM), join(dist, WASM));
    for (const button of BUTTONS) assertLoggedOut(await logOutBy(button, browser, `${bundled.origin}/`), 'wasm');
  });

  test('a service worker of one script forgets what is its own', async () => {
    const { report, left } = await logOutBy('#call', browser, `${bundled.origin}/with-worker.html`);
    assert.deepEqual(left, ['quash:epoch']);
    const effect = report.effects.find(({ target }) => target === 'serviceWorker');
    assert.deepEqual(effect, { target: 'serviceWorker', name: '*', outcome: 'done', count: 1 });
    assert.deepEqual(Reflect.get(report, 'caches'), []);
  });
});
