import { StoreError } from '../../store-error.js';
import type { Merge, Row } from '../../store.js';
import { OPEN } from './open.js';
import { readRow, sameRow, writeRow } from './row.js';
import { script } from './script.js';

/** How often a row is tried again because another writer came before. Fifty at once that never agree need fifty. */
const MAX_TRIES = 1000;

/** How many rows are given to one call: Redis answers nobody else meanwhile, for about a millisecond. */
const MAX_ROWS = 128;

/**
 * After the epoch: for each row its key, what the caller believes is there (or nothing), what shall be there, and when that
 * expires. Answers, one after another, the place and the row of those that it found something else for.
 *
 * With which replication id a number is given is written down: it changes with each restart and each failover, after which the
 * last rows may be missing, and their numbers would be given again, to others. Who read the first ones would take that for what he
 * knows. So another id draws a new epoch.
 */
export const APPEND = script(`${OPEN}
local conflicts, is_checked, is_lost = {}, false, false

local function number()
  if not is_checked then
    is_checked = true
    local id = replication()
    if redis.call('HGET', state, 'replication') ~= id then
      redis.call('HSET', state, 'epoch', ARGV[1], 'replication', id)
    end
  end
  return text(redis.call('HINCRBY', state, 'head', 1))
end

for at = 2, #ARGV, 4 do
  local key, believed, row, expires_at = ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3]
  local found = redis.call('HGET', rows, key) or ''
  if found == row then
    -- It says so already: the row keeps its number.
  elseif found ~= believed then
    table.insert(conflicts, text((at - 2) / 4))
    table.insert(conflicts, found)
  elseif found == '' and redis.call('ZSCORE', expiries, key) then
    is_lost = true
  else
    redis.call('ZADD', log, number(), key)
    if found == '' then redis.call('HINCRBY', state, 'count', 1) end
    redis.call('HSET', rows, key, row)
    redis.call('ZADD', expiries, expires_at, key)
  end
end
if is_lost then return incomplete('a row was there, and is gone') end
return conflicts
`);

/** A row to be added, merged with what was found under its key. */
interface Pending {
  readonly row: Row;
  readonly found?: Row;
}

/** Adds rows by {@link APPEND}, which `call` runs. What two rows come to is not known to Redis: it is asked to compare and set. */
export async function append(rows: readonly Row[], merge: Merge, call: (args: readonly string[]) => Promise<unknown>): Promise<void> {
  let pending: Pending[] = rows.map((row) => ({ row }));
  for (let tries = 0; pending.length > 0; tries++) {
    if (tries === MAX_TRIES) throw new StoreError('store_conflict', `others changed the same row ${MAX_TRIES} times`);
    const calls: Promise<Pending[]>[] = [];
    for (let at = 0; at < pending.length; at += MAX_ROWS) calls.push(compareAndSet(pending.slice(at, at + MAX_ROWS), merge, call));
    pending = (await Promise.all(calls)).flat();
  }
}

/** Gives back those that something else was found for, merged with that, unless it says all that they do. */
async function compareAndSet(
  pending: readonly Pending[],
  merge: Merge,
  call: (args: readonly string[]) => Promise<unknown>,
): Promise<Pending[]> {
  const args = pending.flatMap(({ row, found }) => [row.key, found ? writeRow(found) : '', writeRow(row), String(row.expiresAt)]);
  const conflicts = (await call(args)) as unknown[];
  const again: Pending[] = [];
  for (let at = 0; at < conflicts.length; at += 2) {
    const row = pending[Number(conflicts[at])]?.row;
    if (!row) throw new TypeError('Redis answered what no script of ours does');
    const text = String(conflicts[at + 1]);
    // Expired since it was found: there is nothing to merge with.
    if (text === '') again.push({ row });
    else {
      const found = readRow(row.key, text);
      const merged = merge(found, row);
      if (!sameRow(merged, found)) again.push({ row: merged, found });
    }
  }
  return again;
}
