import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { LogoutOptions, LogoutReport } from '../src/index.ts';
import { type Page, cookies, open, page, peer, setUp } from './browser.ts';
import { REVOKED } from './peer.ts';

setUp('/account/settings/page');

function logout(page: Pick<Page, 'evaluate'>, options: LogoutOptions = {}): Promise<LogoutReport> {
  return page.evaluate(async (options) => (await import('quash')).logout(options), options);
}

function wiped({ effects }: LogoutReport): string[] {
  return effects.map(({ target, name, outcome, reason, count }) =>
    [target, name, outcome, reason, count].filter(Boolean).join(' '),
  );
}

/** What cannot be fetched, and what then decides. */
const ENGINES = [
  [undefined, 'wasm'],
  ['wasm', 'wasm2js'],
  ['rest', 'none'],
] as const;

const TABS_TOLD = ['tabs quash done', 'tabs quash:epoch done'];

test('tells the edge with a request that needs no preflight, and wipes what was named', async () => {
  await page.evaluate(() => {
    document.cookie = 'token=aaa.bbb.ccc; Path=/';
    document.cookie = 'theme=dark; Path=/';
    for (const storage of [localStorage, sessionStorage]) {
      storage.setItem('token', 'a/b+c=&ü');
      storage.setItem('theme', 'dark');
    }
  });
  const report = await logout(page, {
    cookies: ['token', 'missing'],
    localStorage: ['token', 'missing'],
    sessionStorage: 'everything',
    token: { localStorage: 'token' },
    scope: 'session',
  });

  assert.equal(report.engine, 'wasm');
  assert.equal(report.outcome, 'confirmed');
  assert.deepEqual(report.edge, { status: 200, outcome: 'revoked', revokedAt: 1763900000123 });
  assert.deepEqual(wiped(report), [
    'localStorage token done 1',
    'localStorage missing skipped not_found',
    'sessionStorage * done 2',
    'cookies token done 1',
    'cookies missing skipped not_found',
    ...TABS_TOLD,
  ]);
  assert.ok(report.durationMs > 0);

  assert.equal(peer.received.length, 1);
  const [request] = peer.received;
  assert.equal(request?.method, 'POST');
  assert.match(request?.contentType ?? '', /^application\/x-www-form-urlencoded/);
  assert.deepEqual([...new URLSearchParams(request?.body)], [['token', 'a/b+c=&ü'], ['scope', 'session']]);
  // That of the token may have gone before the request: hence a token that scripts can read is named.
  assert.match(request?.cookie ?? '', /theme=dark/);

  assert.deepEqual(await cookies(), ['theme / app.quash.localhost']);
  const left = await page.evaluate(() => [Object.keys(localStorage).sort(), Object.keys(sessionStorage)]);
  assert.deepEqual(left, [['quash:epoch', 'theme'], []]);
});

test('the request outlives the page and carries its cookies', async () => {
  for (const [without, expected] of ENGINES) {
    peer.reset({ without });
    const page = await open('/');
    await page.evaluate(() => {
      const { fetch } = window;
      window.fetch = (input, init) => {
        const { method, keepalive, credentials } = new Request(input, init);
        if (method === 'POST') Object.assign(window, { sent: { keepalive, credentials } });
        return fetch(input, init);
      };
    });
    const { engine } = await logout(page);
    assert.equal(engine, expected);
    const sent = await page.evaluate(() => Reflect.get(window, 'sent'));
    assert.deepEqual(sent, { keepalive: true, credentials: 'include' });
  }
});

