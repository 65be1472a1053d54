/** webpack makes an asset of the module by itself. */
import assert from 'node:assert/strict';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import type { Browser } from 'puppeteer-core';

import { launchChromium } from '../browser/chromium.ts';
import { install, type Project } from './packed.ts';
import { assertLoggedOut, BUTTONS } from './page.ts';
import { serve, type Site } from './site.ts';
import { logOutBy } from './visit.ts';

let project: Project;
let browser: Browser;
let site: Site;

before(async () => {
  project = await install('webpack', 'page');
  await project.run('build.js');
  await cp(join(project.folder, 'index.html'), join(project.folder, 'dist/index.html'));
  [site, browser] = await Promise.all([serve(join(project.folder, 'dist')), launchChromium()]);
});

after(async () => {
  await browser?.close();
  await site?.stop();
  await project?.remove();
});

for (const button of BUTTONS) {
  test(`${button} logs out with WebAssembly`, async () => {
    assertLoggedOut(await logOutBy(button, browser, `${site.origin}/`), 'wasm');
    assert.equal(site.received.pop(), 'token=a.b.c');
  });
}
