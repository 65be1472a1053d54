import { readCookies } from './cookie.js';
import type { WipeOptions } from './options.js';
import type { Effect } from './report.js';

/**
 * Wipes the obvious, in a few lines that need not be fetched: they run first where the rest is not loaded yet, and alone where
 * that cannot be had. They look for no tokens, and for cookies on `Path=/` only.
 */
export function wipeObvious(options: WipeOptions): Effect[] {
  const kept = ['quash:*', options.keep ?? []].flat();
  return (['localStorage', 'sessionStorage', 'cookies'] as const).flatMap((target) => {
    const isCookie = target === 'cookies';
    const names = () => (isCookie ? readCookies().map(([name]) => name) : Object.keys(window[target]));
    const selection = options[target] ?? options.wipe ?? [];
    const items = [selection === 'everything' ? '*' : selection === 'tokens' ? [] : selection].flat();
    return items.map((item): Effect => {
      try {
        const before = names();
        for (const name of before) {
          if (isNamed(name, [item]) && !isNamed(name, kept)) {
            if (isCookie) document.cookie = name + '=x; Max-Age=0; Path=/';
            else window[target].removeItem(name);
          }
        }
        const count = before.length - names().length;
        if (count) return { target, name: item, outcome: 'done', count };
        return { target, name: item, outcome: 'skipped', reason: 'not_found' };
      } catch {
        return { target, name: item, outcome: 'failed', reason: 'denied' };
      }
    });
  });
}

function isNamed(name: string, items: readonly string[]): boolean {
  return items.some((item) => item === name || (item.endsWith('*') && name.startsWith(item.slice(0, -1))));
}
