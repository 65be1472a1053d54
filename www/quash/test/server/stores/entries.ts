/** Rows for tests: entries as the core reads them, and what two of them come to as the core says. */
import type { Row } from 'quash/memory';

import { Core, Status } from '../../../dist/server/core.js';

/** Long after any test. */
export const LATER = Date.now() + 3_600_000;

/** Before any test. */
const SINCE = LATER - 86_400_000;

const SESSIONS = ['1', '2', '3'].map((digit) => digit.repeat(32));

const WORDS = 2 ** 20;

const core = new Core({ peppers: ['a pepper of thirty-two bytes or more'], maxLifetime: 3_600_000, leeway: 0, revocableClaims: [] });

/**
 * The row of this number, which is some subject's. What its entry says is a set of words: each of them revokes something, and no word says all
 * that another one does.
 */
export function row(id: number, words: string | readonly string[], expiresAt = LATER): Row {
  const key = `r1/${id.toString(16).padStart(31, '0')}4`;
  const [first = '', ...others] = [words].flat();
  const say = (word: string): Row => ({ key, entry: entry(word, expiresAt), expiresAt });
  return others.map(say).reduce(merge, say(first));
}

/** The later it reaches, the later it was revoked: of two words, the merge takes something from each. */
function entry(word: string, expiresAt: number): string {
  const at = number(word);
  const others = `${SINCE + WORDS + reversed(at)}:${SESSIONS[at % SESSIONS.length]}`;
  return `1 ${SINCE + at} ${others} ${expiresAt} ${SINCE + at} logout`;
}

/** Another one for each word, as good as: FNV-1a. */
function number(word: string): number {
  let hash = 0x811c9dc5;
  for (const letter of word) hash = Math.imul(hash ^ letter.codePointAt(0)!, 0x01000193);
  return (hash >>> 0) % WORDS;
}

function reversed(at: number): number {
  let bits = 0;
  for (let bit = 1; bit < WORDS; bit *= 2) bits = bits * 2 + (at & bit ? 1 : 0);
  return bits;
}

/** Says what both say, for as long as either. */
export function merge(one: Row, other: Row): Row {
  if (one.key !== other.key) throw new Error(`${one.key} and ${other.key} are merged`);
  if (core.merge(one.key, one.entry, other.entry) !== Status.Row) throw new Error(core.text);
  return { key: one.key, entry: core.text.slice(core.text.indexOf(' ') + 1), expiresAt: core.value };
}

/** Whether a row says all that another one does. */
export function says(row: Row | undefined, other: Row): boolean {
  return row !== undefined && merge(row, other).entry === row.entry;
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
