import { readCookies } from './cookie.js';
import type { Engine } from './engine.js';
import type { WipeOptions } from './options.js';
import type { Effect } from './report.js';
import { label, selections } from './selector.js';

/** Wipes what can be wiped at once: Web Storage and the cookies that scripts can read. It is over when this returns. */
export function wipeHere(engine: Engine, options: WipeOptions): Effect[] {
  const storage = (target: 'localStorage' | 'sessionStorage') =>
    selections(options[target] ?? options.wipe, options).flatMap((selection) =>
      wipe(engine, target, selection, () => Object.entries(window[target]), (names) => {
        for (const name of names) window[target].removeItem(name);
      }),
    );
  const cookies = selections(options.cookies ?? options.wipe, options).flatMap((selection) =>
    wipe(engine, 'cookies', selection, readCookies, (names) => expire(engine, names)),
  );
  return [...storage('localStorage'), ...storage('sessionStorage'), ...cookies];
}

function wipe(
  engine: Engine,
  target: Effect['target'],
  selection: string,
  read: () => [name: string, value: string][],
  remove: (names: ReadonlySet<string>) => void,
): Effect[] {
  const name = label(selection);
  try {
    const before = read();
    const names = new Set(before.flatMap((item) => (engine.selects(selection, ...item) ? item[0] : [])));
    if (!names.size) return [{ target, name, outcome: 'skipped', reason: 'not_found' }];
    remove(names);
    const after = read();
    const left = new Set(after.flatMap(([name]) => (names.has(name) ? name : [])));
    const effects = [...left].map((name): Effect => ({ target, name, outcome: 'failed', reason: 'remains' }));
    const count = before.length - after.length;
    return count ? [{ target, name, outcome: 'done', count }, ...effects] : effects;
  } catch {
    return [{ target, name, outcome: 'failed', reason: 'denied' }];
  }
}

/**
 * The likeliest write for every cookie, then the next for those that are left: the first takes most, and reading the cookies is
 * what costs, a call to another process. A cookie is only gone when it can no longer be read; no write says so.
 */
function expire(engine: Engine, names: ReadonlySet<string>): void {
  const { hostname, pathname } = location;
  let left = [...names].map((name) => [name, engine.expiringWrites(name, hostname, pathname, isSecureContext).split('\n')] as const);
  for (let round = 0; left.length; round++) {
    left = left.filter(([, writes]) => writes[round]);
    for (const [, writes] of left) document.cookie = writes[round]!;
    const visible = new Set(readCookies().map(([name]) => name));
    left = left.filter(([name]) => visible.has(name));
  }
}
