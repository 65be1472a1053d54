/** Rows for tests: what an entry says is a set of words, so that everybody sees what two of them come to. */
import type { Row } from 'quash/memory';

/** Long after any test. */
export const LATER = Date.now() + 3_600_000;

/** The row of this number, in the form of docs/denylist.md as far as stores know it: the fourth field is when it expires. */
export function row(id: number, words: string | readonly string[], expiresAt = LATER): Row {
  const sorted = [...new Set([words].flat())].sort().join('+');
  return { key: `r1/${id.toString(16).padStart(32, '0')}`, entry: `1 ${sorted} - ${expiresAt} 0 test`, expiresAt };
}

export function words({ entry }: Row): string[] {
  return (entry.split(' ')[1] ?? '').split('+');
}

/** Says what both say, for as long as either. */
export function merge(one: Row, other: Row): Row {
  if (one.key !== other.key) throw new Error(`${one.key} and ${other.key} are merged`);
  return row(parseInt(one.key.slice(3), 16), [...words(one), ...words(other)], Math.max(one.expiresAt, other.expiresAt));
}

/** What rows come to, whatever their order. */
export function mergeAll(rows: Iterable<Row>): Map<string, Row> {
  const merged = new Map<string, Row>();
  for (const row of rows) {
    const known = merged.get(row.key);
    merged.set(row.key, known ? merge(known, row) : row);
  }
  return merged;
}
