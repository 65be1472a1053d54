/** Whatever of a browser is denied, throws or hangs: a logout ends, and everything else is done. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import type { Browser } from 'puppeteer-core';

import type { LogoutReport } from '../src/index.ts';
import { launchChromium } from '../../../tests/browser/chromium.ts';
import { startPeer } from './peer.ts';

const SCHEDULES = 200;
const AT_ONCE = 8;
/** Loading may take 3 s, then an effect 1 s and the edge as long as it is given; the rest is for a busy machine. */
const LONGEST_MS = 15_000;

/** What may fail, and the places that are then out of reach. Nothing listed: nothing is. */
const CALLS = {
  'window.localStorage': ['localStorage', 'outbox'],
  'window.sessionStorage': ['sessionStorage'],
  'Storage.prototype.removeItem': ['localStorage', 'sessionStorage'],
  'Storage.prototype.setItem': [],
  'Storage.prototype.getItem': [],
  'Document.prototype.cookie': ['cookies'],
  'window.fetch': [],
  'window.Request': [],
  'window.addEventListener': [],
  'Navigator.prototype.sendBeacon': [],
  'window.BroadcastChannel': [],
  'window.WebAssembly': [],
  'WebAssembly.instantiate': [],
  'IDBFactory.prototype.databases': ['indexedDB'],
  'IDBFactory.prototype.open': ['indexedDB'],
  'IDBFactory.prototype.deleteDatabase': [],
  'IDBDatabase.prototype.transaction': ['indexedDB'],
  'IDBObjectStore.prototype.clear': ['indexedDB'],
  'CacheStorage.prototype.keys': ['caches'],
  'CacheStorage.prototype.delete': ['caches'],
  'ServiceWorkerContainer.prototype.getRegistrations': [],
  'ServiceWorker.prototype.postMessage': [],
  'LockManager.prototype.request': [],
  'CookieStore.prototype.getAll': [],
  'window.MessageChannel': [],
  'forget': ['memory'],
} as const satisfies Record<string, readonly string[]>;
const WAYS = ['missing', 'throws', 'rejects', 'hangs'] as const;

interface Fault {
  readonly call: keyof typeof CALLS;
  readonly way: (typeof WAYS)[number];
}

/** What only the page itself can see. */
interface Seen {
  readonly outcome: LogoutReport['outcome'];
  readonly forgotten: boolean;
  readonly session: readonly string[];
}

let peer: Awaited<ReturnType<typeof startPeer>>;
let browser: Browser;
before(async () => {
  [peer, browser] = await Promise.all([startPeer(), launchChromium()]);
});
after(async () => {
  await browser?.close();
  await peer?.stop();
});

const seed = Number(process.env['SEED'] ?? Date.now() % 1e6);

