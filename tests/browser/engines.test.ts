/** The engines, as scenarios rely on them: what each can do from outside a page, and in which they differ. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';

import type { Engine, Profile, Tab } from './engine.ts';
import { ENGINES, ENGINE_NAMES } from './engines.ts';
import { startSite } from './site.ts';
import type { Site } from './site.ts';

/** What the site's pages have. */
declare const shows: boolean[];

for (const name of ENGINE_NAMES) {
  describe(name, () => {
    let site: Site;
    let engine: Engine;
    let profile: Profile;
    let tab: Tab;

    before(async () => {
      [site, engine] = await Promise.all([startSite(), ENGINES[name]()]);
    });
    after(() => Promise.all([engine?.close(), site?.stop()]));

    beforeEach(async () => {
      profile = await engine.newProfile();
      tab = await profile.open(site.origin);
    });
    afterEach(() => profile?.close());

    it('is the engine that it says', async () => {
      assert.equal(engine.name, name);
      assert.match(engine.version, /^\d+\.\d+/);
      const mark = { chromium: /Chrome\//, firefox: / Firefox\//, webkit: / Version\/.+ Safari\// }[name];
      assert.match(await tab.evaluate(() => navigator.userAgent), mark);
    });

    it('evaluates functions, with JSON in and out', async () => {
      assert.equal(await tab.evaluate((a: number, b: number) => a + b, 1, 2), 3);
      assert.equal(await tab.evaluate(() => {}), undefined);
      assert.deepEqual(await tab.evaluate(async (given: unknown) => ({ given, href: location.href }), [null, 'é"</script>']), {
        given: [null, 'é"</script>'],
        href: `${site.origin}/`,
      });
      assert.equal(await tab.evaluate(() => new Promise((done) => setTimeout(done, 300, 'late'))), 'late');
      await assert.rejects(tab.evaluate(() => Promise.reject(new TypeError('no'))), { message: 'TypeError: no' });
    });

    it('evaluates where the page may not', async () => {
      await tab.goto(`${site.origin}/strict`);
      assert.equal(await tab.evaluate(() => 1 + 1), 2);
    });

    it("imports by the page's import map", async () => {
      const answer = await tab.evaluate(async (module: string) => (await import(module)).answer as number, 'answer');
      assert.equal(answer, 42);
    });

    it('says that a page cannot be had', async () => {
      await assert.rejects(tab.goto(`${site.origin}/cut`));
      await tab.goto(site.origin);
      assert.equal(await tab.evaluate(() => document.title), '/');
    });

    it('waits for what comes, across pages, too', async () => {
      await tab.evaluate(() => void setTimeout(() => (location.href = '/later'), 100));
      assert.equal(await tab.waitFor(() => location.pathname === '/later' && document.title), '/later');
    });

    it('clicks', async () => {
      await tab.click('#button');
      assert.equal(await tab.evaluate(() => document.querySelector('#button')?.textContent), 'pressed');
      await tab.click('#next');
      await tab.waitFor(() => location.pathname === '/next');
    });

    it('takes a picture', async () => {
      const folder = await mkdtemp(join(tmpdir(), 'quash-engines-'));
      await tab.screenshot(join(folder, 'page.png'));
      const png = await readFile(join(folder, 'page.png'));
      await rm(folder, { recursive: true });
      assert.equal(png.toString('latin1', 1, 4), 'PNG');
    });

    it('shares storage and messages among the tabs of a profile', async () => {
      const other = await profile.open(`${site.origin}/other`);
      await tab.evaluate(() => localStorage.setItem('key', 'value'));
      await other.waitFor(() => localStorage.getItem('key') === 'value');

      // The one tab waits for the other: both are asked at once.
      const heard = tab.evaluate(() => {
        const channel = new BroadcastChannel('tabs');
        return new Promise((done) => channel.addEventListener('message', ({ data }) => done(data), { once: true }));
      });
      const said = other.evaluate(async () => {
        const channel = new BroadcastChannel('tabs');
        const saying = setInterval(() => channel.postMessage('hello'), 20);
        setTimeout(() => clearInterval(saying), 3_000);
      });
      assert.equal(await heard, 'hello');
      await said;
    });

    it('shows one tab of a profile at a time', async () => {
      const visibility = () => document.visibilityState;
      const other = await profile.open(`${site.origin}/other`);
      await tab.waitFor(() => document.visibilityState === 'hidden');
      assert.equal(await other.evaluate(visibility), 'visible');

      await tab.bringToFront();
      await other.waitFor(() => document.visibilityState === 'hidden');
      assert.equal(await tab.evaluate(visibility), 'visible');

      await other.click('#button');
      assert.equal(await other.evaluate(visibility), 'visible');
      await other.close();
      await tab.bringToFront();
      await tab.waitFor(() => document.visibilityState === 'visible');
    });

    it('keeps profiles apart', async () => {
      await tab.goto(`${site.origin}/cookies`);
      await tab.evaluate(() => localStorage.setItem('key', 'value'));

      const stranger = await engine.newProfile();
      const elsewhere = await stranger.open(site.origin);
      assert.equal(await elsewhere.evaluate(() => localStorage.length + document.cookie), '0');
      assert.deepEqual(await stranger.cookies(), []);
      const expected = name === 'firefox' ? 'hidden' : 'visible'; // There they share a window.
      await tab.waitFor((expected) => document.visibilityState === expected, expected);
      await stranger.close();
      assert.equal(await tab.evaluate(() => localStorage.length), 1);
    });

    it('starts several profiles at once', async () => {
      const profiles = await Promise.all([engine.newProfile(), engine.newProfile()]);
      const tabs = await Promise.all(profiles.map((profile) => profile.open(site.origin)));
      const set = (number: number) => {
        localStorage.setItem('number', String(number));
        return new Promise<string>((done) => setTimeout(() => done(localStorage['number']), 100));
      };
      assert.deepEqual(await Promise.all(tabs.map((tab, number) => tab.evaluate(set, number))), ['0', '1']);
      await Promise.all(profiles.map((profile) => profile.close()));
    });

    it('tells all cookies, HttpOnly ones too', async () => {
      await tab.goto(`${site.origin}/cookies`);
      const of = (cookie: string, all: readonly { name: string }[]) => all.find(({ name }) => name === cookie);
      const cookies = await profile.cookies();
      const plain = { httpOnly: false, secure: false, path: '/', domain: 'app.quash.localhost' };
      assert.deepEqual(of('hidden', cookies), { ...plain, name: 'hidden', value: '1', httpOnly: true });
      assert.deepEqual(of('shared', cookies), { ...plain, name: 'shared', value: '2', domain: '.quash.localhost' });

      // WebKit has no secure cookies from http, and tells of other paths when it is there.
      const keepsSecure = name !== 'webkit';
      assert.equal(of('secure', cookies) !== undefined, keepsSecure);
      assert.equal(of('__Host-part', cookies) !== undefined, keepsSecure);
      assert.equal(cookies.some(({ partitioned }) => partitioned), name === 'chromium');
      if (name === 'webkit') await profile.open(`${site.origin}/auth/`);
      const deep = of('deep', await profile.cookies());
      assert.deepEqual(deep, { ...plain, name: 'deep', value: '3', httpOnly: true, path: '/auth' });
    });

    it('is given cookies', async () => {
      await profile.setCookie({ name: 'given', value: '1', domain: 'app.quash.localhost', httpOnly: true });
      await tab.goto(`${site.origin}/cookie-header`);
      assert.equal(await tab.evaluate(() => document.body.innerText), 'given=1');
      assert.equal(await tab.evaluate(() => document.cookie), '');
      const domains = (await profile.cookies()).map(({ domain }) => domain);
      assert.deepEqual(domains, [name === 'webkit' ? '.app.quash.localhost' : 'app.quash.localhost']);
    });

    it('has a CookieStore; in WebKit it only reads on http, and Chromium alone tells where a cookie lies', async () => {
      const seen = await tab.evaluate(async () => {
        document.cookie = 'old=1';
        const [before] = await cookieStore.getAll();
        await cookieStore.set('new', '2');
        await cookieStore.delete('old');
        return { before: before?.name, isTold: 'path' in before! && 'domain' in before, after: document.cookie };
      });
      const after = name === 'webkit' ? 'old=1' : 'new=2';
      assert.deepEqual(seen, { before: 'old', isTold: name === 'chromium', after });
    });

    it('keeps the cookies of the path that a page was loaded from', async () => {
      await tab.goto(`${site.origin}/loaded/page`);
      const seen = await tab.evaluate(() => {
        document.cookie = 'there=1; Path=/loaded';
        document.cookie = 'elsewhere=1; Path=/pushed';
        history.pushState({}, '', '/pushed/page');
        return { pathname: location.pathname, cookie: document.cookie, loaded: performance.getEntriesByType('navigation')[0]?.name };
      });
      assert.deepEqual(seen, { pathname: '/pushed/page', cookie: 'there=1', loaded: `${site.origin}/loaded/page` });
    });

    it('goes back and forward to pages that have waited in the bfcache', async () => {
      await tab.evaluate(() => document.body.append('mark'));
      await tab.goto(`${site.origin}/second`);
      await tab.back();
      assert.deepEqual(await tab.waitFor(() => shows.length === 2 && shows), [false, true]);
      assert.match(await tab.evaluate(() => location.pathname + document.body.innerText), /^\/.*mark$/s);
      await tab.forward();
      assert.deepEqual(await tab.waitFor(() => shows.length === 2 && shows), [false, true]);
      assert.equal(await tab.evaluate(() => location.pathname), '/second');

      // What puppeteer waits for in Firefox has gone by then: see `arrive`.
      await tab.back();
      await tab.reload();
      assert.deepEqual(await tab.evaluate(() => shows), [false]);
      await tab.forward();
      await tab.goto(`${site.origin}/third`);
      assert.equal(await tab.evaluate(() => location.pathname), '/third');
      await tab.reload();
      assert.deepEqual(await tab.evaluate(() => shows), [false]);
    });

    it('evaluates in frames: sandboxed, of another site, and inside of others', async () => {
      await tab.goto(`${site.origin}/frames`);
      const inside = () => [origin, location.pathname];
      assert.deepEqual(await tab.evaluateInFrame('/sandboxed', inside), ['null', '/sandboxed']);
      assert.deepEqual(await tab.evaluateInFrame('/foreign', inside), [site.otherOrigin, '/foreign']);
      const late = async (ms: number) => {
        await new Promise((done) => setTimeout(done, ms));
        return location.pathname;
      };
      assert.equal(await tab.evaluateInFrame('/nested', late, 200), '/nested');
      assert.equal(await tab.evaluate(() => location.pathname), '/frames');
    });

    it('trusts a name under localhost with all that wants a secure context', async () => {
      const found = await tab.evaluate(async () => {
        const database = indexedDB.open('known');
        await new Promise((done) => database.addEventListener('success', done));
        const scope = await navigator.serviceWorker.register('/sw.js').then(({ scope }) => scope);
        const worker = await navigator.serviceWorker.ready.then(({ active }) => active?.scriptURL);
        return {
          isSecureContext,
          serviceWorker: [scope, worker],
          caches: await caches.has('none'),
          locks: await navigator.locks.request('lock', (lock) => lock?.name),
          databases: (await indexedDB.databases()).map(({ name }) => name),
          digest: (await crypto.subtle.digest('SHA-256', new Uint8Array())).byteLength,
          wasm: WebAssembly.validate(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)),
        };
      });
      assert.deepEqual(found, {
        isSecureContext: true,
        serviceWorker: [`${site.origin}/`, `${site.origin}/sw.js`],
        caches: false,
        locks: 'lock',
        databases: ['known'],
        digest: 32,
        wasm: true,
      });
    });
  });
}
