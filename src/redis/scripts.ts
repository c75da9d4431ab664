/**
 * Checks for evictions when a bucket starts to remember, and if ARGV[2] asks for it. A policy that evicts, or evictions since the last
 * check, count as a loss of data: the bucket restarts, and refuses claims until every nonce that it may have lost has expired.
 */
const lookAtEvictions = `
local function told(section)
  local ok, text = pcall(redis.call, 'INFO', section)
  return ok and type(text) == 'string' and text or ''
end
local memory = told('memory')
local evicts = memory:find('maxmemory_policy:') and not memory:find('maxmemory:0%c') and not memory:find('maxmemory_policy:noeviction')
local evicted = tonumber(told('stats'):match('evicted_keys:(%d+)') or '0')`;

/** KEYS: since when a bucket remembers. Returns 'evicts' or 'prepared'. */
export const prepareScript: string = `${lookAtEvictions}
if evicts then return 'evicts' end
redis.call('SET', KEYS[1], '0 ' .. evicted, 'NX')
return 'prepared'`;

/**
 * KEYS: the nonce; since when its bucket remembers; for a long-lived nonce, the counts of its access key. ARGV: the lifetime in
 * milliseconds; 1 to check for evictions; the maximum number of long-lived nonces of the access key in this bucket.
 */
export const claimScript: string = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local lifetime = tonumber(ARGV[1])
local since, before = (redis.call('GET', KEYS[2]) or ''):match('^(%d+) (%d+)$')
if not since or ARGV[2] == '1' then
  ${lookAtEvictions.trim().replaceAll('\n', '\n  ')}
  if evicts then
    redis.call('DEL', KEYS[2])
    return 'evicts'
  end
  if not since or evicted > tonumber(before) then since = now end
  if since == now or evicted ~= tonumber(before) then
    redis.call('SET', KEYS[2], string.format('%.0f %.0f', since, evicted))
  end
end
local wait = lifetime - (now - since)
if wait > 0 then return 'young ' .. string.format('%.0f', wait) end
if redis.call('EXISTS', KEYS[1]) == 1 then return 'seen' end
if KEYS[3] then
  local count = 0
  local ends = redis.call('HGETALL', KEYS[3])
  for i = 1, #ends, 2 do
    if tonumber(ends[i]) <= now then redis.call('HDEL', KEYS[3], ends[i]) else count = count + tonumber(ends[i + 1]) end
  end
  if count >= tonumber(ARGV[3]) then return 'crowded' end
  local span = 21600000
  local over = math.ceil((now + lifetime) / span) * span
  redis.call('HINCRBY', KEYS[3], string.format('%.0f', over), 1)
  if redis.call('PTTL', KEYS[3]) < over - now then redis.call('PEXPIRE', KEYS[3], string.format('%.0f', over - now)) end
end
redis.call('SET', KEYS[1], '', 'PX', ARGV[1])
return 'fresh'`;
