/** A logout as users and thieves see it: every scenario in every engine, against the real Worker. */
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';

import type { LogoutEvent, LogoutOptions, LogoutReport } from '../../www/quash/src/index.ts';
import { token as mint } from '../edge/tokens.ts';
import type { Engine, Profile, Tab } from './engine.ts';
import { ENGINES, ENGINE_NAMES } from './engines.ts';
import { Matrix } from './matrix.ts';
import { until } from './patience.ts';
import { DEEP_PAGE, type Stand, startStand } from './stand.ts';

/** What every engine did, for docs/browsers.md. */
const matrix = new Matrix();

/** What the scenarios leave in their pages. */
declare const heard: { visibility: string }[];

let stand: Stand;
/** The same over https. */
let secure: Stand;
/** The same, whose edge has the browser clear all that it keeps of the site, as it does unless told otherwise. */
let clearing: Stand;
before(async () => {
  stand = await startStand();
  secure = await startStand({ scheme: 'https' });
  clearing = await startStand({ clears: ['cookies', 'storage'] });
});
after(async () => {
  await Promise.all([stand?.stop(), secure?.stop(), clearing?.stop()]);
  await matrix.compare();
});

for (const name of ENGINE_NAMES) {
  describe(`a logout in ${name}`, () => {
    let engine: Engine;
    let profile: Profile;
    let tab: Tab;
    let token: string;

    before(async () => {
      engine = await ENGINES[name]();
    });
    after(() => engine?.close());

    beforeEach(async () => {
      profile = await engine.newProfile();
      tab = await profile.open(`${stand.origin}/page`);
      token = await mint();
      assert.equal(await stand.replay(token), 'let in');
    });
    afterEach(async () => {
      stand.network.mend();
      secure.network.mend();
      await stand.edge.fault(undefined);
      await profile?.close();
    });

    /** What it returns is a remark on how this engine differs. */
    const scenario = (what: string, play: () => Promise<string | void>) => {
      matrix.expect(what);
      it(what, async () => matrix.record(what, name, await play()));
    };

    const logout = (options: LogoutOptions, at = tab): Promise<LogoutReport> =>
      at.evaluate(async (options) => (await import('quash')).logout(options), options);

    scenario('wipes every place, and nothing comes back with a reload; a copy is refused', async () => {
      await tab.evaluate(async (token: string) => void (await fetch(`/login?token=${token}`)), token);
      await tab.evaluate(fill, token);
      assert.ok((await profile.cookies()).some(({ name, httpOnly }) => name === 'session' && httpOnly));
      const report = await logout({ wipe: 'everything', keep: ['theme'] });

      assert.equal(report.outcome, 'confirmed');
      assert.equal(report.engine, 'wasm');
      const failed = report.effects.filter(({ outcome }) => outcome !== 'done');
      assert.deepEqual(failed, []);
      for (const reload of [false, true]) {
        if (reload) await tab.reload();
        assert.deepEqual(await tab.evaluate(left), { cookies: '', local: ['quash:epoch', 'theme'], session: [], databases: [], caches: [] });
        assert.deepEqual(await profile.cookies(), []);
        assert.equal(await stand.replay(token), 'token_revoked');
      }
    });

    scenario('over https expires every kind of cookie, the HttpOnly one too, and none comes back', async () => {
      await tab.goto(`${secure.origin}${DEEP_PAGE}`);
      await tab.evaluate(async (token: string) => void (await fetch(`/login?token=${token}`)), token);
      await tab.evaluate((cookies) => cookies.forEach((cookie) => void (document.cookie = cookie)), KINDS);
      assert.deepEqual(await tab.evaluate(names), KINDS.map((cookie) => cookie.split('=')[0]).sort());
      const hidden = (await profile.cookies()).filter(({ httpOnly }) => httpOnly);
      assert.deepEqual(hidden.map(({ name, secure }) => [name, secure]), [['__Host-session', true]]);
      assert.equal(await secure.replay(token), 'let in');

      const report = await logout({ cookies: 'everything' });
      assert.equal(report.outcome, 'confirmed');
      const effects = report.effects.filter(({ target }) => target === 'cookies');
      assert.deepEqual(effects, [{ target: 'cookies', name: '*', outcome: 'done', count: KINDS.length }]);
      for (const reload of [false, true]) {
        if (reload) await tab.reload();
        assert.deepEqual(await profile.cookies(), []);
        assert.equal(await secure.replay(token), 'token_revoked');
      }
    });

    scenario('expires a cookie that lies deeper than is guessed, or says that it remains', async () => {
      await tab.goto(`${secure.origin}${DEEP_PAGE}`);
      const folder = DEEP_PAGE.replace('/page', '');
      await tab.evaluate((folder: string) => {
        for (const path of [folder, `${folder}/`]) document.cookie = `deep=1; Path=${path}`;
      }, folder);
      const isTold = await tab.evaluate(async () => 'path' in (await cookieStore.getAll('deep'))[0]!);
      const { effects } = await logout({ cookies: 'everything' });
      await tab.goto(`${secure.origin}${DEEP_PAGE}`);
      const isLeft = (await profile.cookies()).some(({ name }) => name === 'deep');
      const reported = effects.filter(({ target }) => target === 'cookies').map(({ outcome, reason }) => reason ?? outcome);
      assert.deepEqual(reported, [isLeft ? 'remains' : 'done']);
      assert.ok(!(isTold && isLeft));
      if (isLeft) return 'it remains';
    });

    scenario('expires a cookie of the path that the page was loaded from, wherever a router has gone since', async () => {
      await tab.goto(`${secure.origin}${DEEP_PAGE}`);
      await tab.evaluate(() => {
        document.cookie = 'deep=1; Path=/deep/2/';
        history.pushState({}, '', '/');
      });
      await logout({ cookies: 'everything' });
      await tab.goto(`${secure.origin}${DEEP_PAGE}`);
      assert.deepEqual(await profile.cookies(), []);
    });

    scenario('wipes by name and by prefix, and nothing else', async () => {
      await tab.evaluate(fill, token);
      await logout({
        localStorage: ['to*'],
        sessionStorage: ['draft', 'missing'],
        cookies: ['deep'],
        indexedDB: [{ database: 'app', stores: ['sessions'] }],
        caches: ['pages*'],
      });
      const { cookies, local, session, databases, caches } = await tab.evaluate(left);
      assert.deepEqual(local, ['quash:epoch', 'theme', 'user']);
      assert.deepEqual(session, ['tab']);
      assert.match(cookies, /token=/);
      assert.doesNotMatch(cookies, /deep=/);
      assert.deepEqual([databases, caches], [['app', 'other'], ['images']]);
      assert.deepEqual(await tab.evaluate(count, 'sessions'), 0);
      assert.deepEqual(await tab.evaluate(count, 'drafts'), 1);
    });

    scenario('finds tokens by their shape', async () => {
      await tab.evaluate(fill, token);
      const report = await logout({ wipe: 'tokens', token });
      assert.equal(report.outcome, 'confirmed');
      const { cookies, local, session, databases } = await tab.evaluate(left);
      assert.deepEqual([local, session], [['quash:epoch', 'theme'], ['draft']]);
      assert.equal(cookies, 'deep=1; wide=1');
      assert.deepEqual(databases, ['app', 'other']);
      assert.deepEqual([await tab.evaluate(count, 'sessions'), await tab.evaluate(count, 'drafts')], [0, 1]);
    });

    scenario('forgets what is held in memory', async () => {
      const forgotten = await tab.evaluate(async (token: string) => {
        const { forgetOnLogout, logout } = await import('quash');
        let held: string | undefined = token;
        const calls: string[] = [];
        forgetOnLogout('token', () => (held = undefined));
        forgetOnLogout('broken', () => Promise.reject(new Error('no')));
        forgetOnLogout('stopped', () => calls.push('stopped'))();
        const { effects } = await logout();
        return { held, calls, effects: effects.filter(({ target }) => target === 'memory') };
      }, token);
      assert.deepEqual(forgotten, {
        calls: [],
        effects: [
          { target: 'memory', name: 'token', outcome: 'done' },
          { target: 'memory', name: 'broken', outcome: 'failed', reason: 'denied' },
        ],
      });
    });

    scenario('has service workers forget, and waits until they have', async () => {
      await tab.evaluate(register, '/worker.js');
      await tab.evaluate(() => caches.open('of-the-worker').then(() => {}));
      const { effects } = await logout({ serviceWorker: true });
      const told = effects.filter(({ target }) => target === 'serviceWorker');
      assert.deepEqual(told, [{ target: 'serviceWorker', name: '*', outcome: 'done', count: 1 }]);
      assert.deepEqual(await tab.evaluate(async () => caches.keys()), []);
    });

    scenario('is heard in another tab, which wipes its own', async () => {
      const other = await profile.open(`${stand.origin}/page`);
      await other.evaluate(listen);
      await tab.bringToFront();
      await logout({});
      await other.waitFor(() => heard.length === 1);
      assert.equal(await other.evaluate(() => sessionStorage.length), 0);
    });

    scenario('reaches a page that was in the back/forward cache, before anybody sees it', async () => {
      await tab.evaluate(listen);
      await tab.goto(`${stand.origin}/elsewhere`);
      const other = await profile.open(`${stand.origin}/page`);
      await logout({}, other);
      await tab.bringToFront();
      await tab.back();
      await tab.waitFor(() => heard.length > 0);
      assert.deepEqual(await tab.evaluate(() => heard.map(({ visibility }) => visibility)), ['hidden']);
    });

    scenario('comes to an end when the edge can be reached again', async () => {
      await tab.evaluate(prepare, token);
      stand.network.cut();
      const report = await logout({ token, timeout: 2000 });
      assert.equal(report.outcome, 'queued');
      assert.equal(await stand.replay(token), 'let in');
      assert.doesNotMatch(await tab.evaluate(() => JSON.stringify(localStorage)), new RegExp(token.slice(0, 20)));

      stand.network.mend();
      await tab.evaluate(() => dispatchEvent(new Event('online')));
      await tab.waitFor(() => !Object.keys(localStorage).some((key) => key.startsWith('quash:outbox:')));
      assert.equal(await stand.replay(token), 'token_revoked');
    });

    scenario('is remembered, and one that waits is not forgotten, when the edge clears the whole site', async () => {
      await tab.goto(`${clearing.origin}/page`);
      await tab.evaluate(prepare, token);
      await clearing.edge.fault('write');
      assert.equal((await logout({ token })).outcome, 'queued');
      const other = await profile.open(`${clearing.origin}/page`);
      await tab.close(); // It would send what waits.
      await clearing.edge.fault(undefined);
      await other.evaluate(async () => (await import('quash')).preload());

      const next = await mint();
      assert.equal((await logout({ token: next }, other)).outcome, 'confirmed');
      const own = await other.evaluate(() => Object.keys(localStorage).map((key) => key.replace(/\d.*/, '')).sort());
      assert.deepEqual(own, ['quash:epoch', 'quash:outbox:']);
      await other.evaluate(async () => void (await import('quash')).prepareLogout());
      await other.waitFor(() => !Object.keys(localStorage).some((key) => key.startsWith('quash:outbox:')));
      for (const each of [token, next]) assert.equal(await clearing.replay(each), 'token_revoked');
    });

    scenario('comes to an end in a service worker when no page is open', async () => {
      await tab.evaluate(register, '/courier.js');
      await tab.evaluate(prepare, token);
      stand.network.cut();
      assert.equal((await logout({ token, serviceWorker: true, timeout: 2000 })).outcome, 'queued');
      await tab.close();
      stand.network.mend();
      await until('the end of the token', async () => (await stand.replay(token)) === 'token_revoked');
    });

    scenario('comes to an end with the next page when the store was down and the tab was closed', async () => {
      await tab.evaluate(prepare, token);
      await stand.edge.fault('write');
      const { outcome, edge } = await logout({ token });
      assert.deepEqual([outcome, edge.code], ['queued', 'store_unavailable']);
      const other = await profile.open(`${stand.origin}/page`);
      await tab.close();
      await stand.edge.fault(undefined);

      await other.evaluate(async () => void (await import('quash')).prepareLogout());
      await other.waitFor(() => !Object.keys(localStorage).some((key) => key.startsWith('quash:outbox:')));
      assert.equal(await stand.replay(token), 'token_revoked');
    });

    scenario('is over although the page leaves at once', async () => {
      await tab.evaluate(async (token: string) => {
        localStorage.setItem('token', token);
        const { logout } = await import('quash');
        const button = document.body.appendChild(document.createElement('button'));
        button.append('Log out');
        button.onclick = () => {
          void logout({ token: { localStorage: 'token' }, localStorage: ['token'] });
          location.href = '/elsewhere';
        };
      }, token);
      await tab.click('button');
      await tab.waitFor(() => document.title === 'Elsewhere');
      assert.equal(await tab.evaluate(() => localStorage.getItem('token')), null);
      await until('the revocation', async () => (await stand.replay(token)) === 'token_revoked');
    });

    scenario('is over although the tab is closed at once, before there is a connection to the edge', async () => {
      const other = await profile.open(`${secure.origin}/page`);
      await other.evaluate(listen);
      await tab.goto(`${secure.origin}/page`);
      await tab.evaluate(fill, token);
      await tab.evaluate(async (token: string) => {
        const { logout, preload } = await import('quash');
        await preload();
        const button = document.body.appendChild(document.createElement('button'));
        button.append('Log out');
        button.onclick = () => void logout({ wipe: 'everything', token });
      }, token);
      // TLS does not begin: what is sent is sent after the tab.
      secure.network.hold();
      await tab.click('button');
      await tab.close();
      assert.equal(await secure.replay(token), 'let in');
      secure.network.mend();

      await until('the revocation', async () => (await secure.replay(token)) === 'token_revoked');
      await other.waitFor(() => heard.length === 1);
      const { cookies, local, session } = await other.evaluate(left);
      assert.deepEqual({ cookies, local, session }, { cookies: '', local: ['quash:epoch'], session: [] });
    });

    scenario('runs as JavaScript where a policy forbids WebAssembly', async () => {
      await tab.goto(`${stand.origin}/strict`);
      await tab.evaluate(fill, token);
      const report = await tab.evaluate(async (token: string) => {
        const { logout } = (await import('/dist/index.js' as string)) as typeof import('../../www/quash/src/index.ts');
        return logout({ wipe: 'everything', token });
      }, token);
      assert.deepEqual([report.engine, report.outcome], ['wasm2js', 'confirmed']);
      assert.deepEqual(await tab.evaluate(left), { cookies: '', local: ['quash:epoch'], session: [], databases: [], caches: [] });
    });

    scenario('runs as JavaScript where there is no WebAssembly', async () => {
      await tab.evaluate(() => void Object.assign(window, { WebAssembly: undefined }));
      assert.equal((await logout({})).engine, 'wasm2js');
    });

    scenario('runs in a frame of another site', async () => {
      await tab.goto(stand.origin.replace('app.quash', 'other') + '/frames');
      const [report, left, cookie] = await tab.evaluateInFrame('?foreign', async (token: string) => {
        const { logout } = await import('quash');
        document.cookie = 'token=1; Path=/; Secure; SameSite=None';
        const cookie = document.cookie;
        localStorage.setItem('token', token);
        const report = await logout({ token, localStorage: ['token'], cookies: 'everything' });
        return [report, [document.cookie, localStorage.getItem('token')], cookie] as const;
      }, token);
      assert.equal(report.outcome, 'confirmed');
      assert.deepEqual(left, ['', null]);
      assert.equal(await stand.replay(token), 'token_revoked');
      if (cookie === '') return 'the frame has no cookies';
    });

    scenario('reports what a sandboxed frame is denied', async () => {
      await tab.goto(stand.origin.replace('app.quash', 'other') + '/frames');
      const { outcome, edge, effects } = await tab.evaluateInFrame('?sandboxed', async () => {
        const { logout } = await import('quash');
        return logout({ wipe: 'everything' });
      });
      assert.deepEqual([outcome, edge.status], ['local-only', 0]);
      const denied = new Set(effects.filter(({ reason }) => reason === 'denied').map(({ target }) => target));
      for (const target of ['cookies', 'localStorage', 'sessionStorage', 'indexedDB', 'caches'] as const) {
        assert.ok(denied.has(target), target);
      }
    });
  });
}

