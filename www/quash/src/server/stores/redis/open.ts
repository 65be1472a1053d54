import { INCOMPLETE } from './script.js';

/** How many expired rows are removed at once: more than one is added with, so that they become fewer. */
const MAX_REMOVED = 64;

/**
 * The beginning of each script, in Lua: begins the log if there is none, and removes what has expired. `ARGV[1]` is an epoch that
 * was drawn for this call, should one be needed.
 *
 * How many rows there are is counted apart from them, so that a key, a field or a member which is evicted, or deleted by hand,
 * is missed at once. What is missing is missed until it would have expired.
 */
export const OPEN = `
local rows, log, expiries, state = unpack(KEYS)
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

-- Lua would write 1e+15.
local function text(number) return string.format('%.0f', number) end

local function incomplete(what) return redis.error_reply('${INCOMPLETE} ' .. what) end

local function replication() return string.match(redis.call('INFO', 'replication'), 'master_replid:(%w+)') end

local function is_whole()
  local count = tonumber(redis.call('HGET', state, 'count'))
  return redis.call('HLEN', rows) == count and redis.call('ZCARD', log) == count and redis.call('ZCARD', expiries) == count
end

if redis.call('EXISTS', state) == 0 then
  if redis.call('EXISTS', rows, log, expiries) > 0 then return incomplete('there are rows, and no state') end
  redis.call('HSET', state, 'epoch', ARGV[1], 'head', 0, 'count', 0, 'replication', replication())
end

local expired = redis.call('ZRANGEBYSCORE', expiries, '-inf', text(now), 'LIMIT', 0, ${MAX_REMOVED})
if #expired > 0 then
  redis.call('HDEL', rows, unpack(expired))
  redis.call('ZREM', log, unpack(expired))
  redis.call('ZREM', expiries, unpack(expired))
  redis.call('HINCRBY', state, 'count', -#expired)
end
`;

/**
 * For scripts that only read: a write that changes nothing. A server that may not write, a replica or a master that has lost its own,
 * refuses it, and so does not speak for the one that may.
 */
export const MAY_WRITE = "redis.call('HDEL', state, '')";
