import { attempt } from '../attempt.js';
import { readCookies } from '../cookie.js';
import type { Effect } from '../report.js';

/** As far as browsers have it: https://cookiestore.spec.whatwg.org/ */
interface CookieStore {
  getAll(name: string): Promise<{ name: string }[]>;
  delete(cookie: { name: string }): Promise<void>;
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
        for (const cookie of await cookieStore.getAll(effect.name)) await cookieStore.delete(cookie);
        return !readCookies().some(([name]) => name === effect.name);
      });
      return expired.outcome === 'done' ? expired : effect;
    }),
  );
}
