/**
 * A browser as the tests need it: what all three engines can do from outside a page. Scenarios are written against this.
 *
 * Where they differ, as seen with Debian 12's packages in November 2026; what `engines.test.ts` holds them to has a `·`:
 *
 *                                     Chromium 156          Firefox ESR 153       WebKitGTK 2.50.6
 *   a profile is                      a browser context     a user context        a driver with a browser
 *   visible                        ·  a tab per profile     one tab of all        a tab per profile
 *   timers of a hidden tab            as in a visible one   once a second         four times a second
 *   bfcache                        ·  yes                   yes; see arrive.ts    yes
 *     of a page with `no-store`       no                    no                    no
 *     of a page that holds a lock     yes                   no                    yes
 *   cookies from outside           ·  all                   all                   those of the pages that are open
 *   a cookie from outside is       ·  for its host          for its host          also for hosts below
 *   `Secure` cookies from http     ·  kept                  kept                  refused; kept from https
 *   `Partitioned`                  ·  kept, and told        kept, not told        kept on top as if it were not there
 *   cookies in a foreign frame        partitioned ones      all, partitioned      none
 *   CookieStore writes on http     ·  yes                   yes                   resolve, and change nothing
 *     tells path and domain        ·  yes                   no                    no
 *   `storage.getDirectory`            yes                   yes                   no
 *   `eval` under a CSP, in evaluate   works                 works                 refused, as the page's own
 *   an evaluation whose page leaves   an error at once      an error in the end   an error at once
 *   offline                           puppeteer can         puppeteer can         no; a server can hang up
 *
 * All have service workers, the Cache API, Web Locks, `indexedDB.databases`, BroadcastChannel, WebCrypto and wasm, take names
 * under `localhost` for loopback without a resolver, and trust them over http. A page's cookies stay those of the path that it
 * was loaded from, whatever `history.pushState` makes of its address ·
 */

export type EngineName = 'chromium' | 'firefox' | 'webkit';

export interface Engine {
  readonly name: EngineName;
  readonly version: string;
  newProfile(): Promise<Profile>;
  close(): Promise<void>;
}

/** Cookies and storage of its own, which go with it. */
export interface Profile {
  /** The new tab is in front, and the profile's others are hidden; in Firefox those of all profiles. */
  open(url: string): Promise<Tab>;
  /** As the browser has them, HttpOnly ones too. WebKit tells only those that belong to the pages that are open. */
  cookies(): Promise<Cookie[]>;
  /** For one host; in WebKit also for the hosts below it. */
  setCookie(cookie: NewCookie): Promise<void>;
  close(): Promise<void>;
}

export interface Cookie {
  readonly name: string;
  readonly value: string;
  /** With a dot in front when the hosts below it get the cookie too. */
  readonly domain: string;
  readonly path: string;
  readonly httpOnly: boolean;
  readonly secure: boolean;
  /** Known of Chromium's only. */
  readonly partitioned?: boolean;
}

export interface NewCookie {
  readonly name: string;
  readonly value: string;
  readonly domain: string;
  /** `/` when absent. */
  readonly path?: string;
  readonly httpOnly?: boolean;
  readonly secure?: boolean;
}

/** A function that runs in the page: it sees its arguments, and nothing of the file that it stands in. */
export type InPage<A extends readonly unknown[], T> = (...args: A) => T;

export interface Tab {
  /** Resolves when the page has loaded, as the others that navigate do. */
  goto(url: string): Promise<void>;
  reload(): Promise<void>;
  /** To another document. */
  back(): Promise<void>;
  forward(): Promise<void>;
  close(): Promise<void>;
  /** Shows it, and hides the profile's others. */
  bringToFront(): Promise<void>;
  /** What the function returns or resolves with. Arguments and results are JSON; what it throws is an `Error` here. */
  evaluate<A extends readonly unknown[], T>(fn: InPage<A, T>, ...args: A): Promise<Awaited<T>>;
  /** The same in the frame whose URL ends so. */
  evaluateInFrame<A extends readonly unknown[], T>(url: string, fn: InPage<A, T>, ...args: A): Promise<Awaited<T>>;
  /** Asks until the answer is true, and returns it; across navigations, too. */
  waitFor<A extends readonly unknown[], T>(fn: InPage<A, T>, ...args: A): Promise<Awaited<T>>;
  /** What a person does: with the tab in front, and as soon as there is something to click. */
  click(selector: string): Promise<void>;
  /** A PNG of what is visible. */
  screenshot(file: string): Promise<void>;
}
