-- The parts of a bucket that have not expired: field, value, field, value...
-- KEYS: the parts by field; when each ends.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local found = {}
for _, field in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], string.format('(%.0f', now), '+inf')) do
  found[#found + 1] = field
  found[#found + 1] = redis.call('HGET', KEYS[1], field)
end
return found
