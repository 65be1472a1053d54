import { readCookies } from './cookie.js';
import type { Engine } from './engine.js';
import type { WipeOptions } from './options.js';
import type { Effect } from './report.js';
import { label, selections } from './selector.js';

type Item = readonly [name: string, value: string];

/** Wipes what can be wiped at once: Web Storage and the cookies that scripts can read. It is over when this returns. */
export function wipeHere(engine: Engine, options: WipeOptions): Effect[] {
  const storage = (target: 'localStorage' | 'sessionStorage') =>
    selections(options[target] ?? options.wipe, options).flatMap((selection) =>
      wipe(engine, target, selection, () => readStorage(window[target], selection), (names) => {
        for (const name of names) window[target].removeItem(name);
        return readStorage(window[target], selection);
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
  read: () => readonly Item[],
  /** Gives back what can then be read. */
  remove: (names: ReadonlySet<string>) => readonly Item[],
): Effect[] {
  const name = label(selection);
  try {
    const items = read().filter((item) => engine.selects(selection, ...item));
    if (!items.length) return [{ target, name, outcome: 'skipped', reason: 'not_found' }];
    const names = new Set(items.map(([name]) => name));
    const left = remove(names).filter(([name]) => names.has(name));
    const effects = [...new Set(left.map(([name]) => name))].map(
      (name): Effect => ({ target, name, outcome: 'failed', reason: 'remains' }),
    );
    const count = items.length - left.length;
    return count ? [{ target, name, outcome: 'done', count }, ...effects] : effects;
  } catch {
    return [{ target, name, outcome: 'failed', reason: 'denied' }];
  }
}

/** What `selection` may select: one item if it is for one, and values only where they are looked at. There may be thousands. */
function readStorage(storage: Storage, selection: string): Item[] {
  const isThere = (name: string) => storage.getItem(name) !== null;
  const names = selection[0] === '=' ? [label(selection)].filter(isThere) : Object.keys(storage);
  const hasTokens = selection.includes('~');
  return names.map((name) => [name, hasTokens ? (storage.getItem(name) ?? '') : '']);
}

/**
 * The likeliest write for every cookie, then the next for those that are left: the first takes most, and reading the cookies is
 * what costs, a call to another process. A cookie is only gone when it can no longer be read; no write says so.
 */
function expire(engine: Engine, names: ReadonlySet<string>): readonly Item[] {
  const { hostname, pathname } = location;
  let left = [...names].map((name) => [name, engine.expiringWrites(name, hostname, pathname, isSecureContext).split('\n')] as const);
  let visible: readonly Item[] = [];
  for (let round = 0; left.length; round++) {
    for (const [, writes] of left) document.cookie = writes[round]!;
    visible = readCookies();
    left = left.filter(([name, writes]) => writes[round + 1] && visible.some(([other]) => other === name));
  }
  return visible;
}
