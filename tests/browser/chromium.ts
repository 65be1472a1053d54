/** A real browser, with nothing in it and nobody to call. */
import puppeteer from 'puppeteer-core';
import type { Browser } from 'puppeteer-core';

import type { Engine } from './engine.ts';
import { engineOf } from './puppeteer.ts';

const EXECUTABLE = process.env['CHROMIUM_BIN'] ?? '/usr/bin/chromium';

/** Starts it with a profile of its own, which goes with it. `CHROMIUM_BIN` in the environment names another one than Debian's. */
export function launchChromium(): Promise<Browser> {
  return puppeteer.launch({
    executablePath: EXECUTABLE,
    acceptInsecureCerts: true, // A site of the tests signs for itself.
    args: [
      '--no-sandbox', // The sandbox does not run as root.
      '--disable-gpu',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--no-first-run',
    ],
  });
}

/** The same, for tests that run in the other engines, too. */
export async function startChromium(): Promise<Engine> {
  return engineOf('chromium', await launchChromium());
}
