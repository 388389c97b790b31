-- Save a value, unless a newer epoch has saved or holds the lease.
-- KEYS: the lease's epoch; what is saved.
-- ARGV: the epoch; the value.
-- Returns nothing, or the newer epoch.
local held = tonumber(redis.call('GET', KEYS[1]) or 0)
local saved = tonumber(redis.call('HGET', KEYS[2], 'epoch') or 0)
local newest = math.max(held, saved)
if tonumber(ARGV[1]) < newest then
  return newest
end
redis.call('HSET', KEYS[2], 'epoch', ARGV[1], 'value', ARGV[2])
return false
