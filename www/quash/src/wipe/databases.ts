import { attempt } from '../attempt.js';
import type { Engine } from '../engine.js';
import type { WipeOptions } from '../options.js';
import type { Effect } from '../report.js';
import { label, selections } from '../selector.js';

/** Deletes IndexedDB databases, empties some of their object stores, or deletes the records that contain a token. */
export function wipeDatabases(engine: Engine, options: WipeOptions): Promise<Effect[]> {
  const selection = options.indexedDB ?? options.wipe ?? [];
  const isList = typeof selection !== 'string';
  const names = isList ? selection.filter((item) => typeof item === 'string') : selection;
  const stores = isList ? selection.filter((item) => typeof item !== 'string') : [];
  return Promise.all([
    ...selections(names, options).map((selection) =>
      attempt('indexedDB', label(selection), async () => {
        const databases = await indexedDB.databases();
        const isOfTokens = selection[0] === '~';
        const found = databases.flatMap(({ name = '' }) =>
          engine.selects(isOfTokens ? '^' + selection.slice(1) : selection, name, '') ? name : [],
        );
        const gone = await Promise.all(
          found.map((name) => (isOfTokens ? emptyOfTokens(name, engine) : deleteDatabase(name))),
        );
        const count = gone.reduce((sum, count) => sum + count, 0);
        return count > 0 && count;
      }),
    ),
    ...stores.map(({ database, stores }) =>
      attempt('indexedDB', `${database}/${stores}`, async () => {
        // Opening what is not there would make it.
        if (!(await indexedDB.databases()).some(({ name }) => name === database)) return false;
        return empty(database, (name) => stores.includes(name));
      }),
    ),
  ]);
}

/**
 * A deletion waits for every open connection to close: emptied, nothing is left whatever they do. Both are asked for at once, since the
 * page may be closed before the first has been answered.
 */
async function deleteDatabase(name: string): Promise<number> {
  const emptied = empty(name, () => true);
  emptied.catch(() => {}); // Matters only where the deletion has to wait.
  const isDeleted = await new Promise<boolean>((resolve, reject) => {
    const request = indexedDB.deleteDatabase(name);
    request.onsuccess = () => resolve(true);
    request.onblocked = () => resolve(false);
    request.onerror = reject;
  });
  if (!isDeleted) await emptied;
  return 1;
}

function empty(name: string, isWanted: (store: string) => boolean): Promise<number | false> {
  return inStores(name, isWanted, (store) => void store.clear());
}

async function emptyOfTokens(name: string, engine: Engine): Promise<number> {
  let count = 0;
  await inStores(name, () => true, (store) => {
    store.openCursor().onsuccess = ({ target }) => {
      const cursor = (target as IDBRequest<IDBCursorWithValue | null>).result;
      if (!cursor) return;
      if (engine.selects('~', '', textOf(cursor.value))) {
        cursor.delete();
        count++;
      }
      cursor.continue();
    };
  });
  return count;
}

/** Every text in a value, however deep. Bytes are none. */
function textOf(value: unknown, seen = new Set<unknown>()): string {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value) || seen.has(value)) return '';
  seen.add(value);
  const inner = value instanceof Map ? [...value].flat() : value instanceof Set ? [...value] : Object.values(value);
  return inner.map((inner) => textOf(inner, seen)).join(' ');
}

/** Has `act` change the stores that are wanted, in one transaction. `false` when there are none. */
function inStores(
  name: string,
  isWanted: (store: string) => boolean,
  act: (store: IDBObjectStore) => void,
): Promise<number | false> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name);
    request.onerror = reject;
    request.onsuccess = () => {
      const database = request.result;
      // Another tab's deletion shall not wait for us.
      database.onversionchange = () => database.close();
      try {
        const names = [...database.objectStoreNames].filter(isWanted);
        if (names.length === 0) return resolve(false);
        const transaction = database.transaction(names, 'readwrite');
        transaction.oncomplete = () => resolve(names.length);
        transaction.onabort = reject;
        for (const store of names) act(transaction.objectStore(store));
      } catch (error) {
        reject(error);
      } finally {
        // It closes once its transaction has ended.
        database.close();
      }
    };
  });
}
