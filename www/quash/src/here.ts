import { readCookies } from './cookie.js';
import type { Engine } from './engine.js';
import type { WipeOptions } from './options.js';
import type { Effect } from './report.js';
import { label, selections } from './selector.js';

type Item = readonly [name: string, value: string];

/** Wipes what can be wiped at once: Web Storage and the cookies that scripts can read. It is over when this returns. */
export function wipeHere(engine: Engine, options: WipeOptions): Effect[] {
  const wipe = (target: Place, read: (selection: string) => readonly Item[], remove: (names: Names) => Names) =>
    wipePlace(engine, target, selections(options[target] ?? options.wipe, options), read, remove);
  const wipeStorage = (target: 'localStorage' | 'sessionStorage') =>
    wipe(target, (selection) => readStorage(window[target], selection), (names) => removeItems(window[target], names));
  // Read once for all selections: reading cookies is what costs, a call to another process.
  let cookies: readonly Item[] | undefined;
  const readOnce = () => (cookies ??= readCookies());
  return [
    ...wipeStorage('localStorage'),
    ...wipeStorage('sessionStorage'),
    ...wipe('cookies', readOnce, (names) => expireCookies(engine, names)),
  ];
}

type Place = 'localStorage' | 'sessionStorage' | 'cookies';
type Names = ReadonlySet<string>;

function wipePlace(
  engine: Engine,
  target: Place,
  selections: readonly string[],
  /** At least what the selection selects. */
  read: (selection: string) => readonly Item[],
  /** Gives back those that are still there. */
  remove: (names: Names) => Names,
): Effect[] {
  try {
    const found = selections.map((selection) => {
      const names = read(selection).flatMap((item) => (engine.selects(selection, ...item) ? item[0] : []));
      return [label(selection), names] as const;
    });
    const all = new Set(found.flatMap(([, names]) => names));
    const left = all.size > 0 ? remove(all) : all;
    return found.flatMap(([name, names]): Effect[] => {
      if (names.length === 0) return [{ target, name, outcome: 'skipped', reason: 'not_found' }];
      const remains = [...new Set(names)].filter((name) => left.has(name));
      const count = names.filter((name) => !left.has(name)).length;
      return [
        ...(count > 0 ? [{ target, name, outcome: 'done', count } as const] : []),
        ...remains.map((name) => ({ target, name, outcome: 'failed', reason: 'remains' }) as const),
      ];
    });
  } catch {
    return selections.map((selection) => ({ target, name: label(selection), outcome: 'failed', reason: 'denied' }));
  }
}

/** One item if the selection is for one, and values only where they are looked at. There may be thousands. */
function readStorage(storage: Storage, selection: string): Item[] {
  const isThere = (name: string) => storage.getItem(name) !== null;
  const names = selection[0] === '=' ? [label(selection)].filter(isThere) : Object.keys(storage);
  const hasTokens = selection.includes('~');
  return names.map((name) => [name, hasTokens ? (storage.getItem(name) ?? '') : '']);
}

function removeItems(storage: Storage, names: Names): Names {
  for (const name of names) storage.removeItem(name);
  return new Set([...names].filter((name) => storage.getItem(name) !== null));
}

/**
 * The likeliest write for every cookie, then the next for those that are left: the first takes most. A cookie is only gone when it
 * can no longer be read; no write says so.
 */
function expireCookies(engine: Engine, names: Names): Names {
  const path = loadedPath();
  const writesFor = (name: string) => engine.expiringWrites(name, location.hostname, path, isSecureContext).split('\n');
  const writes = new Map([...names].map((name) => [name, writesFor(name)]));
  let left = names;
  for (let round = 0; [...left].some((name) => writes.get(name)?.[round]); round++) {
    for (const name of left) {
      const write = writes.get(name)?.[round];
      if (write) document.cookie = write;
    }
    const visible = new Set(readCookies().map(([name]) => name));
    left = new Set([...left].filter((name) => visible.has(name)));
  }
  return left;
}

/** The cookies of a page stay those of the path that it was loaded from, wherever its router has gone since. */
function loadedPath(): string {
  const [loaded] = performance.getEntriesByType?.('navigation') ?? [];
  return new URL(loaded?.name ?? location.href).pathname;
}
