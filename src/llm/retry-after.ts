const DAY_MS = 86_400_000

/**
 * Milliseconds to wait as the headers of a failure say, in any of the ways in use: `retry-after`, its kind in milliseconds, or, with a 429, when
 * the limit that is used up frees. Only waits of up to a day are believed.
 */
export function retryAfterOf(status: number, headers: Headers, now: () => number = Date.now): number | undefined {
  for (const name of ['retry-after-ms', 'x-ms-retry-after-ms']) {
    const value = headers.get(name)
    if (value !== null && value.trim() !== '') return believable(Number(value))
  }
  const value = headers.get('retry-after')
  if (value !== null && value.trim() !== '') {
    const seconds = Number(value)
    return believable(Number.isFinite(seconds) ? seconds * 1_000 : Date.parse(value) - now())
  }
  return status === 429 ? resetOf(headers, now) : undefined
}

function believable(ms: number): number | undefined {
  return Number.isFinite(ms) && ms >= 0 && ms <= DAY_MS ? Math.ceil(ms) : undefined
}

/** `x-ratelimit-reset-tokens`, `x-ratelimit-reset`, `…-ratelimit-input-tokens-reset`. */
const RESET = /(?:^|-)ratelimit(?:-[a-z-]+)?-reset(?:-[a-z-]+)?$/
const WHOLE = /(?:^|-)ratelimit-reset$/

/** When the last of the limits that are used up frees. */
function resetOf(headers: Headers, now: () => number): number | undefined {
  let longest: number | undefined
  for (const [name, value] of headers) {
    if (!RESET.test(name)) continue
    const left = headers.get(name.replace(/-reset(?=-|$)/, '-remaining'))
    // Where there is one limit, a 429 is about it.
    if (left === null ? !WHOLE.test(name) : Number(left) !== 0) continue
    const ms = believable(untilReset(value.trim(), now()))
    if (ms !== undefined) longest = Math.max(longest ?? 0, ms)
  }
  return longest
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: DAY_MS }

/** `12ms`, `6m0s`, seconds, seconds or milliseconds of the epoch, or a time. NaN where it is none of them. */
function untilReset(value: string, now: number): number {
  if (/^\d+(?:\.\d+)?$/.test(value)) {
    const number = Number(value)
    return number > 1e12 ? number - now : number > 1e9 ? number * 1_000 - now : number * 1_000
  }
  if (!/^(?:\d+(?:\.\d+)?(?:ms|[smhd]))+$/.test(value)) return Date.parse(value) - now
  let ms = 0
  for (const [, amount, unit] of value.matchAll(/([\d.]+)(ms|[smhd])/g)) ms += Number(amount) * UNITS[unit!]!
  return ms
}
