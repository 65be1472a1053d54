/** A real browser, and what it keeps. */
import type { Page } from 'puppeteer-core';

export type { Page };

/** The cookies, seen from outside the page: `name path domain`, sorted. */
export async function cookies(page: Page): Promise<string[]> {
  const cookies = await page.browserContext().cookies();
  return cookies.map(({ name, path, domain }) => `${name} ${path} ${domain}`).sort();
}
