/** Vite 5 with React 18 and Svelte 4. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import type { Browser } from 'puppeteer-core';

import { launchChromium } from '../browser/chromium.ts';
import { build, type Built, develop } from './built.ts';
import { install, type Project } from './packed.ts';
import { assertLoggedOut, BUTTONS } from './page.ts';
import { compile } from './types.ts';
import { logOutBy } from './visit.ts';

const APPLICATIONS = [
  ['react', '#call'],
  ['react', '#own'],
  ['svelte', '#call'],
] as const;

let project: Project;
let browser: Browser;
let built: Built;

before(async () => {
  [project, browser] = await Promise.all([install('older', 'vite', 'page', 'react'), launchChromium()]);
  built = await build(project);
});

after(async () => {
  await browser?.close();
  await built?.site.stop();
  await project?.remove();
});

test('the server renders each application before its logout', () => {
  assert.equal(built.html.length, 2);
  for (const html of built.html) assert.match(html, /<button id="call" data-state="idle".*>Log out<\/button>/);
});

test('TypeScript 5 finds the types of React 18', () => compile(project));

for (const button of BUTTONS) {
  test(`built, ${button} logs out with WebAssembly`, async () => {
    assertLoggedOut(await logOutBy(button, browser, `${built.site.origin}/`), 'wasm');
  });
}

for (const [name, button] of APPLICATIONS) {
  test(`built, ${name}: ${button} is hydrated, and shows what the logout is doing`, async () => {
    const visit = await logOutBy(button, browser, `${built.site.origin}/${name}.html`);
    assertLoggedOut(visit, 'wasm');
    assert.deepEqual(visit.states, ['idle', 'busy', 'done']);
  });
}

// Before Vite 8 its development server bundles dependencies without the files that they name by URL.
for (const [mode, engine] of [
  ['development', 'wasm2js'],
  ['excluded', 'wasm'],
] as const) {
  describe(`in development, ${mode === 'excluded' ? 'excluded from' : 'with'} what Vite bundles beforehand`, () => {
    test(`the logout runs as ${engine}, and React hydrates without a warning`, async () => {
      const development = await develop(project, built.site, mode);
      try {
        for (const button of BUTTONS) assertLoggedOut(await logOutBy(button, browser, `${development.origin}/`), engine);
        assertLoggedOut(await logOutBy('#call', browser, `${development.origin}/react.html`), engine);
      } finally {
        await development.stop();
      }
    });
  });
}