/** Of each kind that a script can write; the deepest lies as deep as is guessed. */
const KINDS = [
  'plain=1; Path=/',
  'secure=1; Path=/; Secure',
  'deep=1; Path=/deep/2/3/4/5/6/7/8; Secure; SameSite=Strict',
  'wide=1; Path=/deep/; Domain=quash.localhost; Secure',
  '__Host-app=1; Path=/; Secure',
  '__Secure-app=1; Path=/; Domain=quash.localhost; Secure',
  '__Host-part=1; Path=/; Secure; SameSite=None; Partitioned',
  'part=1; Path=/deep; Secure; SameSite=None; Partitioned',
];

function names(): string[] {
  return document.cookie.split('; ').map((cookie) => cookie.split('=')[0]!).sort();
}

async function fill(token: string): Promise<void> {
  document.cookie = `token=${token}; Path=/`;
  document.cookie = 'deep=1; Path=/';
  document.cookie = 'wide=1; Path=/; Domain=quash.localhost';
  localStorage.setItem('token', token);
  localStorage.setItem('user', JSON.stringify({ name: 'Ann', tokens: { access: token } }));
  localStorage.setItem('theme', 'dark');
  sessionStorage.setItem('tab', `Bearer ${token}`);
  sessionStorage.setItem('draft', 'version 1.2.3');
  await Promise.all(['pages-v1', 'images'].map((name) => caches.open(name)));
  for (const name of ['app', 'other']) {
    await new Promise<void>((resolve, reject) => {
      const request = indexedDB.open(name);
      request.onerror = reject;
      request.onupgradeneeded = () => {
        const { result } = request;
        result.createObjectStore('sessions', { autoIncrement: true }).add({ id: 1n, tokens: new Map([['access', token]]) });
        result.createObjectStore('drafts', { autoIncrement: true }).add({ text: 'Dear Ann' });
      };
      request.onsuccess = () => {
        request.result.close();
        resolve();
      };
    });
  }
}

