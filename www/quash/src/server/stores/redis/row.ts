import { StoreError } from '../../store-error.js';
import type { Row } from '../../store.js';

/** The stored form, which Redis keeps under the row's key. Changing it needs a migration of every denylist there is. */
export function writeRow({ entry, expiresAt }: Row): string {
  return `${expiresAt} ${entry}`;
}

/** Reads the stored form. */
export function readRow(key: string, text: string): Row {
  const end = text.indexOf(' ');
  const expiresAt = Number(text.slice(0, Math.max(end, 0)) || NaN);
  if (Number.isNaN(expiresAt)) throw new StoreError('store_incomplete', `the row ${key} cannot be read`);
  return { key, entry: text.slice(end + 1), expiresAt };
}

export function sameRow(one: Row, other: Row): boolean {
  return writeRow(one) === writeRow(other);
}
