/** A session of WebKit's as a profile. */
import type { Cookie, NewCookie, Profile, Tab } from './engine.ts';
import type { Session } from './webkit-session.ts';
import { WebKitTab } from './webkit-tab.ts';

const SIZE = { x: 0, y: 0, width: 1280, height: 1024 };

export class WebKitProfile implements Profile {
  readonly #session: Session;
  readonly #handles = new Set<string>();
  #front: string | undefined;

  constructor(session: Session) {
    this.#session = session;
  }

  // The window that the session began with stays empty: with its last window a session ends.
  async open(url: string): Promise<Tab> {
    const handle = await this.#session.newWindow();
    this.#handles.add(handle);
    const tab = new WebKitTab(this.#session, handle, {
      show: () => this.#show(handle),
      forget: () => this.#forget(handle),
    });
    await tab.bringToFront();
    await tab.goto(url);
    return tab;
  }

  async cookies(): Promise<Cookie[]> {
    const all = new Map<string, Cookie>();
    for (const handle of this.#handles) {
      const cookies = await this.#session.inWindow('cookies', handle, (driver) => driver.manage().getCookies());
      for (const { name, value, domain = '', path = '/', httpOnly = false, secure = false } of cookies) {
        all.set(`${name} ${domain} ${path}`, { name, value, domain, path, httpOnly, secure });
      }
    }
    return [...all.values()];
  }

  async setCookie({ path = '/', ...cookie }: NewCookie): Promise<void> {
    const [handle = await this.#session.newWindow()] = this.#handles;
    await this.#session.inWindow('a new cookie', handle, (driver) => driver.manage().addCookie({ path, ...cookie }));
  }

  close(): Promise<void> {
    return this.#session.close();
  }

  /** Nobody manages the windows: all would be visible. */
  async #show(handle: string): Promise<void> {
    if (this.#front === handle) return;
    const behind = this.#front;
    this.#front = handle;
    if (behind) await this.#session.inWindow('minimize', behind, (driver) => driver.manage().window().minimize());
    await this.#session.inWindow('show', handle, (driver) => driver.manage().window().setRect(SIZE));
  }

  #forget(handle: string): void {
    this.#handles.delete(handle);
    if (this.#front === handle) this.#front = undefined;
  }
}
