import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

import type { WatchSessionOptions } from '../src/index.ts';
import { type Page, open, page, peer, setUp } from './browser.ts';

const REVOKED = { status: 401, body: { error: 'invalid_token', code: 'token_revoked' } };

setUp();

beforeEach(async () => {
  await page.evaluate(() => localStorage.setItem('token', 'a.b.c'));
});

/** What the tests leave in their pages. */
declare const session: { fetch: typeof fetch; touch(): void; stop(): void };
declare const ends: string[];
declare const notices: (number | undefined)[];
declare let now: number;

/** With a clock that stands until it is set; the timers are the browser's own. */
async function watch(page: Page, options: WatchSessionOptions = {}, hasClock = false): Promise<void> {
  await page.evaluate(
    async (options, hasClock) => {
      if (hasClock) {
        Object.assign(window, { now: 1_800_000_000_000 });
        Date.now = () => now;
      }
      const { watchSession } = await import('quash');
      const ends: string[] = [];
      const notices: unknown[] = [];
      const session = watchSession({
        token: { localStorage: 'token' },
        localStorage: ['token'],
        onEnd: ({ reason, report }) => ends.push(`${reason} ${report.outcome}`),
        onIdle: (endsAt) => notices.push(endsAt),
        ...options,
      });
      Object.assign(window, { session, ends, notices });
    },
    options,
    hasClock,
  );
}

const call = (page: Page, url = '/api') => page.evaluate(async (url) => (await session.fetch(url)).status, url);
const ended = (page: Page) => page.evaluate(() => ends);
const later = (ms = 600) => new Promise((resolve) => setTimeout(resolve, ms));

test('logs out when the edge says that the token is revoked, once', async () => {
  await watch(page, { scope: 'everywhere' });
  assert.equal(await call(page), 200);
  assert.deepEqual(await ended(page), []);

  peer.reset({ api: REVOKED });
  const statuses = await page.evaluate(async () => {
    const answers = await Promise.all([1, 2, 3].map(() => session.fetch('/api')));
    return Promise.all(answers.map(async (answer) => [answer.status, (await answer.json()).code]));
  });
  assert.deepEqual(statuses, Array(3).fill([401, 'token_revoked']));
  await page.waitForFunction(() => ends.length > 0);
  await later();
  assert.deepEqual(await ended(page), ['revoked confirmed']);
  assert.equal(await page.evaluate(() => localStorage.getItem('token')), null);
  // A revoked token has no power over others.
  assert.deepEqual(peer.received.map(({ body }) => body), ['token=a.b.c&scope=token']);
});

for (const [what, api] of [
  ['a token that has expired', { status: 401, body: { error: 'invalid_token', code: 'token_expired' } }],
  ['a 401 in other words', { status: 401, body: '<h1>token_revoked</h1>' }],
  ['a status that is none of ours', { status: 403, body: REVOKED.body }],
] as const) {
  test(`does not log out for ${what}`, async () => {
    await watch(page);
    peer.reset({ api });
    assert.equal(await call(page), api.status);
    await later();
    assert.deepEqual(await ended(page), []);
    assert.deepEqual(peer.received, []);
  });
}

test('believes its own edge and who is named, nobody else', async () => {
  await watch(page);
  peer.reset({ api: REVOKED });
  const other = peer.origin.replace('app.quash', 'other');
  assert.equal(await call(page, `${other}/api`), 401);
  await later();
  assert.deepEqual(await ended(page), []);

  await watch(page, { origins: [other] });
  assert.equal(await call(page, `${other}/api`), 401);
  await page.waitForFunction(() => ends.length > 0);
});

