import type { LogPart, Row } from '../../store.js';

export interface Numbered {
  readonly number: number;
  readonly row: Row;
}

/** The answer of a head that was read last: of the next one, only what is new has to travel, and that is mostly nothing. */
export interface Tail {
  readonly epoch: string;
  readonly to: number;
  /** In the order of their numbers. */
  readonly rows: readonly Numbered[];
}

export const NO_TAIL: Tail = { epoch: '', to: 0, rows: [] };

/** What Redis answered: the rows of a part, or only those above a number of it that the asker has read up to. */
export interface Answer extends Omit<LogPart, 'rows'> {
  /** This number, or `from`. */
  readonly since: number;
  /** By the clock of Redis, in milliseconds since the epoch. */
  readonly now: number;
  readonly rows: readonly Numbered[];
}

/**
 * All rows of the part that `answer` is about, where `tail` is what its asker had read. A row whose number is in `tail` still has
 * it, unless it is in the answer under a new one, or has expired: numbers of one epoch never mean something else.
 */
export function extend(tail: Tail, { epoch, from, to, since, now, rows }: Answer): Tail {
  const moved = new Set(rows.map(({ row }) => row.key));
  const kept = tail.rows.filter(({ number, row }) => number > from && number <= since && !moved.has(row.key));
  return { epoch, to, rows: [...kept, ...rows].filter(({ row }) => row.expiresAt > now) };
}
