/** The element for those who do not see it, and those who have no mouse: in each of its states, with its own button and another. */
import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';

import axe from 'axe-core';

import { page, peer, setUp } from './browser.ts';

setUp();

beforeEach(async () => {
  await page.evaluate(axe.source);
});

const OUTAGE = { status: 503, body: { code: 'store_unavailable' } };
const OWN = '<button>Abmelden</button>';

/** Puts the element into a page that is without fault otherwise. */
async function show(content: string, attributes = ''): Promise<void> {
  await page.evaluate(async (html) => {
    await import('quash/element');
    document.documentElement.lang = 'en';
    document.body.innerHTML = `<main><h1>Account</h1>${html}</main>`;
  }, `<quash-logout ${attributes}>${content}</quash-logout>`);
}

/** How the element gets into each of its states, with what the peer answers then. */
const STATES = {
  idle: async () => {},
  busy: () => logOut('hang'),
  done: () => logOut(undefined),
  queued: async () => {
    await page.waitForFunction(() => localStorage.getItem('quash:handle'));
    await logOut(OUTAGE);
  },
  failed: () => logOut(OUTAGE),
};

async function logOut(answer: NonNullable<Parameters<typeof peer.reset>[0]>['answer']): Promise<void> {
  peer.reset(answer && { answer });
  await page.evaluate(() => void document.querySelector('quash-logout')?.logout());
}

async function settle(state: string): Promise<void> {
  await page.waitForFunction((state) => document.querySelector('quash-logout')?.state === state, {}, state);
}

/** Every rule that axe has, experimental ones and those of level AAA included; what each found, and where. */
async function violations(): Promise<string[]> {
  return page.evaluate(async () => {
    const axe: typeof import('axe-core') = Reflect.get(window, 'axe');
    const { violations } = await axe.run({ runOnly: axe.getRules().map(({ ruleId }) => ruleId) });
    return violations.flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id}: ${target.flat().join(' >>> ')}`));
  });
}

for (const [whose, content] of [
  ['its own button', ''],
  ["the page's button", OWN],
] as const) {
  describe(`with ${whose}`, () => {
    for (const [state, reach] of Object.entries(STATES)) {
      test(`axe finds no fault while it is ${state}`, async () => {
        await show(content, state === 'queued' ? 'offline' : '');
        await reach();
        await settle(state);
        assert.deepEqual(await violations(), []);
      });
    }
  });
}

test('axe looks into the shadow root, and into what is in its slots', async () => {
  await show('');
  await page.$eval('quash-logout >>> [part=button]', (button) => button.replaceChildren());
  assert.match((await violations()).join('\n'), /^button-name: quash-logout >>> button.*$/);
  await show('<button id="own"></button>');
  assert.deepEqual(await violations(), ['button-name: #own']);
});

/** What has the focus, however deep in shadow roots: its part, its id, or what it is. */
function focused(): Promise<string> {
  return page.evaluate(() => {
    let element = document.activeElement;
    while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
    return element?.part.value || element?.id || element?.localName || '';
  });
}

describe('with the keyboard alone', () => {
  for (const [name, content] of [
    ['button', ''],
    ['own', '<button id="own">Abmelden</button>'],
  ] as const) {
    for (const key of ['Enter', 'Space'] as const) {
      test(`${key} on ${name} logs out, and the focus stays there`, async () => {
        await show(content);
        await page.keyboard.press('Tab');
        assert.equal(await focused(), name);
        await page.keyboard.press(key);
        await settle('done');
        assert.equal(peer.received.length, 1);
        assert.equal(await focused(), name);
      });
    }

    test(`after a failure the retry comes next to ${name}, and leaves the focus there when it is gone`, async () => {
      peer.reset({ answer: OUTAGE });
      await show(content);
      await page.keyboard.press('Tab');
      await page.keyboard.press('Enter');
      await settle('failed');
      assert.equal(await focused(), name);
      await page.keyboard.press('Tab');
      assert.equal(await focused(), 'retry');

      peer.reset();
      await page.keyboard.press('Enter');
      await settle('done');
      assert.equal(peer.received.length, 1);
      assert.equal(await focused(), name);
    });
  }

  test('there is no retry to come to before a failure', async () => {
    await show('');
    await page.evaluate(() => document.querySelector('main')?.insertAdjacentHTML('beforeend', '<a id="next" href="/">Next</a>'));
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    assert.equal(await focused(), 'next');
  });
});