for (const [what, next] of [
  ['another token', () => localStorage.setItem('token', 'd.e.f')],
  ['a logout, though the token cannot be read', async () => void (await (await import('quash')).logout())],
] as const) {
  test(`an answer that comes after ${what} is of another login`, async () => {
    await page.evaluate(() => {
      const { fetch } = window;
      const late = new Promise<void>((resolve) => Object.assign(window, { answer: resolve }));
      window.fetch = (input, init) => {
        const answer = fetch(input, init);
        return input === '/api' ? late.then(() => answer) : answer;
      };
    });
    await watch(page, what.startsWith('a logout') ? { token: undefined } : {});
    // The edge's answer to a logout clears the storage that tells of it.
    peer.reset({ api: REVOKED, clear: '"cookies", "storage"' });
    await page.evaluate(() => void Object.assign(window, { asked: session.fetch('/api') }));
    await page.evaluate(next);
    assert.equal(
      await page.evaluate(async () => {
        Reflect.get(window, 'answer')();
        return ((await Reflect.get(window, 'asked')) as Response).status;
      }),
      401,
    );
    await later();
    assert.deepEqual(await ended(page), []);
  });
}

test('stops watching', async () => {
  await watch(page, { idleTimeout: 500 });
  await page.evaluate(() => session.stop());
  peer.reset({ api: REVOKED });
  assert.equal(await call(page), 401);
  await later(1000);
  assert.deepEqual(await ended(page), []);
});

test('logs out when the user does nothing, after saying so, and not before', async () => {
  await watch(page, { idleTimeout: 1200, idleNotice: 600, scope: 'session' });
  const started = await page.evaluate(() => Number(localStorage.getItem('quash:active')));
  await page.waitForFunction(() => notices.length > 0);
  const [noticed, endsAt] = await page.evaluate(() => [Date.now(), notices[0]] as const);
  assert.equal(endsAt, started + 1200);
  assert.ok(noticed >= started + 600);
  assert.deepEqual(await ended(page), []);
  await page.waitForFunction(() => ends.length > 0);
  assert.deepEqual(await ended(page), ['idle confirmed']);
  assert.ok((await page.evaluate(() => Date.now())) >= started + 1200);
  assert.deepEqual(await page.evaluate(() => notices.map((endsAt) => typeof endsAt)), ['number', 'undefined']);
  assert.deepEqual(peer.received.map(({ body }) => body), ['token=a.b.c&scope=session']);
});

for (const [what, act] of [
  ['moves the pointer', () => page.mouse.move(20, 20).then(() => page.mouse.move(60, 60))],
  ['presses a key', () => page.keyboard.press('a')],
  ['turns the wheel', () => page.mouse.wheel({ deltaY: 10 })],
  ['is said to be there', () => page.evaluate(() => session.touch())],
] as const) {
  test(`does not log out while the user ${what}`, async () => {
    await watch(page, { idleTimeout: 600_000 }, true);
    const before = await page.evaluate(() => localStorage.getItem('quash:active'));
    await page.evaluate(() => void (now += 599_000));
    await act();
    await page.waitForFunction((before) => localStorage.getItem('quash:active') !== before, {}, before);
    await page.evaluate(() => {
      now += 599_000;
      dispatchEvent(new Event('focus'));
    });
    await later();
    assert.deepEqual(await ended(page), []);
  });
}

test('what the user does in one tab counts in all', async () => {
  const other = await open('/');
  for (const tab of [page, other]) await watch(tab, { idleTimeout: 600_000 }, true);
  await other.evaluate(() => {
    now += 599_000;
    session.touch();
  });
  await page.evaluate(() => {
    now += 601_000;
    dispatchEvent(new Event('focus'));
  });
  await later();
  assert.deepEqual(await ended(page), []);
});

test('a computer that slept too long wakes up logged out, whoever touches it', async () => {
  await watch(page, { idleTimeout: 600_000 }, true);
  await page.evaluate(() => void (now += 600_000));
  await page.keyboard.press('a');
  await page.waitForFunction(() => ends.length > 0);
  assert.deepEqual(await ended(page), ['idle confirmed']);
});

