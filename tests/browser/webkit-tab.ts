/** A window of WebKit's as a tab. */
import { writeFile } from 'node:fs/promises';
import { By } from 'selenium-webdriver';
import type { WebDriver } from 'selenium-webdriver';

import type { InPage, Tab } from './engine.ts';
import { until } from './patience.ts';
import { expression, result } from './script.ts';
import type { Session } from './webkit-session.ts';

export class WebKitTab implements Tab {
  readonly #session: Session;
  readonly #handle: string;
  readonly #profile: { readonly show: () => Promise<void>; readonly forget: () => void };

  constructor(session: Session, handle: string, profile: { show: () => Promise<void>; forget: () => void }) {
    this.#session = session;
    this.#handle = handle;
    this.#profile = profile;
  }

  async goto(url: string): Promise<void> {
    await this.#do(url, (driver) => driver.get(url));
    // An error has a page of its own, and to the driver it is as good as any.
    const [href, text] = await this.evaluate(() => [location.href, document.body?.innerText]);
    if (href === 'about:blank' && url !== href) throw new Error(`${url}: ${text}`);
  }

  reload(): Promise<void> {
    return this.#do('reload', (driver) => driver.navigate().refresh());
  }

  back(): Promise<void> {
    return this.#do('back', (driver) => driver.navigate().back());
  }

  forward(): Promise<void> {
    return this.#do('forward', (driver) => driver.navigate().forward());
  }

  async close(): Promise<void> {
    this.#profile.forget();
    await this.#do('the end of a tab', (driver) => driver.close());
  }

  bringToFront(): Promise<void> {
    return this.#profile.show();
  }

  evaluate<A extends readonly unknown[], T>(fn: InPage<A, T>, ...args: A): Promise<Awaited<T>> {
    return this.#evaluate((_, work) => work(), fn, args);
  }

  evaluateInFrame<A extends readonly unknown[], T>(url: string, fn: InPage<A, T>, ...args: A): Promise<Awaited<T>> {
    const enter = async <R>(driver: WebDriver, work: () => Promise<R>): Promise<R> => {
      try {
        await until(`a frame with ${url}`, () => enterFrame(driver, url));
        return await work();
      } finally {
        await driver.switchTo().defaultContent();
      }
    };
    return this.#evaluate(enter, fn, args);
  }

  waitFor<A extends readonly unknown[], T>(fn: InPage<A, T>, ...args: A): Promise<Awaited<T>> {
    return until(`${fn}`, () => this.evaluate(fn, ...args));
  }

  async click(selector: string): Promise<void> {
    await this.bringToFront();
    await this.waitFor((selector) => document.querySelector(selector) !== null, selector);
    await this.#do(`click on ${selector}`, (driver) => driver.findElement(By.css(selector)).click());
  }

  async screenshot(file: string): Promise<void> {
    const png = await this.#do('a screenshot', (driver) => driver.takeScreenshot());
    await writeFile(file, png, 'base64');
  }

  #do<T>(what: string, work: (driver: WebDriver) => Promise<T>): Promise<T> {
    return this.#session.inWindow(what, this.#handle, work);
  }

  /** Begins in one command and asks in others: else a page that waits for another tab would keep the driver from that tab. */
  async #evaluate<A extends readonly unknown[], T>(
    enter: <R>(driver: WebDriver, work: () => Promise<R>) => Promise<R>,
    fn: InPage<A, T>,
    args: A,
  ): Promise<Awaited<T>> {
    const run = (script: string) =>
      this.#do(`${fn}`, (driver) => enter(driver, () => driver.executeScript<string | null>(script)));
    const slot = `globalThis[Symbol.for('evaluation ${crypto.randomUUID()}')]`;
    const begun = await run(`
      const slot = ${slot} = {};
      ${expression(fn, args)}.then((json) => { slot.json = json; });
      // What resolves at once is worth a few microtasks: it saves a command.
      return (async () => { for (let i = 0; i < 9 && !slot.json; i++) await null; return slot.json ?? null; })();`);
    const ask = () => run(`const slot = ${slot}; return slot ? slot.json ?? null : '{"error":"the page has gone"}';`);
    const json = begun ?? (await until(`${fn}`, ask));
    return result<Awaited<T>>(json as string);
  }
}

/** Makes the frame the driver's current one, and says whether there is one. */
async function enterFrame(driver: WebDriver, url: string): Promise<boolean> {
  for (const frame of await driver.findElements(By.css('iframe'))) {
    await driver.switchTo().frame(frame);
    if ((await driver.executeScript<string>('return location.href')).endsWith(url)) return true;
    if (await enterFrame(driver, url)) return true;
    await driver.switchTo().parentFrame();
  }
  return false;
}