test('where a request dies with its page, a beacon follows', async () => {
  // While the edge has not answered; after it has, or was given up, the cookies may be of another login.
  for (const [answer, isOver] of [['hang', false], ['hang', true], [REVOKED, true]] as const) {
    peer.reset({ answer });
    const page = await open('/');
    await page.evaluate(async (isOver) => {
      Reflect.deleteProperty(Request.prototype, 'keepalive');
      document.cookie = 'session=1; Path=/';
      const { logout, preload } = await import('quash');
      await preload();
      const report = logout({ token: 'a.b.c', scope: 'session', timeout: isOver ? 300 : 60_000 });
      if (isOver) await report;
    }, isOver);
    await page.goto(`${peer.origin}/elsewhere`);
    // The answer to this comes after whatever the page has sent.
    await page.evaluate(() => fetch('/'));
    const told = peer.received.map(({ body, cookie }) => [body, cookie]);
    const once = ['token=a.b.c&scope=session', 'session=1'];
    assert.deepEqual(told, isOver ? [once] : [once, once]);
  }
});

test('asks with an empty form when the cookies say everything', async () => {
  await logout(page);
  assert.deepEqual(peer.received.map(({ body, contentType }) => [body, contentType]), [['', 'application/x-www-form-urlencoded;charset=UTF-8']]);
});

test('deletes a cookie whatever its path, domain and partition', async () => {
  await page.evaluate(() => {
    for (const attributes of [
      'Path=/',
      'Path=/account',
      'Path=/account/settings/',
      'Path=/account/settings/page',
      'Path=/; Domain=app.quash.localhost',
      'Path=/; Domain=quash.localhost',
      'Path=/; Secure; SameSite=None; Partitioned',
    ]) {
      document.cookie = `token=1; ${attributes}`;
    }
    document.cookie = '__Host-token=1; Path=/; Secure';
    document.cookie = '__Secure-token=1; Path=/account; Domain=quash.localhost; Secure';
    document.cookie = 'nameless';
    // Browsers may set them later; but whoever reads then waits for that.
    return document.cookie;
  });
  assert.equal((await cookies()).length, 10);

  const report = await logout(page, { cookies: 'everything' });
  assert.deepEqual(await cookies(), []);
  assert.deepEqual(wiped(report), ['cookies * done 10', ...TABS_TOLD]);
});

test('says what it could not do: HttpOnly, impossible names', async () => {
  await page.browserContext().setCookie({ name: 'session', value: '1', domain: 'app.quash.localhost', path: '/', httpOnly: true });
  const report = await logout(page, { cookies: ['session', 'a;b'] });
  assert.deepEqual(wiped(report), [
    'cookies session skipped not_found',
    'cookies a;b skipped not_found',
    ...TABS_TOLD,
  ]);
  assert.deepEqual(await cookies(), ['session / app.quash.localhost']);
  assert.match(peer.received[0]?.cookie ?? '', /session=1/);
});

const refused = { outcome: 'refused', tokens: [{ outcome: 'revoked' }, { outcome: 'refused', code: 'signature_invalid' }] };
const unavailable = { error: 'temporarily_unavailable', code: 'store_unavailable', message: '…' };
for (const [body, status, outcome, edge] of [
  [REVOKED.body, 200, 'confirmed', { outcome: 'revoked', revokedAt: 1763900000123 }],
  [{ outcome: 'no_token', tokens: [] }, 200, 'local-only', { outcome: 'no_token' }],
  [refused, 200, 'local-only', { outcome: 'refused', code: 'signature_invalid' }],
  [unavailable, 503, 'local-only', { code: 'store_unavailable' }],
  [{ code: 'cross_site_refused' }, 403, 'local-only', { code: 'cross_site_refused' }],
  [REVOKED.body, 202, 'local-only', { reason: 'not_understood' }],
  ['<h1>A captive portal</h1>', 200, 'local-only', { reason: 'not_understood' }],
  [null, 200, 'local-only', { reason: 'not_understood' }],
] as const) {
  for (const [without, engine] of ENGINES) {
    test(`${engine}: ${status} ${JSON.stringify(body).slice(0, 40)} is ${outcome}`, async () => {
      peer.reset({ answer: { status, body }, without });
      const report = await logout(page, { token: 'a.b.c' });
      assert.equal(report.engine, engine);
      assert.equal(report.outcome, outcome);
      // Alone, the few lines know no more than that.
      assert.deepEqual(report.edge, engine === 'none' ? { status } : { status, ...edge });
    });
  }
}

