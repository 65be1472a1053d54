/** What the tests of a file share: a peer, a real browser, and in it a fresh profile with one page for each test. */
import { after, before, beforeEach } from 'node:test';

import type { Browser, BrowserContext, Page } from 'puppeteer-core';

import { launchChromium } from '../../../tests/browser/chromium.ts';
import { type Peer, startPeer } from './peer.ts';

export type { Page };

export let peer: Peer;
export let page: Page;
let browser: Browser;
let context: BrowserContext;

/** Has them made before the tests of this file; `path` is the page's. */
export function setUp(path = '/'): void {
  before(async () => {
    [peer, browser] = await Promise.all([startPeer(), launchChromium()]);
  });
  after(async () => {
    await browser?.close();
    await peer?.stop();
  });
  beforeEach(async () => {
    await context?.close();
    context = await browser.createBrowserContext();
    peer.reset();
    page = await open(path);
  });
}

/** Another tab of the same profile. */
export async function open(path: string): Promise<Page> {
  const page = await context.newPage();
  await page.goto(peer.origin + path);
  return page;
}

/** The cookies, seen from outside the page: `name path domain`, sorted. */
export async function cookies(): Promise<string[]> {
  const cookies = await context.cookies();
  return cookies.map(({ name, path, domain }) => `${name} ${path} ${domain}`).sort();
}
