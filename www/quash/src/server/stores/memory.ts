import type { Merge, Row, Store } from '../store.js';

export { StoreError, type StoreErrorCode } from '../store-error.js';
export type { Merge, Row, Store } from '../store.js';

/** Fewer rows than these are never looked through for expired ones. */
const MIN_LIMIT = 1024;

/**
 * Revocations in the memory of one process, for tests and for a server that is alone. They are gone when it ends, and no other
 * process knows of them. There is no log to follow: to look something up costs nothing here, and is never late.
 */
export function memory(): Store {
  const rows = new Map<string, Row>();
  let limit = MIN_LIMIT;

  function append(row: Row, merge: Merge): void {
    const known = rows.get(row.key);
    rows.set(row.key, known ? merge(known, row) : row);
    // Each time that it has doubled, so that looking through all of them costs each append the same.
    if (rows.size > limit) {
      const now = Date.now();
      for (const { key, expiresAt } of rows.values()) if (expiresAt <= now) rows.delete(key);
      limit = Math.max(MIN_LIMIT, 2 * rows.size);
    }
  }

  return {
    consistency: 'strong',
    append: async (added, merge) => {
      for (const row of added) append(row, merge);
    },
    lookUp: async (keys) => {
      const now = Date.now();
      return keys.flatMap((key) => rows.get(key) ?? []).filter(({ expiresAt }) => expiresAt > now);
    },
  };
}