for (const [without, engine] of ENGINES) {
  test(`${engine}: wipes although the edge cannot be reached`, async () => {
    peer.reset({ answer: 'cut', without });
    await page.evaluate(() => localStorage.setItem('token', '1'));
    const report = await logout(page, { localStorage: ['token'] });
    assert.deepEqual([report.outcome, report.edge], ['local-only', { status: 0, reason: 'network' }]);
    assert.equal(await page.evaluate(() => localStorage.getItem('token')), null);
  });

  test(`${engine}: stops waiting for an edge that does not answer`, async () => {
    peer.reset({ answer: 'hang', without });
    const report = await logout(page, { timeout: 300 });
    assert.deepEqual(report.edge, { status: 0, reason: 'timeout' });
    assert.ok(report.durationMs < 2500, `${report.durationMs} ms`);
  });

  test(`${engine}: a sandboxed frame is denied everything and still tells the edge`, async () => {
    peer.reset({ without });
    const frames = await open('/frame');
    const frame = frames.frames().find((frame) => frame.url().endsWith('/framed'));
    assert.ok(frame);
    const report = await logout(frame, { cookies: 'everything', localStorage: ['a'], sessionStorage: 'everything' });
    assert.equal(report.outcome, 'confirmed');
    const tabs = ['tabs quash done', 'tabs quash:epoch failed denied'];
    assert.deepEqual(wiped(report).sort(), [
      'cookies * failed denied',
      'localStorage a failed denied',
      'sessionStorage * failed denied',
      ...(engine === 'none' ? [] : tabs),
    ]);
  });

  test(`${engine}: a page that broke its own browser still gets a report`, async () => {
    peer.reset({ without });
    await page.evaluate(() => {
      const refuse = () => {
        throw new Error('broken');
      };
      const { fetch } = window;
      // The module itself has to come from somewhere.
      window.fetch = (...request) => (String(request[0]).endsWith('.wasm') ? fetch(...request) : refuse());
      for (const name of ['localStorage', 'sessionStorage']) Object.defineProperty(window, name, { get: refuse });
      Object.defineProperty(Document.prototype, 'cookie', { get: refuse, set: refuse });
      Object.assign(window, { BroadcastChannel: undefined });
    });
    const report = await logout(page, { cookies: ['a'], localStorage: ['a'], sessionStorage: ['a'], token: { cookie: 'a' } });
    assert.equal(report.engine, engine);
    assert.deepEqual(report.edge, { status: 0, reason: 'network' });
    assert.ok(report.effects.length >= 3);
    assert.ok(report.effects.every(({ outcome, reason }) => outcome === 'failed' && reason === 'denied'));
  });
}

test('works without WebAssembly: the page forbids it', async () => {
  peer.reset({ csp: "script-src 'self' 'unsafe-inline'" });
  const page = await open('/');
  await page.evaluate(() => {
    document.cookie = 'token=1; Path=/';
    document.cookie = 'other=1; Path=/; Domain=app.quash.localhost';
    localStorage.setItem('token', '1');
  });
  const report = await logout(page, { cookies: 'everything', localStorage: 'everything', token: { cookie: 'token' } });
  assert.equal(report.engine, 'wasm2js');
  assert.equal(report.outcome, 'confirmed');
  assert.deepEqual(peer.received.map(({ body }) => body), ['token=1']);
  assert.deepEqual(wiped(report), ['localStorage * done 1', 'cookies * done 2', ...TABS_TOLD]);
  assert.deepEqual(await cookies(), []);
});