test('every tab ends, seen or not', async () => {
  const other = await open('/');
  for (const tab of [page, other]) {
    await watch(tab, { idleTimeout: 600_000 }, true);
    await tab.evaluate(() => {
      now += 600_000;
      dispatchEvent(new Event('focus'));
    });
  }
  for (const tab of [page, other]) {
    await tab.waitForFunction(() => ends.length > 0, { polling: 50 });
    assert.deepEqual(await ended(tab), ['idle confirmed']);
  }
});

test('a tab that learns late of what the user did in another does not end the session', async () => {
  await watch(page, { idleTimeout: 600_000 }, true);
  await page.evaluate(() => {
    now += 600_000;
    dispatchEvent(new Event('focus'));
    localStorage.setItem('quash:active', String(now - 1000));
  });
  await later();
  assert.deepEqual(await ended(page), []);
});

test('watches again when the user is back', async () => {
  await watch(page, { idleTimeout: 600_000 }, true);
  const idle = () =>
    page.evaluate(() => {
      now += 600_000;
      dispatchEvent(new Event('focus'));
    });
  await idle();
  await page.waitForFunction(() => ends.length === 1);
  await idle();
  await later();
  assert.equal((await ended(page)).length, 1);
  await page.keyboard.press('a');
  await idle();
  await page.waitForFunction(() => ends.length === 2);
});

test('a clock that was ahead keeps nobody logged in', async () => {
  const DAY = 86_400_000;
  await watch(page, { idleTimeout: 600_000 }, true);
  await page.evaluate((day) => {
    now -= day;
    dispatchEvent(new Event('focus'));
    now += 600_000;
    dispatchEvent(new Event('focus'));
  }, DAY);
  await page.waitForFunction(() => ends.length > 0);
});

test('a tab that has ended sees a login in another, and ends again after that', async () => {
  await watch(page, { idleTimeout: 600_000 }, true);
  const look = () =>
    page.evaluate(() => {
      now += 600_000;
      dispatchEvent(new Event('focus'));
    });
  await look();
  await page.waitForFunction(() => ends.length === 1);
  await page.evaluate(() => {
    localStorage.setItem('quash:active', String(now));
    dispatchEvent(new Event('focus'));
  });
  await look();
  await page.waitForFunction(() => ends.length === 2);
});

test('what a page does with the notice may fail', async () => {
  await page.evaluate(async () => {
    const ends: string[] = [];
    const onIdle = () => {
      throw new Error('no dialog');
    };
    (await import('quash')).watchSession({ idleTimeout: 600, onIdle, onEnd: ({ reason }) => ends.push(reason) });
    Object.assign(window, { ends });
  });
  await page.waitForFunction(() => ends.length > 0);
});

test('who has stopped watching stays so, whatever calls', async () => {
  await watch(page, { idleTimeout: 500 });
  await page.evaluate(() => session.stop());
  await later();
  await page.evaluate(() => session.touch());
  await later(1200);
  assert.deepEqual(await ended(page), []);
});

test("may take the place of the page's own fetch", async () => {
  await watch(page);
  peer.reset({ api: REVOKED });
  await page.evaluate(() => void (window.fetch = session.fetch));
  assert.equal(await page.evaluate(async () => (await fetch('/api')).status), 401);
  await page.waitForFunction(() => ends.length > 0);
});

test('a request with a token of before says nothing of this one', async () => {
  await watch(page);
  peer.reset({ api: REVOKED });
  const call = (token: string) =>
    page.evaluate((token) => session.fetch('/api', { headers: { authorization: `Bearer ${token}` } }).then(() => {}), token);
  await call('old.old.old');
  await later();
  assert.deepEqual(await ended(page), []);
  await call('a.b.c');
  await page.waitForFunction(() => ends.length > 0);
});

test('watches without localStorage, too', async () => {
  await page.evaluate(() => {
    Object.defineProperty(window, 'localStorage', {
      get() {
        throw new Error('denied');
      },
    });
  });
  await watch(page, { idleTimeout: 300, token: 'a.b.c' });
  await page.waitForFunction(() => ends.length > 0);
  assert.deepEqual(peer.received.map(({ body }) => body), ['token=a.b.c']);
});
