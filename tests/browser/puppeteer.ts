/** The engines that puppeteer drives: Chromium over CDP, Firefox over WebDriver BiDi. */
import type { Browser, BrowserContext, Frame, Page } from 'puppeteer-core';

import { arrive } from './arrive.ts';
import type { Cookie, Engine, EngineName, InPage, NewCookie, Profile, Tab } from './engine.ts';
import { limited, until } from './patience.ts';
import { expression, result } from './script.ts';

export async function engineOf(name: EngineName, browser: Browser): Promise<Engine> {
  const [, version = ''] = (await browser.version()).split('/');
  return {
    name,
    version,
    newProfile: async () => new PuppeteerProfile(await limited(`${name}: a profile`, browser.createBrowserContext())),
    close: async () => {
      try {
        await limited(`the end of ${name}`, browser.close());
      } finally {
        browser.process()?.kill('SIGKILL'); // When it has not ended by itself.
      }
    },
  };
}

class PuppeteerProfile implements Profile {
  readonly #context: BrowserContext;

  constructor(context: BrowserContext) {
    this.#context = context;
  }

  async open(url: string): Promise<Tab> {
    const tab = new PuppeteerTab(await limited('a new tab', this.#context.newPage()));
    await tab.goto(url);
    return tab;
  }

  async cookies(): Promise<Cookie[]> {
    const cookies = await limited('cookies', this.#context.cookies());
    // Firefox was seen to list one that the answer just before had expired. It is sent to nobody (RFC 6265 section 5.3).
    const alive = cookies.filter(({ expires = -1 }) => expires === -1 || expires * 1000 > Date.now());
    return alive.map(({ name, value, domain, path, httpOnly, secure, partitionKey }) => ({
      name,
      value,
      domain,
      path,
      httpOnly: httpOnly ?? false,
      secure,
      ...(partitionKey !== undefined && { partitioned: true }),
    }));
  }

  setCookie({ path = '/', ...cookie }: NewCookie): Promise<void> {
    return limited('a new cookie', this.#context.setCookie({ path, ...cookie }));
  }

  close(): Promise<void> {
    return limited('the end of a profile', this.#context.close());
  }
}

class PuppeteerTab implements Tab {
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
  }

  goto(url: string): Promise<void> {
    return arrive(url, this, () => this.#page.goto(url));
  }

  reload(): Promise<void> {
    return arrive('reload', this, () => this.#page.reload());
  }

  back(): Promise<void> {
    return arrive('back', this, () => this.#page.goBack());
  }

  forward(): Promise<void> {
    return arrive('forward', this, () => this.#page.goForward());
  }

  close(): Promise<void> {
    return limited('the end of a tab', this.#page.close());
  }

  bringToFront(): Promise<void> {
    return limited('bringToFront', this.#page.bringToFront());
  }

  evaluate<A extends readonly unknown[], T>(fn: InPage<A, T>, ...args: A): Promise<Awaited<T>> {
    return evaluate(this.#page.mainFrame(), fn, args);
  }

  async evaluateInFrame<A extends readonly unknown[], T>(url: string, fn: InPage<A, T>, ...args: A): Promise<Awaited<T>> {
    const find = async () => this.#page.frames().find((frame) => frame.url().endsWith(url));
    const frame = await until(`a frame with ${url}`, find);
    return evaluate(frame as Frame, fn, args);
  }

  waitFor<A extends readonly unknown[], T>(fn: InPage<A, T>, ...args: A): Promise<Awaited<T>> {
    return until(`${fn}`, () => this.evaluate(fn, ...args));
  }

  async click(selector: string): Promise<void> {
    await this.bringToFront();
    await this.#page.locator(selector).click();
  }

  async screenshot(file: string): Promise<void> {
    await limited('a screenshot', this.#page.screenshot({ path: file as `${string}.png` }));
  }
}

async function evaluate<A extends readonly unknown[], T>(frame: Frame, fn: InPage<A, T>, args: A): Promise<Awaited<T>> {
  return result<Awaited<T>>(await limited(`${fn}`, frame.evaluate(expression(fn, args)) as Promise<string>));
}
