/** A script, and its SHA-1 for EVALSHA: a fifth of the bytes of the script. */
export type Script = { readonly text: string; readonly sha: string };

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

/** Returns 'evicts', or 'young' and a wait, unless the bucket of KEYS[2] was prepared or has remembered for ARGV[1] milliseconds. */
const requireMemory = `local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
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
local wait = tonumber(ARGV[1]) - (now - since)
if since ~= '0' and not (wait <= 0) then return 'young ' .. string.format('%.0f', wait) end`;

/**
 * KEYS: the nonce; since when its bucket remembers; for a long-lived nonce, the counts of its access key. ARGV: for how long the
 * request could have been accepted until now, and for how long to remember the nonce, both in milliseconds, with 1 between them to
 * check for evictions; the maximum number of long-lived nonces of the access key in this bucket.
 */
const claim = `${requireMemory}
if redis.call('EXISTS', KEYS[1]) == 1 then return 'seen' end
if KEYS[3] then
  local count = 0
  local ends = redis.call('HGETALL', KEYS[3])
  for i = 1, #ends, 2 do
    if tonumber(ends[i]) <= now then redis.call('HDEL', KEYS[3], ends[i]) else count = count + tonumber(ends[i + 1]) end
  end
  if count >= tonumber(ARGV[4]) then return 'crowded' end
  local span = 21600000
  local over = math.ceil((now + tonumber(ARGV[3])) / span) * span
  redis.call('HINCRBY', KEYS[3], string.format('%.0f', over), 1)
  if redis.call('PTTL', KEYS[3]) < over - now then redis.call('PEXPIRE', KEYS[3], string.format('%.0f', over - now)) end
end
redis.call('SET', KEYS[1], '', 'PX', ARGV[3])
return 'fresh'`;

/** Claims a nonce. Returns 'fresh', 'seen', 'crowded', 'evicts', or 'young' and a wait in milliseconds. */
export const claimScript: Script = { text: claim, sha: '87e277087ce17350c1fe35b52f48f0b6d068871f' };

/** KEYS: the revoked session; since when its bucket remembers. ARGV: the age of the session in milliseconds; 1 to check for evictions. */
const find = `if redis.call('EXISTS', KEYS[1]) == 1 then return 'revoked' end
${requireMemory}
return 'unknown'`;

/** Looks for a revoked session. Returns 'revoked', 'unknown', 'evicts', or 'young' and a wait in milliseconds. */
export const findRevokedScript: Script = { text: find, sha: 'cd592ba95fcb418320e42df31c10009347c0a13e' };

/** KEYS: the revoked session. ARGV: for how long to remember it, in milliseconds. Of two ends the later counts. */
const revoke = `if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[1]) then redis.call('SET', KEYS[1], '', 'PX', ARGV[1]) end
return 'revoked'`;

/** Remembers a revoked session. Returns 'revoked'. */
export const revokeScript: Script = { text: revoke, sha: 'df452fdfa48666ce71b87cfc9736a022c3cef0bb' };
