/**
 * All that a log is kept in:
 *
 * - `{quash}:rows`, a hash: of each row's key, `EXPIRES_AT ENTRY`.
 * - `{quash}:log`, a sorted set: of each row's key, the number of its last change.
 * - `{quash}:expiries`, a sorted set: of each row's key, when it expires, in milliseconds since the epoch.
 * - `{quash}:state`, a hash: `epoch`, `head`, `count` (how many rows there are), and `replication` (the `master_replid`
 *   with which the last number was given).
 *
 * The braces put all of them into one slot of a cluster. Rows are fields of one hash, and not keys of their own that expire:
 * a script may only touch keys that its caller names, and nobody can name the rows of a part; while a slot is moved, a key of
 * one row would look like one that is not there; and Redis evicts keys that expire by policies (`volatile-*`) under which it
 * leaves these four alone.
 */
export type Keys = readonly [rows: string, log: string, expiries: string, state: string];

/** @throws TypeError for a prefix that would be no hash tag. */
export function keysOf(prefix: string): Keys {
  if (!/^[^{}]+$/.test(prefix)) throw new TypeError('the prefix of the keys in Redis must not be empty, or have braces in it');
  return [`{${prefix}}:rows`, `{${prefix}}:log`, `{${prefix}}:expiries`, `{${prefix}}:state`];
}
