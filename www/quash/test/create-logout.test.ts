import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';

import type { Browser, BrowserContext, Page } from 'puppeteer-core';

import { launchChromium } from '../../../tests/browser/chromium.ts';
import { startPeer } from './peer.ts';

const DOWN = { status: 503, body: { code: 'store_unavailable' } };

let peer: Awaited<ReturnType<typeof startPeer>>;
let browser: Browser;
let context: BrowserContext;
let page: Page;

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
  page = await context.newPage();
  await page.goto(peer.origin);
  await page.evaluate(() => localStorage.setItem('token', 'a.b.c'));
});

test('tells its subscribers how far it is, and no more when they have had enough', async () => {
  const seen = await page.evaluate(async () => {
    const { createLogout } = await import('quash/svelte');
    const store = createLogout({ token: { localStorage: 'token' }, localStorage: ['token'] });
    const seen: unknown[] = [];
    const stop = store.subscribe(({ state, report }) => seen.push([state, report?.outcome ?? 'none']));
    const isSame = store.current() === store.current();
    const report = await store.logout();
    stop();
    await store.logout();
    return [...seen, isSame, store.current().state, report.outcome];
  });
  assert.deepEqual(seen, [['idle', 'none'], ['busy', 'none'], ['done', 'confirmed'], true, 'done', 'confirmed']);
});

test('logs out once at a time, and whoever asks meanwhile hears the same', async () => {
  const isSame = await page.evaluate(async () => {
    const { createLogout } = await import('quash/svelte');
    const { logout } = createLogout();
    const [one, other] = await Promise.all([logout(), logout()]);
    return one === other;
  });
  assert.ok(isSame);
  assert.equal(peer.received.length, 1);
});

test('a second try still has the token, a third none', async () => {
  peer.reset({ answer: DOWN });
  await page.evaluate(async () => {
    const { createLogout } = await import('quash/svelte');
    const store = createLogout({ token: { localStorage: 'token' }, localStorage: ['token'] });
    Object.assign(window, { store });
    await store.logout();
  });
  const again = () =>
    page.evaluate(async () => {
      const store = Reflect.get(window, 'store') as import('../src/svelte.ts').LogoutStore;
      await store.logout();
      return store.current().state;
    });
  assert.equal(await again(), 'failed');
  peer.reset();
  assert.equal(await again(), 'done');
  assert.equal(await again(), 'done');
  assert.deepEqual(peer.received.map(({ body }) => body), ['token=a.b.c', '']);
});

test('takes the latest options', async () => {
  await page.evaluate(async () => {
    const { createLogout } = await import('quash/svelte');
    let scope: 'token' | 'session' = 'token';
    const { logout } = createLogout(() => ({ scope }));
    await logout();
    scope = 'session';
    await logout();
  });
  assert.deepEqual(peer.received.map(({ body }) => body), ['scope=token', 'scope=session']);
});

test('is prepared for being offline while somebody is subscribed', async () => {
  const handles = () => peer.minted();
  await page.evaluate(async () => {
    const { createLogout } = await import('quash/svelte');
    const { subscribe } = createLogout({ offline: true, token: { localStorage: 'token' } });
    Object.assign(window, { subscribe });
  });
  assert.equal(handles(), 0);
  await page.evaluate(async () => {
    const subscribe = Reflect.get(window, 'subscribe') as import('../src/svelte.ts').LogoutStore['subscribe'];
    const stops = [subscribe(() => {}), subscribe(() => {})];
    while (!localStorage.getItem('quash:handle')) await new Promise((later) => setTimeout(later, 20));
    for (const stop of stops) stop();
  });
  assert.equal(handles(), 1);
});
