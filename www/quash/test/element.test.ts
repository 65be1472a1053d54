import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

import { cookies, page, peer, setUp } from './browser.ts';

setUp();

beforeEach(async () => {
  await page.evaluate(() => {
    document.cookie = 'token=1; Path=/';
    localStorage.setItem('token', 'a.b.c');
    sessionStorage.setItem('draft', '1');
  });
});

async function show(attributes: string, content = ''): Promise<void> {
  await page.evaluate(async (html) => {
    await import('quash/element');
    const events: unknown[] = [];
    Object.assign(window, { events });
    document.addEventListener('quash:logout', (event) => events.push(event.detail.outcome));
    document.body.innerHTML = html;
  }, `<quash-logout ${attributes}>${content}</quash-logout>`);
}

const click = (part = 'button') => page.click(`quash-logout >>> [part=${part}]`);
const settled = (state: string) => page.waitForSelector(`quash-logout[state=${state}]`);
const events = () => page.evaluate(() => Reflect.get(window, 'events') as unknown[]);

/** What a screen reader is told: the live region's name and words. (Where it is busy, a reader may say nothing.) */
async function announced(): Promise<string> {
  return page.$eval('quash-logout >>> [part=status]', (status) => {
    const slot = status.querySelector('slot');
    const words = slot?.assignedNodes({ flatten: true }).map((node) => node.textContent).join('');
    return `${status.getAttribute('role')}/${status.getAttribute('aria-live')}: ${words}`;
  });
}

test('logs out as its attributes say', async () => {
  await show('token="localStorage:token" scope="everywhere" cookies="token other" local-storage="token" session-storage="everything"');
  await click();
  await settled('done');
  assert.equal(await announced(), 'status/polite: Logged out.');
  assert.deepEqual(await events(), ['confirmed']);
  assert.deepEqual(peer.received.map(({ body }) => body), ['token=a.b.c&scope=everywhere']);
  assert.deepEqual(await cookies(), []);
  const left = await page.evaluate(() => [Object.keys(localStorage), sessionStorage.length]);
  assert.deepEqual(left, [['quash:epoch'], 0]);
});

test('wipes everything but what is to be kept', async () => {
  await page.evaluate(() => localStorage.setItem('theme', 'dark'));
  await show('wipe="everything" keep=" theme consent* "');
  await click();
  await settled('done');
  const left = await page.evaluate(() => [Object.keys(localStorage).sort(), sessionStorage.length, document.cookie]);
  assert.deepEqual(left, [['quash:epoch', 'theme'], 0, '']);
});

test('keeps a handle for the time when it is offline, and says so', async () => {
  await show('offline token="localStorage:token" local-storage="token"');
  await page.waitForFunction(() => localStorage.getItem('quash:handle'));
  peer.reset({ answer: { status: 503, body: { code: 'store_unavailable' } } });
  await click();
  await settled('queued');
  assert.equal(await announced(), 'status/polite: Logged out here. The rest follows when you are online.');
  const kept = await page.evaluate(() => Object.entries(localStorage).filter(([key]) => key.startsWith('quash:outbox:')));
  assert.equal(kept.length, 1);
  assert.match(kept[0]?.[1] ?? '', /"handle":"handle-1"/);

  peer.reset();
  await page.evaluate(() => dispatchEvent(new Event('online')));
  await page.waitForFunction(() => !Object.keys(localStorage).some((key) => key.startsWith('quash:outbox:')));
  assert.deepEqual(peer.received.map(({ body, cookie }) => [body, cookie]), [['handle=handle-1', undefined]]);
});

test('touches nothing that it is not told to', async () => {
  await show('endpoint="/auth/logout"');
  await click();
  await settled('done');
  const left = await page.evaluate(() => [localStorage.getItem('token'), sessionStorage.length, document.cookie]);
  assert.deepEqual(left, ['a.b.c', 1, 'token=1']);
});

test('takes the button of the page, and its words', async () => {
  await show('', '<button id="own">Abmelden</button><span slot="done">Abgemeldet.</span>');
  await page.click('#own');
  await settled('done');
  assert.equal(await announced(), 'status/polite: Abgemeldet.');
});

test('is busy once, however often it is clicked', async () => {
  peer.reset({ answer: 'hang' });
  await show('');
  await click();
  await settled('busy');
  assert.equal(await announced(), 'status/polite: Logging out…');
  await click();
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.equal(peer.received.length, 1);
});

test('its words stand apart from its buttons, and the retry is there only after a failure, whatever styles its parts have', async () => {
  peer.reset({ answer: { status: 503, body: { code: 'store_unavailable' } } });
  await page.addStyleTag({ content: 'quash-logout::part(retry) { display: inline-flex }' });
  await show('');
  /** Where each part that is seen begins and ends, in pixels. */
  const seen = () =>
    page.$eval('quash-logout', (element) =>
      [...(element.shadowRoot?.querySelectorAll('[part]') ?? [])]
        .map((part) => part.getBoundingClientRect())
        .filter(({ width }) => width > 0)
        .map(({ left, right }) => [left, right] as const),
    );
  assert.equal((await seen()).length, 1);
  await click();
  await settled('failed');
  const parts = await seen();
  assert.equal(parts.length, 3);
  parts.slice(1).forEach(([left], at) => assert.ok(left - parts[at]![1] >= 3, JSON.stringify(parts)));
});

test('offers a retry that still has the token', async () => {
  peer.reset({ answer: { status: 503, body: { code: 'store_unavailable' } } });
  await show('token="localStorage:token" local-storage="token" redirect="/bye"');
  const isRetryShown = async () => (await page.$('quash-logout >>> [part=retry]')) !== null;
  assert.equal(await isRetryShown(), false);
  await click();
  await settled('failed');
  assert.equal(await announced(), 'status/polite: The log-out could not be completed.');
  assert.equal(await page.evaluate(() => localStorage.getItem('token')), null);
  assert.ok(await isRetryShown());
  assert.equal(new URL(page.url()).pathname, '/');

  peer.reset();
  await Promise.all([page.waitForNavigation(), click('retry')]);
  assert.deepEqual(peer.received.map(({ body }) => body), ['token=a.b.c']);
  assert.equal(new URL(page.url()).pathname, '/bye');
});

for (const [name, redirect, script] of [
  ['a script', "javascript:document.title='run'", ''],
  ['what a listener prevented', '/bye', "addEventListener('quash:logout', (event) => event.preventDefault())"],
] as const) {
  test(`does not redirect to ${name}`, async () => {
    await show(`redirect="${redirect}"`);
    await page.evaluate(script);
    await click();
    await settled('done');
    await new Promise((resolve) => setTimeout(resolve, 200));
    assert.deepEqual([new URL(page.url()).pathname, await page.title()], ['/', 'Peer']);
  });
}

test('fetches the module on hover or focus, before the click', async () => {
  await show('');
  assert.ok(!peer.fetched.some((path) => path.endsWith('.wasm')));
  const fetched = page.waitForResponse((response) => response.url().endsWith('.wasm'));
  await page.keyboard.press('Tab');
  await fetched;
  assert.equal(peer.received.length, 0);
});

test('works under a strict Content-Security-Policy with Trusted Types', async () => {
  peer.reset({ csp: "script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval'; style-src 'none'; require-trusted-types-for 'script'" });
  await page.goto(peer.origin);
  await page.evaluate(async () => {
    await import('quash/element');
    document.body.append(document.createElement('quash-logout'));
  });
  await click();
  await settled('done');
  assert.equal(peer.received.length, 1);
});
