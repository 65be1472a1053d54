local rows, log, expiries, state = unpack(KEYS)
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

-- Lua would write 1e+15.
local function text(number) return string.format('%.0f', number) end

local function incomplete(what) return redis.error_reply('INCOMPLETE ' .. what) end

local function replication() return string.match(redis.call('INFO', 'replication'), 'master_replid:(%w+)') end

local function is_whole()
  local count = tonumber(redis.call('HGET', state, 'count'))
  return redis.call('HLEN', rows) == count and redis.call('ZCARD', log) == count and redis.call('ZCARD', expiries) == count
end

if redis.call('EXISTS', state) == 0 then
  if redis.call('EXISTS', rows, log, expiries) > 0 then return incomplete('there are rows, and no state') end
  redis.call('HSET', state, 'epoch', ARGV[1], 'head', 0, 'count', 0, 'replication', replication())
end

local expired = redis.call('ZRANGEBYSCORE', expiries, '-inf', text(now), 'LIMIT', 0, 64)
if #expired > 0 then
  redis.call('HDEL', rows, unpack(expired))
  redis.call('ZREM', log, unpack(expired))
  redis.call('ZREM', expiries, unpack(expired))
  redis.call('HINCRBY', state, 'count', -#expired)
end
