import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

import type { LogoutReport } from '../src/index.ts';
import { type Page, open, page, peer, setUp } from './browser.ts';

setUp();

beforeEach(async () => {
  await page.evaluate(async () => {
    await navigator.serviceWorker.register('/worker.js', { type: 'module' });
    await navigator.serviceWorker.ready;
    const { preload, prepareLogout } = await import('quash');
    prepareLogout({ token: 'a.b.c' });
    while (!localStorage.getItem('quash:handle')) await new Promise((later) => setTimeout(later, 20));
    // It has looked into the page's outbox: the next look is not before the browser comes online.
    await preload();
    await navigator.locks.request('quash:outbox', () => {});
  });
});

const logout = (): Promise<LogoutReport> =>
  page.evaluate(async () => (await import('quash')).logout({ token: 'a.b.c', serviceWorker: true, wipe: 'everything' }));

/** The epochs of what the worker has yet to send. */
const kept = (page: Page) =>
  page.evaluate(
    () =>
      new Promise<string[]>((resolve, reject) => {
        const opening = indexedDB.open('quash:outbox');
        opening.onerror = reject;
        opening.onsuccess = () => {
          const { result } = opening;
          const asking = result.transaction('handles').objectStore('handles').getAllKeys();
          asking.onsuccess = () => {
            result.close();
            resolve(asking.result.map(String));
          };
        };
      }),
  );

async function until(what: () => Promise<boolean> | boolean): Promise<void> {
  for (let tries = 0; !(await what()); tries++) {
    assert.ok(tries < 300, `${what}: in vain`);
    await new Promise((later) => setTimeout(later, 50));
  }
}

test('forgets, and sends nothing that the page has sent', async () => {
  await page.evaluate(() => caches.open('of-the-worker'));
  const { outcome, effects } = await logout();
  assert.equal(outcome, 'confirmed');
  const told = effects.filter(({ target }) => target === 'serviceWorker');
  assert.deepEqual(told, [{ target: 'serviceWorker', name: '*', outcome: 'done', count: 1 }]);
  await until(async () => (await kept(page)).length === 0);
  // Longer than it would have waited with it.
  await new Promise((later) => setTimeout(later, 2500));
  assert.deepEqual(peer.received.map(({ body }) => body), ['token=a.b.c']);
});

test('tells the edge when the page has gone, without cookies', async () => {
  await page.evaluate(() => void (document.cookie = 'session=of-a-later-login; Path=/'));
  peer.reset({ answer: 'cut' });
  assert.equal((await logout()).outcome, 'queued');
  assert.equal((await kept(page)).length, 1);
  await page.close();
  await until(() => peer.received.some(({ body }) => body.startsWith('handle=')));
  peer.reset();
  await until(() => peer.received.length > 0);
  const [{ body, cookie } = assert.fail()] = peer.received;
  assert.deepEqual([body, cookie], ['handle=handle-1', undefined]);

  const other = await open('/other');
  await until(async () => (await kept(other)).length === 0);
});

test('asks the browser to be woken when it is online, and then sends', async () => {
  peer.reset({ answer: 'cut' });
  assert.equal((await logout()).outcome, 'queued');
  await until(() =>
    page.evaluate(async () => {
      const registration = await navigator.serviceWorker.ready;
      const { sync } = registration as unknown as { sync: { getTags(): Promise<string[]> } };
      return (await sync.getTags()).includes('quash:outbox');
    }),
  );

  const session = await page.createCDPSession();
  const registered = new Promise<string>((resolve) => {
    session.on('ServiceWorker.workerRegistrationUpdated', ({ registrations: [registration] }) => {
      if (registration) resolve(registration.registrationId);
    });
  });
  await session.send('ServiceWorker.enable');
  const registrationId = await registered;
  peer.reset();
  await session.send('ServiceWorker.dispatchSyncEvent', {
    origin: peer.origin,
    registrationId,
    tag: 'quash:outbox',
    lastChance: false,
  });
  await until(async () => (await kept(page)).length === 0);
  assert.ok(peer.received.every(({ body }) => body === 'handle=handle-1'));
  assert.notEqual(peer.received.length, 0);
});

test('drops a handle that is good for nothing any more', async () => {
  peer.reset({ answer: 'cut', handleLife: 0 });
  await page.evaluate(async () => {
    const { active } = await navigator.serviceWorker.ready;
    const queued = { handle: 'old', endpoint: '/auth/logout', expiresAt: Date.now() };
    const { port1, port2 } = new MessageChannel();
    active?.postMessage({ type: 'quash:logout', epoch: '1', queued }, [port2]);
    await new Promise((resolve) => (port1.onmessage = resolve));
  });
  await until(async () => (await kept(page)).length === 0);
  assert.deepEqual(peer.received, []);
});