async function register(worker: string): Promise<void> {
  await navigator.serviceWorker.register(worker);
  await navigator.serviceWorker.ready;
  if (navigator.serviceWorker.controller) return;
  await new Promise((claimed) => (navigator.serviceWorker.oncontrollerchange = claimed));
}

async function left() {
  const names = (storage: Storage) => Object.keys(storage).sort();
  return {
    cookies: document.cookie.split('; ').sort().join('; '),
    local: names(localStorage),
    session: names(sessionStorage),
    databases: (await indexedDB.databases()).map(({ name }) => name).sort(),
    caches: (await caches.keys()).sort(),
  };
}

function count(store: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open('app');
    request.onerror = reject;
    request.onsuccess = () => {
      const { result } = request;
      result.transaction(store).objectStore(store).count().onsuccess = ({ target }) => {
        resolve((target as IDBRequest<number>).result);
        result.close();
      };
    };
  });
}

async function listen(): Promise<void> {
  const { onLogout } = await import('quash');
  sessionStorage.setItem('draft', '1');
  const heard: unknown[] = [];
  onLogout(
    ({ reveal }: LogoutEvent) => {
      heard.push({ visibility: document.documentElement.style.visibility });
      setTimeout(reveal, 1000);
    },
    { sessionStorage: 'everything' },
  );
  Object.assign(window, { heard });
}

async function prepare(token: string): Promise<void> {
  const { prepareLogout, preload } = await import('quash');
  prepareLogout({ token });
  await preload();
  while (localStorage.getItem('quash:handle') === null) await new Promise((later) => setTimeout(later, 20));
}
