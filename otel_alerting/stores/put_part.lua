-- Put one part of a bucket, and forget parts that have expired.
-- KEYS: the parts by field; when each ends.
-- ARGV: the field; the value; milliseconds.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('ZADD', KEYS[2], string.format('%.0f', now + ARGV[3]), ARGV[1])
for _, field in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', string.format('%.0f', now))) do
  redis.call('HDEL', KEYS[1], field)
  redis.call('ZREM', KEYS[2], field)
end

-- The bucket ends with its last part.
local newest = redis.call('ZREVRANGE', KEYS[2], 0, 0, 'WITHSCORES')
if newest[2] then
  redis.call('PEXPIREAT', KEYS[1], string.format('%.0f', newest[2]))
  redis.call('PEXPIREAT', KEYS[2], string.format('%.0f', newest[2]))
end
