import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

import { page, peer, setUp } from './browser.ts';

const DOWN = { status: 503, body: { code: 'store_unavailable' } };

setUp();

beforeEach(async () => {
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

test('a subscriber that fails stops nobody', async () => {
  const seen = await page.evaluate(async () => {
    const { createLogout } = await import('quash/svelte');
    const { subscribe, logout } = createLogout();
    const seen: string[] = [];
    const errors: string[] = [];
    addEventListener('error', ({ message }) => errors.push(message));
    subscribe(({ state }) => {
      if (state === 'busy') throw new Error('no such element');
    });
    subscribe(({ state }) => seen.push(state));
    await logout();
    await logout();
    return [seen, errors.length];
  });
  assert.deepEqual(seen, [['idle', 'busy', 'done', 'busy', 'done'], 2]);
});

test('a second try is queued as the first was', async () => {
  await page.evaluate(async () => {
    localStorage.setItem('quash:handle', JSON.stringify({ handle: 'h', endpoint: '/auth/logout', expiresAt: Date.now() + 900_000 }));
    const { createLogout } = await import('quash/svelte');
    const { forgetOnLogout } = await import('quash');
    let isBroken = true;
    forgetOnLogout('cache', () => {
      if (isBroken) throw new Error('busy');
    });
    const store = createLogout();
    Object.assign(window, { store, mend: () => (isBroken = false) });
  });
  peer.reset({ answer: DOWN });
  const outcomes = await page.evaluate(async () => {
    const store = Reflect.get(window, 'store') as import('../src/svelte.ts').LogoutStore;
    const first = [(await store.logout()).outcome, store.current().state];
    Reflect.get(window, 'mend')();
    return [...first, (await store.logout()).outcome, store.current().state];
  });
  assert.deepEqual(outcomes, ['queued', 'failed', 'queued', 'queued']);
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
    Object.assign(window, { store: createLogout({ offline: true, token: { localStorage: 'token' } }) });
  });
  assert.equal(handles(), 0);
  await page.evaluate(async () => {
    const { subscribe, prepare } = Reflect.get(window, 'store') as import('../src/svelte.ts').LogoutStore;
    const stops = [subscribe(() => {}), subscribe(() => {})];
    const isKept = async (handle: string) => {
      while (!localStorage.getItem('quash:handle')?.includes(handle)) await new Promise((later) => setTimeout(later, 20));
    };
    await isKept('handle-1');
    // After a login.
    prepare();
    await isKept('handle-2');
    for (const stop of stops) stop();
    prepare();
    await new Promise((later) => setTimeout(later, 200));
  });
  assert.equal(handles(), 2);
});
