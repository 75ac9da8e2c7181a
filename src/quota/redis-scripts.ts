// The scripts run inside Redis, each as one step that nothing can come between. Time is Redis's own: nodes' clocks may differ.

const NOW = `
local t = redis.call('TIME')
local now = tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
`

/**
 * A sliding window in parts: a hash from part to units. KEYS[1]; part in ms, parts, limit, needed, wanted.
 * Returns granted, part, units counted, ms until the need may fit, ms until all is free.
 */
export const HOLD_WINDOW = `${NOW}
local width, parts, limit, need, want = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local part = math.floor(now / width)
local all = redis.call('HGETALL', KEYS[1])
local total, live, newest = 0, {}, nil
for i = 1, #all, 2 do
  local p, n = tonumber(all[i]), tonumber(all[i + 1])
  if p < part - parts then redis.call('HDEL', KEYS[1], all[i])
  elseif n > 0 then
    total = total + n
    live[#live + 1] = {p, n}
    if newest == nil or p > newest then newest = p end
  end
end
local free = limit - total
local granted, wait = 0, 0
if free >= need then
  granted = math.min(want, math.max(need, math.floor(free / 4)))
  redis.call('HINCRBY', KEYS[1], part, granted)
  redis.call('PEXPIRE', KEYS[1], math.ceil(width * (parts + 2)))
  total = total + granted
  newest = part
else
  table.sort(live, function(a, b) return a[1] < b[1] end)
  local excess = need - free
  for _, entry in ipairs(live) do
    excess = excess - entry[2]
    if excess <= 0 then
      wait = math.max(1, math.ceil((entry[1] + parts + 1) * width - now))
      break
    end
  end
end
local reset = newest and math.max(1, math.ceil((newest + parts + 1) * width - now)) or 0
return {granted, part, total, wait, reset}
`

/** KEYS[1]; part in ms, part of the grant, taken, used. What comes back leaves its own part; what was too much counts now. */
export const SETTLE_WINDOW = `${NOW}
local width, ticket, taken, used = tonumber(ARGV[1]), ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
if used > taken then
  redis.call('HINCRBY', KEYS[1], math.floor(now / width), used - taken)
  redis.call('PEXPIRE', KEYS[1], math.ceil(width * 130))
elseif used < taken then
  local counted = tonumber(redis.call('HGET', KEYS[1], ticket) or '0')
  if counted > 0 then redis.call('HINCRBY', KEYS[1], ticket, -math.min(counted, taken - used)) end
end
return {0}
`

/**
 * Slots and money: what is spent, and what each living node holds. KEYS[1]; node, start of the period, limit, needed, wanted, ms after
 * which a silent node is dead, ms to keep the key (0: for ever). Returns granted, units counted, units spent.
 */
export const HOLD_POOL = `${NOW}
local node, start, limit, need, want, dead, keep = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
if (redis.call('HGET', KEYS[1], 'start') or start) ~= start then redis.call('DEL', KEYS[1]) end
redis.call('HSET', KEYS[1], 'start', start)
local all = redis.call('HGETALL', KEYS[1])
local held, seen, spent = {}, {}, 0
for i = 1, #all, 2 do
  local name, value = all[i], all[i + 1]
  if name == 'spent' then spent = tonumber(value)
  elseif string.sub(name, 1, 5) == 'held:' then held[string.sub(name, 6)] = tonumber(value)
  elseif string.sub(name, 1, 5) == 'seen:' then seen[string.sub(name, 6)] = tonumber(value) end
end
local total = spent
for name, units in pairs(held) do
  if name ~= node and (seen[name] or 0) + dead < now then redis.call('HDEL', KEYS[1], 'held:' .. name, 'seen:' .. name)
  else total = total + units end
end
local free = limit - total
local granted = 0
if free >= need then
  granted = math.min(want, math.max(need, math.floor(free / 4)))
  redis.call('HINCRBY', KEYS[1], 'held:' .. node, granted)
  total = total + granted
end
redis.call('HSET', KEYS[1], 'seen:' .. node, now)
if keep > 0 then redis.call('PEXPIRE', KEYS[1], keep) end
return {granted, total, spent}
`

/** KEYS[1]; node, start of the period of the grant or -1, taken, used. Only tells that the node lives when both are 0. */
export const SETTLE_POOL = `${NOW}
local node, start, taken, used = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local current = redis.call('HGET', KEYS[1], 'start')
if not current then return {0} end
redis.call('HSET', KEYS[1], 'seen:' .. node, now)
if start == '-1' or start ~= current then return {0} end
local held = tonumber(redis.call('HGET', KEYS[1], 'held:' .. node) or '0')
if taken > 0 then redis.call('HSET', KEYS[1], 'held:' .. node, math.max(0, held - taken)) end
if used > 0 then redis.call('HINCRBY', KEYS[1], 'spent', used) end
return {0}
`
