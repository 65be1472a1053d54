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
