-- Take or renew a lease.
-- KEYS: the lease, which expires; its epoch, which stays.
-- ARGV: the holder; milliseconds.
-- Returns the epoch, or nothing while somebody else holds it.
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then
  return false
end

local epoch = tonumber(redis.call('GET', KEYS[2]) or 0)
if not holder or epoch == 0 then
  -- Never below the time in milliseconds: a server that lost its data gives no epoch for the second time.
  local time = redis.call('TIME')
  epoch = math.max(epoch + 1, time[1] * 1000 + math.floor(time[2] / 1000))
  redis.call('SET', KEYS[2], string.format('%.0f', epoch))
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return epoch
