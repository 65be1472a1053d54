import { StoreError } from '../store-error.js';
import type { Merge, Row, Store } from '../store.js';
import { TIMEOUT_MS, within } from './deadline.js';

export { StoreError, type StoreErrorCode } from '../store-error.js';
export type { Merge, Row, Store } from '../store.js';

/** What is used of a Workers KV namespace's binding. */
export interface KvNamespace {
  get(keys: string[]): Promise<Map<string, string | null>>;
  put(key: string, value: string, options: { expiration: number }): Promise<void>;
}

/** The most keys that one bulk read may name. */
const MAX_BULK = 100;

/**
 * How long Workers KV keeps an entry at least, in milliseconds: a shorter `expiration` is an error, not a clamp. One second more
 * than it says, because it compares with its own clock, which may have gone on.
 */
const FLOOR_MS = 61_000;

/**
 * Revocations in a Workers KV namespace, in the form of docs/denylist.md: the same that `quash-edge` reads and writes.
 *
 * Eventual: a revocation shows elsewhere after a minute or more, since a miss is cached like a hit, and there is no log that could
 * be followed. Not atomic: of two revocations of one thing at the same moment, the later write may miss what the other says.
 */
export function kv(namespace: KvNamespace): Store {
  async function lookUp(keys: readonly string[]): Promise<Row[]> {
    const now = Date.now();
    const bulks = Array.from({ length: Math.ceil(keys.length / MAX_BULK) }, (_, n) => keys.slice(n * MAX_BULK, (n + 1) * MAX_BULK));
    const found = await Promise.all(bulks.map((bulk) => namespace.get(bulk)));
    return found
      .flatMap((values) => [...values].flatMap(([key, entry]) => (entry === null ? [] : toRow(key, entry))))
      .filter(({ expiresAt }) => expiresAt > now);
  }

  async function append(rows: readonly Row[], merge: Merge): Promise<void> {
    const known = new Map((await lookUp(rows.map(({ key }) => key))).map((row) => [row.key, row]));
    const changed = new Map<string, Row>();
    for (const row of rows) {
      const before = known.get(row.key);
      const after = before ? merge(before, row) : row;
      // Repeating a revocation writes nothing: KV takes one write a second for each key.
      if (after.entry !== before?.entry) changed.set(row.key, after);
      known.set(row.key, after);
    }
    await Promise.all([...changed.values()].map(put));
  }

  function put({ key, entry, expiresAt }: Row): Promise<void> {
    return namespace.put(key, entry, { expiration: Math.ceil(Math.max(expiresAt, Date.now() + FLOOR_MS) / 1000) });
  }

  return {
    consistency: 'eventual',
    append: (rows, merge) => within(TIMEOUT_MS, () => append(rows, merge)),
    lookUp: (keys) => within(TIMEOUT_MS, () => lookUp(keys)),
  };
}

/** Only the entry says when it expires, in its fourth field: it was kept for longer where Workers KV wanted that. */
function toRow(key: string, entry: string): Row {
  const expiresAt = Number(entry.split(' ')[3] ?? NaN);
  if (Number.isNaN(expiresAt)) throw new StoreError('store_incomplete', `the entry under ${key} cannot be read`);
  return { key, entry, expiresAt };
}