test('hands the token over although the next line of the application wipes it', async () => {
  const report = await page.evaluate(async () => {
    const { logout } = await import('quash');
    localStorage.setItem('token', 'a.b.c');
    const report = logout({ token: { localStorage: 'token' } });
    localStorage.clear();
    return report;
  });
  assert.equal(report.outcome, 'confirmed');
  assert.equal(peer.received[0]?.body, 'token=a.b.c');
});

test('another tab hears of each logout once, after its own session is wiped; this tab does not', async () => {
  const other = await open('/');
  const listen = async (page: Page) =>
    page.evaluate(async () => {
      const { onLogout } = await import('quash');
      sessionStorage.setItem('draft', '1');
      const heard: unknown[] = [];
      const stop = onLogout(({ effects }) => heard.push([effects, sessionStorage.length]), { sessionStorage: ['draft'] });
      Object.assign(window, { heard, stop });
    });
  const heard = (page: Page) => page.evaluate(() => Reflect.get(window, 'heard') as unknown[]);
  await listen(page);
  await listen(other);

  await logout(page, { localStorage: 'everything' });
  await other.waitForFunction(() => Reflect.get(window, 'heard').length > 0);
  await logout(page);
  await other.waitForFunction(() => Reflect.get(window, 'heard').length > 1);
  await new Promise((resolve) => setTimeout(resolve, 200));
  const effect = { target: 'sessionStorage', name: 'draft', outcome: 'done', count: 1 };
  const again = { target: 'sessionStorage', name: 'draft', outcome: 'skipped', reason: 'not_found' };
  assert.deepEqual(await heard(other), [[[effect], 0], [[again], 0]]);
  assert.deepEqual(await heard(page), []);

  await other.evaluate(() => Reflect.get(window, 'stop')());
  await logout(page);
  await new Promise((resolve) => setTimeout(resolve, 200));
  assert.equal((await heard(other)).length, 2);
});

for (const way of ['BroadcastChannel', 'storage'] as const) {
  test(`another tab hears by ${way} alone`, async () => {
    const other = await open('/');
    await other.evaluate(async (way) => {
      if (way === 'storage') Object.assign(window, { BroadcastChannel: undefined });
      else window.addEventListener('storage', (event) => event.stopImmediatePropagation());
      const { onLogout } = await import('quash');
      Object.assign(window, { heard: 0 });
      onLogout(() => Object.assign(window, { heard: Reflect.get(window, 'heard') + 1 }));
    }, way);
    await logout(page);
    await other.waitForFunction(() => Reflect.get(window, 'heard') === 1, { timeout: 2000 });
  });
}

test("keeps what is its own when the edge's answer clears the origin's storage", async () => {
  const waiting = { handle: 'of an earlier logout', endpoint: '/auth/logout', expiresAt: Date.now() + 900_000 };
  await page.evaluate((waiting) => {
    localStorage.setItem('quash:outbox:1', JSON.stringify(waiting));
    localStorage.setItem('token', 'a.b.c');
  }, waiting);
  await page.evaluate(async () => (await import('quash')).preload());
  peer.reset({ clear: '"cookies", "storage"' });
  assert.equal((await logout(page)).outcome, 'confirmed');
  const left = await page.evaluate(() => Object.keys(localStorage).sort());
  assert.deepEqual(left, ['quash:epoch', 'quash:outbox:1']);
});

for (const isLoaded of [false, true]) {
  test(`what only plain JavaScript can ask for is wiped ${isLoaded ? 'with' : 'before'} the rest`, async () => {
    const left = await page.evaluate(async (isLoaded) => {
      const { logout, preload } = await import('quash');
      if (isLoaded) await preload();
      for (const key of ['token', 'theme']) localStorage.setItem(key, '1');
      const report = await logout({ localStorage: 'token' as never, keep: 'theme' as never });
      return [report.effects.some(({ outcome }) => outcome === 'done'), ...Object.keys(localStorage).filter((key) => !key.startsWith('quash:'))];
    }, isLoaded);
    assert.deepEqual(left, [true, 'theme']);
  });
}

