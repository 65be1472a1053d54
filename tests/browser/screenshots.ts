/** Takes the README's pictures of the demo: `npm run screenshots --workspace quash-demo`. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Page } from 'puppeteer-core';

import { serve } from '../../www/demo/serve.ts';
import { launchChromium } from './chromium.ts';
import { logIn, open, press, reach } from './user.ts';

const DOCS = resolve(import.meta.dirname, '../../docs');

const folder = await mkdtemp(join(tmpdir(), 'quash-screenshots-'));
const [server, browser] = await Promise.all([serve({ port: 0, persist: folder }), launchChromium()]);
try {
  const page = await open(browser.defaultBrowserContext(), server.url);
  await page.setViewport({ width: 1280, height: 900, deviceScaleFactor: 1.5 });
  // Stamps land at once: a picture does not wait for an animation.
  await page.emulateMediaFeatures([{ name: 'prefers-reduced-motion', value: 'reduce' }]);

  await logIn(page);
  await press(page, 'thief-try');
  await page.waitForSelector('#thief-attempts li');
  await shoot(page, 'demo-before.png');

  await press(page, 'logout-quash');
  await reach(page, 'logged-out');
  await shoot(page, 'demo-after.png');
} finally {
  await Promise.all([browser.close(), server.stop()]);
  await rm(folder, { recursive: true, force: true });
}

/** From the top of the page to the end of the story. */
async function shoot(page: Page, name: string): Promise<void> {
  const height = await page.$eval('#try', (element) => element.getBoundingClientRect().bottom + scrollY + 40);
  await page.screenshot({
    path: join(DOCS, name),
    clip: { x: 0, y: 0, width: 1280, height: Math.round(height) },
    captureBeyondViewport: true,
  });
  console.log(`docs/${name}`);
}
