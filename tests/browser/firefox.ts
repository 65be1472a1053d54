/** Firefox, with nothing in it and nobody to call. */
import puppeteer from 'puppeteer-core';

import type { Engine } from './engine.ts';
import { engineOf } from './puppeteer.ts';

const EXECUTABLE = process.env['FIREFOX_BIN'] ?? '/usr/bin/firefox-esr';

/** Starts it with a profile of its own, which goes with it. `FIREFOX_BIN` in the environment names another one than Debian's. */
export async function startFirefox(): Promise<Engine> {
  const browser = await puppeteer.launch({
    browser: 'firefox',
    executablePath: EXECUTABLE,
    acceptInsecureCerts: true, // A site of the tests signs for itself.
  });
  return engineOf('firefox', browser);
}