test('a handle that comes after the end of its preparation is not kept', async () => {
  const kept = await page.evaluate(async () => {
    const { prepareLogout } = await import('quash');
    prepareLogout({ token: 'old' })();
    await new Promise((later) => setTimeout(later, 500));
    return localStorage.getItem('quash:handle');
  });
  assert.deepEqual([kept, peer.minted()], [null, 1]);
});

test('an endpoint with no place for a handle is refused, and not asked', async () => {
  const thrown = await page.evaluate(async () => {
    const { prepareLogout } = await import('quash');
    try {
      prepareLogout({ endpoint: '/signout' });
      return undefined;
    } catch (error) {
      return String(error);
    }
  });
  assert.equal(thrown, 'TypeError: quash: /signout does not end in "logout"');
});

test('keeps the handle of the latest login', async () => {
  const kept = () =>
    page.evaluate(async () => {
      const { prepareLogout } = await import('quash');
      const before = localStorage.getItem('quash:handle');
      const stop = prepareLogout({ token: 'a.b.c' });
      while (localStorage.getItem('quash:handle') === before) await new Promise((later) => setTimeout(later, 10));
      stop();
      return JSON.parse(localStorage.getItem('quash:handle') ?? '').handle as string;
    });
  assert.deepEqual([await kept(), await kept()], ['handle-1', 'handle-2']);
});

test('asks for handles now and then, however short they live', async () => {
  peer.reset({ handleLife: 1000 });
  await page.evaluate(async () => void (await import('quash')).prepareLogout());
  await new Promise((later) => setTimeout(later, 500));
  assert.equal(peer.minted(), 1);
});

test('fetches the module when it is needed, and once', async () => {
  const wasm = () => peer.fetched.filter((path) => path.startsWith('/wasm/'));
  await page.evaluate(async () => void (await import('quash')).onLogout(() => {}));
  assert.deepEqual(wasm(), []);
  await logout(page);
  await logout(page);
  assert.deepEqual(wasm(), ['/wasm/quash_bg.js', '/wasm/quash_bg.wasm']);
});

test('a page that logs out often does not grow', async () => {
  const pages = await page.evaluate(async () => {
    const { logout } = await import('quash');
    const { instantiate } = WebAssembly;
    let memory: WebAssembly.Memory | undefined;
    WebAssembly.instantiate = (async (bytes: BufferSource) => {
      const started = await instantiate(bytes);
      memory = started.instance.exports['memory'] as WebAssembly.Memory;
      return started;
    }) as typeof instantiate;
    const localStorage = Array.from({ length: 100 }, (_, at) => `${at}`.repeat(100));
    const sizes: number[] = [];
    for (let times = 0; times < 100; times++) {
      await logout({ localStorage, cookies: ['a'] });
      sizes.push((memory?.buffer.byteLength ?? NaN) / 65536);
    }
    return sizes;
  });
  // The first may grow it.
  assert.equal(pages.at(-1), pages[1], pages.join(' '));
});

test('logs the user out elsewhere, and touches nothing here', async () => {
  await page.evaluate(() => localStorage.setItem('token', 'a.b.c'));
  const others = () => page.evaluate(async () => (await import('quash')).logoutOthers({ token: { localStorage: 'token' }, timeout: 500 }));
  assert.equal(await others(), true);
  assert.deepEqual(peer.received.map(({ body }) => body), ['token=a.b.c&scope=others']);
  for (const answer of ['cut', 'hang', { status: 503, body: {} }, { status: 200, body: { outcome: 'refused', tokens: [] } }] as const) {
    peer.reset({ answer });
    assert.equal(await others(), false);
  }
  assert.deepEqual(await page.evaluate(() => Object.entries({ ...localStorage })), [['token', 'a.b.c']]);
});
