/** Vite with React, Vue and Svelte as they are today: built, in development, rendered on a server and hydrated. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';

import type { Browser } from 'puppeteer-core';

import { launchChromium } from '../browser/chromium.ts';
import { build, type Built, develop, type Development } from './built.ts';
import { install, type Project } from './packed.ts';
import { assertLoggedOut, BUTTONS } from './page.ts';
import { compile } from './types.ts';
import { logOutBy } from './visit.ts';

const MANIFEST = new URL('../../www/quash/package.json', import.meta.url);

const APPLICATIONS = [
  ['react', '#call'],
  ['react', '#own'],
  ['vue', '#call'],
  ['svelte', '#call'],
] as const;

let project: Project;
let browser: Browser;
let built: Built;
let development: Development;

before(async () => {
  [project, browser] = await Promise.all([install('current', 'vite', 'page', 'react'), launchChromium()]);
  built = await build(project);
  development = await develop(project, built.site);
});

after(async () => {
  await browser?.close();
  await development?.stop();
  await built?.site.stop();
  await project?.remove();
});

test('every subpath that is not for Workers can be imported on a server', async () => {
  const { exports } = JSON.parse(await readFile(MANIFEST, 'utf8')) as { exports: object };
  const elsewhere = ['./openapi.json', './package.json', './edge', './hono', './worker'];
  const subpaths = Object.keys(exports).filter((subpath) => !elsewhere.includes(subpath));
  const lines = (await project.run('subpaths.js')).trim().split('\n');
  assert.deepEqual(lines.map((line) => line.split(' ')[0]), subpaths);
  for (const line of lines) assert.match(line, / \w+/, 'exports nothing');
});

test('the server renders each application before its logout', () => {
  assert.equal(built.html.length, 3);
  for (const html of built.html) assert.match(html, /<button id="call" data-state="idle".*>Log out<\/button>/);
});

test('TypeScript 7 finds the types of React 19, Vue and Svelte', () => compile(project));

for (const [kind, origin] of [
  ['built', () => built.site.origin],
  ['in development', () => development.origin],
] as const) {
  describe(kind, () => {
    for (const button of BUTTONS) {
      test(`${button} logs out with WebAssembly`, async () => {
        assertLoggedOut(await logOutBy(button, browser, `${origin()}/`), 'wasm');
        assert.equal(built.site.received.pop(), 'token=a.b.c');
      });
    }

    for (const [name, button] of APPLICATIONS) {
      test(`${name}: ${button} is hydrated, and shows what the logout is doing`, async () => {
        const visit = await logOutBy(button, browser, `${origin()}/${name}.html`);
        assertLoggedOut(visit, 'wasm');
        assert.deepEqual(visit.states, ['idle', 'busy', 'done']);
        assert.equal(built.site.received.pop(), 'token=a.b.c');
      });
    }
  });
}
