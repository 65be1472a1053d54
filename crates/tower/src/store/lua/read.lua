if not is_whole() then return incomplete('rows were there, and are gone') end
local epoch, head = unpack(redis.call('HMGET', state, 'epoch', 'head'))
head = tonumber(head)

local page, full = tonumber(ARGV[2]), math.floor(head / 1024)
local is_page = page and page < full
local from, to = math.max(math.floor(math.max(head - 1, 0) / 1024) - 1, 0) * 1024, head
if is_page then from, to = page * 1024, full * 1024 end

-- A log that went back has nothing in common with what was read of it.
local since, known = from, tonumber(ARGV[4])
if ARGV[3] == epoch and from < known and known <= head then since = known end

local keys = redis.call('ZRANGEBYSCORE', log, '(' .. text(since), text(to), 'LIMIT', 0, 16384 + 1)
if #keys > 16384 then
  local number = tonumber(redis.call('ZSCORE', log, keys[#keys]))
  to = math.floor((number - 1) / 1024) * 1024
  keys = redis.call('ZRANGEBYSCORE', log, '(' .. text(from), text(to))
end
local numbers = {}
if not is_page then
  for at, key in ipairs(keys) do numbers[at] = redis.call('ZSCORE', log, key) end
end

local answer = { { epoch, text(from), text(to), text(head), text(since), text(now) }, keys, numbers }
for first = 1, #keys, 4096 do
  answer[#answer + 1] = redis.call('HMGET', rows, unpack(keys, first, math.min(first + 4096 - 1, #keys)))
end
return answer