test(`${SCHEDULES} schedules of faults, from seed ${seed}`, async () => {
  const schedules = Array.from({ length: SCHEDULES }, (_, at) => schedule(seed + at));
  let next = 0;
  const work = async () => {
    for (let at = next++; at < SCHEDULES; at = next++) {
      await play(schedules[at]!).catch((error: Error) => {
        throw new Error(`SEED=${seed + at} (${JSON.stringify(schedules[at])}): ${error.message}`, { cause: error });
      });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
});

/** One to four faults, the same for the same seed (mulberry32). */
function schedule(seed: number): Fault[] {
  const random = (below: number) => {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
  const calls = Object.keys(CALLS) as Fault['call'][];
  return Array.from({ length: 1 + random(4) }, () => ({ call: calls[random(calls.length)]!, way: WAYS[random(WAYS.length)]! }));
}

async function play(faults: readonly Fault[]): Promise<void> {
  const context = await browser.createBrowserContext();
  try {
    const page = await context.newPage();
    await page.goto(`${peer.origin}/account`);
    await page.evaluate(fill);
    const started = Date.now();
    const report = await page.evaluate(logoutAmid, faults);
    assert.ok(Date.now() - started < LONGEST_MS, `${Date.now() - started} ms`);

    // By another page, where nothing is broken.
    const other = await context.newPage();
    await other.goto(`${peer.origin}/account`);
    const left = await other.evaluate(leftOver);
    const isOut = new Set(faults.flatMap(({ call }) => CALLS[call] as readonly string[]));
    for (const [place, items] of Object.entries(left)) {
      assert.ok(isOut.has(place) || items.length === 0, `${place}: ${items} is left`);
    }
    assert.ok(isOut.has('memory') || report.forgotten, 'memory has not forgotten');
    assert.deepEqual(isOut.has('sessionStorage') ? [] : report.session, [], 'sessionStorage');
    const isTold = !faults.some(({ call }) => call === 'window.fetch');
    assert.equal(report.outcome, isTold ? 'confirmed' : 'local-only');
  } finally {
    await context.close();
  }
}

async function fill(): Promise<void> {
  document.cookie = 'token=1; Path=/';
  localStorage.setItem('token', '1');
  sessionStorage.setItem('token', '1');
  await caches.open('token');
  await new Promise<void>((resolve) => {
    const request = indexedDB.open('token');
    request.onupgradeneeded = () => request.result.createObjectStore('tokens', { autoIncrement: true }).add('token');
    request.onsuccess = () => {
      request.result.close();
      resolve();
    };
  });
}

async function logoutAmid(faults: readonly Fault[]): Promise<Seen> {
  const { forgetOnLogout, logout } = await import('quash');
  const session = sessionStorage;
  let forgotten = false;
  let forget: () => unknown = () => (forgotten = true);
  const failing = (way: string) => {
    if (way === 'throws') throw new Error('broken');
    return way === 'rejects' ? Promise.reject(new Error('broken')) : new Promise(() => {});
  };
  // The outermost last: behind what is broken nothing can be reached.
  const inward = [...faults].sort((a, b) => Number(a.call.startsWith('window.')) - Number(b.call.startsWith('window.')));
  for (const { call, way } of inward) {
    const path = call.split('.');
    const name = path.pop()!;
    if (call === 'forget') {
      forget = way === 'missing' ? (undefined as never) : () => failing(way);
      continue;
    }
    const holder = path.slice(path[0] === 'window' ? 1 : 0).reduce<any>((object, name) => object?.[name], window);
    if (!holder) continue; // Missing already.
    // Of two faults of one call the first counts.
    if (!Reflect.getOwnPropertyDescriptor(holder, name)?.configurable) continue;
    if (way === 'missing') Object.defineProperty(holder, name, { value: undefined, configurable: false });
    else if (/Storage$|cookie$|^WebAssembly$/.test(name)) {
      // A getter cannot hang, and what it rejects with is its value.
      const broken = () => failing('throws');
      Object.defineProperty(holder, name, { get: broken, set: broken, configurable: false });
    } else {
      // What answers at once cannot hang.
      const broken = () => failing(name.endsWith('Item') ? 'throws' : way);
      Object.defineProperty(holder, name, { value: broken, configurable: false });
    }
  }
  forgetOnLogout('memory', () => forget());
  const report = await logout({ wipe: 'everything', serviceWorker: true, token: 'a.b.c', timeout: 4000 });
  return { outcome: report.outcome, forgotten, session: Object.keys(session) };
}

async function leftOver(): Promise<Record<string, string[]>> {
  const records = async (name: string) =>
    new Promise<number>((resolve) => {
      const request = indexedDB.open(name);
      request.onsuccess = () => {
        const { result } = request;
        const stores = [...result.objectStoreNames];
        if (stores.length === 0) return resolve(0);
        result.transaction(stores).objectStore(stores[0]!).count().onsuccess = ({ target }) => {
          resolve((target as IDBRequest<number>).result);
          result.close();
        };
      };
    });
  const databases = await Promise.all((await indexedDB.databases()).map(async ({ name = '' }) => [name, await records(name)] as const));
  return {
    localStorage: Object.keys(localStorage).filter((key) => !key.startsWith('quash:')),
    cookies: document.cookie.split('; ').filter(Boolean),
    indexedDB: databases.filter(([, count]) => count > 0).map(([name]) => name),
    caches: await caches.keys(),
  };
}
