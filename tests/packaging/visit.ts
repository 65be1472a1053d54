/** One who comes to a page with a token, and logs out. */
import type { Browser, Page } from 'puppeteer-core';

import type { LogoutReport } from '../../www/quash/src/index.ts';

export interface Visit {
  readonly report: LogoutReport;
  /** What the page showed that it was doing, in `state` or `data-state`. */
  readonly states: readonly string[];
  /** What is left in Web Storage and cookies. */
  readonly left: readonly string[];
  /** What a developer reads in the console: warnings, errors, uncaught exceptions. */
  readonly complaints: readonly string[];
}

/** Clicks on `button` in a page that shows the report in its `<output>`. */
export async function logOutBy(button: string, browser: Browser, url: string): Promise<Visit> {
  const context = await browser.createBrowserContext();
  try {
    const page = await context.newPage();
    const complaints = listen(page);
    await page.goto(url);
    await page.evaluate(prepare);
    await page.locator(button).click();
    const shown = await page.waitForFunction(() => document.querySelector('output')?.value);
    const report = JSON.parse(await shown.jsonValue() ?? '') as LogoutReport;
    return { report, complaints, ...(await page.evaluate(look)) };
  } finally {
    await context.close();
  }
}

function listen(page: Page): string[] {
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => {
    if (/^(warn|error)/.test(message.type())) complaints.push(message.text());
  });
  return complaints;
}

function prepare(): void {
  localStorage.setItem('token', 'a.b.c');
  sessionStorage.setItem('draft', '1');
  document.cookie = 'token=1';

  const before: string[] = [];
  new MutationObserver((changes) => {
    const [{ target, attributeName }] = changes as [MutationRecord];
    // Several changes may arrive as one; each knows what was before it.
    before.push(...changes.map(({ oldValue }) => oldValue ?? 'idle'));
    Object.assign(window, { states: [...before, (target as Element).getAttribute(attributeName!)] });
  }).observe(document, { subtree: true, attributeFilter: ['state', 'data-state'], attributeOldValue: true });
}

function look(): Pick<Visit, 'states' | 'left'> {
  const states = (Reflect.get(window, 'states') ?? []) as string[];
  return { states, left: [...Object.keys(localStorage), ...Object.keys(sessionStorage), document.cookie].filter(Boolean) };
}
