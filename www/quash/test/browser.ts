// Debian's Chromium, headless, with a fresh profile.
import { launch, type Browser, type Page } from 'puppeteer-core';

export type { Page };

export function startBrowser(): Promise<Browser> {
  return launch({
    executablePath: process.env['CHROMIUM_BIN'] ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--no-first-run',
    ],
  });
}

/** What the browser keeps, seen from outside the page: `name path domain`, sorted. */
export async function cookies(page: Page): Promise<string[]> {
  const cookies = await page.browserContext().cookies();
  return cookies.map(({ name, path, domain }) => `${name} ${path} ${domain}`).sort();
}
