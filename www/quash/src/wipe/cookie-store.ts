import { attempt } from '../attempt.js';
import { readCookies } from '../cookie.js';
import type { Effect } from '../report.js';

/** As far as browsers have it: https://cookiestore.spec.whatwg.org/ */
interface CookieStore {
  getAll(name: string): Promise<StoredCookie[]>;
  delete(cookie: StoredCookie): Promise<void>;
}

/** Chromium tells all of it, Firefox and WebKit the name. */
interface StoredCookie {
  readonly name: string;
  readonly path?: string;
  readonly domain?: string | null;
  readonly secure?: boolean;
  readonly partitioned?: boolean;
}

/**
 * Expires what was left. Where the browser tells a cookie's path, domain and partition, it need not be guessed: that reaches the
 * ones that are too deep to try.
 */
export function expireStubborn(effects: readonly Effect[]): Promise<Effect[]> {
  const { cookieStore } = globalThis as { cookieStore?: CookieStore };
  return Promise.all(
    effects.map(async (effect) => {
      if (effect.target !== 'cookies' || effect.reason !== 'remains' || !cookieStore) return effect;
      const expired = await attempt('cookies', effect.name, async () => {
        for (const cookie of await cookieStore.getAll(effect.name)) {
          await cookieStore.delete(cookie);
          if (cookie.path) document.cookie = expiry(cookie);
        }
        return !readCookies().some(([name]) => name === effect.name);
      });
      return expired.outcome === 'done' ? expired : effect;
    }),
  );
}

/** CookieStore ends every path in a slash. What lies on one without takes a write. */
function expiry({ name, path, domain, secure, partitioned }: StoredCookie): string {
  const attributes = [`Path=${path}`, domain && `Domain=${domain}`, secure && 'Secure; SameSite=None', partitioned && 'Partitioned'];
  return [`${name}=x; Max-Age=0`, ...attributes.filter(Boolean)].join('; ');
}
