/** One revocation as it is stored: see docs/denylist.md. */
export interface Row {
  /** `r1/` and 32 hex digits. */
  readonly key: string;
  /** The line of text, for example `1 always - 1763940060000 1763936400123 logout`. */
  readonly entry: string;
  /** Until when it has to be kept, in milliseconds since the epoch. */
  readonly expiresAt: number;
}

/** What two rows of one key come to. Commutative, associative and idempotent, so that no order of writers matters. */
export type Merge = (one: Row, other: Row) => Row;

/**
 * Where revocations are kept. Any failure rejects with a `StoreError`.
 *
 * Of wrong answers, a row that is there and not told of is the dangerous one: a session lives on that was ended. A store that
 * cannot tell whether it has everything rejects.
 */
export interface Store {
  /**
   * Adds rows, each merged with what is there under its key. Resolves when all are there; rejects if any may not be. May be
   * repeated.
   */
  append(rows: readonly Row[], merge: Merge): Promise<void>;
  /** What is there under these keys, in any order; nothing for those that are not, or have expired. */
  lookUp(keys: readonly string[]): Promise<readonly Row[]>;
  /**
   * `strong`: whoever looks a row up after it was added finds it, wherever. Such a store can tell a first use from a second. `eventual`, or not
   * said: it may be found later.
   */
  readonly consistency?: 'strong' | 'eventual';
  /** The log, where the store has one that can be followed. */
  readonly log?: Log;
}

/** Every row under the number of its last change: see docs/ledger.md. */
export interface Log {
  /** Everything in the answer is of one moment, after the call. */
  read(part: Part): Promise<LogPart>;
}

/** What is new, or the page of this number and the full ones after it. */
export type Part = 'head' | number;

export interface LogPart {
  /** Drawn at random with the log, 16 hex digits: numbers of another one mean nothing. */
  readonly epoch: string;
  /** The last number before the part. */
  readonly from: number;
  /** The last one in it. */
  readonly to: number;
  /** The last one that the log has given. More follows when `to` is less. */
  readonly head: number;
  /** Every row above `from`, up to `to`, that has not expired, in the order of their numbers. */
  readonly rows: readonly Row[];
}
