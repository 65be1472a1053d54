/** What a person does and sees on the demo's page. */
import type { BrowserContext, Page } from 'puppeteer-core';

import type { Stage } from '../../www/demo/src/stage.ts';

/** Opens the demo. */
export async function open(context: BrowserContext, url: string): Promise<Page> {
  const page = await context.newPage();
  await page.goto(url);
  return page;
}

/** Logs in through the form, and returns the token as any script on the page could read it. */
export async function logIn(page: Page): Promise<string> {
  await page.locator('#login-button').click();
  await reach(page, 'signed-in');
  return page.evaluate(() => localStorage.getItem('token') ?? '');
}

export async function press(page: Page, id: 'logout-quash' | 'logout-usual' | 'thief-try'): Promise<void> {
  await page.locator(`#${id}`).click();
}

/** Waits until the page has got to `stage`. A tab in the background draws no frames: hence mutations, not frames. */
export async function reach(page: Page, stage: Stage): Promise<void> {
  await page.waitForFunction((stage) => document.documentElement.dataset['stage'] === stage, { polling: 'mutation' }, stage);
}

/** What can be read in the element, and so on the screen. */
export function text(page: Page, selector: string): Promise<string> {
  return page.$eval(selector, (element) => (element as HTMLElement).innerText);
}

/** All cookies of the browser as the browser itself has them, HttpOnly ones too (CDP `Storage.getCookies`). */
export async function cookies(context: BrowserContext): Promise<{ name: string; httpOnly: boolean | undefined }[]> {
  const all = await context.cookies();
  return all.map(({ name, httpOnly }) => ({ name, httpOnly })).sort((a, b) => a.name.localeCompare(b.name));
}

/** What scripts of this tab can read. */
export function storage(page: Page): Promise<{ token: string | null; session: number; cookie: string }> {
  return page.evaluate(() => ({
    token: localStorage.getItem('token'),
    session: sessionStorage.length,
    cookie: document.cookie,
  }));
}
