if not is_whole() then return incomplete('rows were there, and are gone') end
local found = {}
for at = 2, #ARGV do
  local row = redis.call('HGET', rows, ARGV[at]) or ''
  local is_live = (tonumber(string.match(row, '^%S+')) or math.huge) > now
  found[at - 1] = is_live and row or ''
end
return found
