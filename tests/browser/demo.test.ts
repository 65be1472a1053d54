/** The demo as its visitor sees it: Chromium, workerd, and a second client that holds a copy of the token. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import type { Browser, BrowserContext, Page } from 'puppeteer-core';

import { serve } from '../../www/demo/serve.ts';
import type { Workers } from '../../www/demo/wrangler.ts';
import { launchChromium } from './chromium.ts';
import { cookies, logIn, open, press, reach, storage, text } from './user.ts';

const BALANCE = '€12,480.55';

describe('the demo in Chromium', () => {
  let folder: string;
  let server: Workers;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let token: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'quash-browser-'));
    [server, browser] = await Promise.all([serve({ port: 0, persist: folder }), launchChromium()]);
  });

  after(async () => {
    await Promise.all([browser?.close(), server?.stop()]);
    await rm(folder, { recursive: true, force: true });
  });

  beforeEach(async () => {
    context = await browser.createBrowserContext();
    page = await open(context, server.url);
    token = await logIn(page);
  });

  afterEach(() => context.close());

  /** A second client, with the token and nothing else. */
  const replay = () => fetch(`${server.url}/api/me`, { headers: { Authorization: `Bearer ${token}` } });

  it('lets in the user and, before the logout, the thief', async () => {
    assert.equal(await text(page, '#account-balance'), BALANCE);
    assert.equal((await replay()).status, 200);

    await press(page, 'thief-try');
    await page.waitForSelector('#thief-attempts li');
    assert.equal(await text(page, '#thief-status'), '200 OK');
    assert.match(await text(page, '#thief-result'), new RegExp(BALANCE));
  });

  it('refuses every copy of the token after the logout', async () => {
    assert.equal((await replay()).status, 200);

    await press(page, 'logout-quash');
    await reach(page, 'logged-out');

    const refused = await replay();
    assert.equal(refused.status, 401);
    assert.equal((await refused.json()).code, 'token_revoked');
    assert.match(refused.headers.get('WWW-Authenticate') ?? '', /^Bearer .*error="invalid_token"/);
    assert.equal(await text(page, '#verdict-title'), 'You are out. So is the thief.');
    assert.equal(await text(page, '#thief-status'), '401 token_revoked');
    assert.match(await text(page, '#thief-attempts li'), /401 token_revoked\s+\d+ ms after the logout/);
    assert.equal(await text(page, '#you-status'), '401 token_missing');
    assert.match(await text(page, '#report-edge'), /Confirmed at \d\d:\d\d:\d\d/);
  });

  it('leaves nothing in the browser, and nothing comes back with a reload', async () => {
    assert.deepEqual(await cookies(context), [
      { name: 'session', httpOnly: true },
      { name: 'token', httpOnly: false },
    ]);
    assert.deepEqual(await storage(page), { token, session: 1, cookie: `token=${token}` });

    await press(page, 'logout-quash');
    await reach(page, 'logged-out');
    const expectNothing = async () => {
      assert.deepEqual(await cookies(context), []);
      assert.deepEqual(await storage(page), { token: null, session: 0, cookie: '' });
      assert.doesNotMatch(await text(page, 'body'), new RegExp(BALANCE));
    };
    await expectNothing();

    await page.reload();
    await reach(page, 'signed-out');
    await expectNothing();
  });

  it('signs out the other tab, which nobody touches', async () => {
    const other = await open(context, `${server.url}/?tab=second`);
    await reach(other, 'signed-in');
    assert.equal(await text(other, '#account-balance'), BALANCE);
    assert.equal((await storage(other)).session, 1);

    await page.bringToFront();
    await press(page, 'logout-quash');
    await reach(other, 'elsewhere');

    assert.match(await text(other, 'body'), /Signed out in another tab/);
    assert.doesNotMatch(await text(other, 'body'), new RegExp(BALANCE));
    await reach(page, 'logged-out');
    assert.deepEqual(await storage(other), { token: null, session: 0, cookie: '' });
  });

  it('shows what the usual logout is worth: the thief stays in', async () => {
    await press(page, 'logout-usual');
    await reach(page, 'logged-out');

    assert.deepEqual(await cookies(context), []);
    assert.deepEqual(await storage(page), { token: null, session: 0, cookie: '' });
    assert.equal(await text(page, '#verdict-title'), 'You are out. The thief is not.');
    assert.equal(await text(page, '#you-status'), '401 token_missing');
    assert.equal(await text(page, '#thief-status'), '200 OK');
    assert.equal((await replay()).status, 200);
  });
});
