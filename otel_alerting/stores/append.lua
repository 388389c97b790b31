-- Add entries to the end of a stream, once, however often this is sent.
-- KEYS: the stream; what its writer appended last.
-- ARGV: the append's token; milliseconds to remember it; the entries.
-- Returns the last entry's position.
local seen = redis.call('GET', KEYS[2])
if seen then
  local token, position = string.match(seen, '^(%S+) (%d+)$')
  if token == ARGV[1] then
    return tonumber(position)
  end
end

-- The stream itself knows its last position, also when everything was trimmed: no second key can contradict it.
local last = 0
local info = redis.pcall('XINFO', 'STREAM', KEYS[1])
for i = 1, #info, 2 do
  if info[i] == 'last-generated-id' then
    last = tonumber(string.match(info[i + 1], '^%d+'))
  end
end

for i = 3, #ARGV do
  last = last + 1
  redis.call('XADD', KEYS[1], string.format('%.0f-0', last), 'e', ARGV[i])
end
redis.call('SET', KEYS[2], ARGV[1] .. string.format(' %.0f', last), 'PX', ARGV[2])
return last
