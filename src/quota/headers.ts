import type { LimitState, Measure } from './limits.ts'

/** The families of header names that clients read. */
export type HeaderDialect = 'openai' | 'anthropic' | 'gemini'

type Pair = readonly [name: string, value: string]

/** Milliseconds as OpenAI writes them: `12ms`, `1.5s`, `6m0s`, `1h2m3s`. */
export function formatReset(ms: number): string {
  if (ms < 1_000) return `${Math.ceil(ms)}ms`
  const total = Math.ceil(ms / 100) / 10
  if (total < 60) return `${total}s`
  const seconds = Math.ceil(ms / 1_000)
  const hours = Math.floor(seconds / 3_600)
  const minutes = Math.floor((seconds % 3_600) / 60)
  return `${hours > 0 ? `${hours}h` : ''}${minutes}m${seconds % 60}s`
}

function tightest(states: readonly LimitState[], measure: Measure): LimitState | undefined {
  let found: LimitState | undefined
  for (const state of states) {
    if (state.measure !== measure) continue
    if (!found || state.remaining < found.remaining) found = state
  }
  return found
}

/**
 * The rate-limit headers of an answer: of each measure the limit with the least left in the client's own dialect, and all of them as
 * the IETF fields `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers-10).
 */
export function limitHeaders(states: readonly LimitState[], dialect: HeaderDialect, now: number): Pair[] {
  if (states.length === 0) return []
  const pairs: Pair[] = []
  const prefix = dialect === 'anthropic' ? 'anthropic-ratelimit' : 'x-ratelimit'
  for (const measure of ['requests', 'tokens'] as const) {
    const state = tightest(states, measure)
    if (!state) continue
    if (dialect === 'anthropic') {
      pairs.push([`${prefix}-${measure}-limit`, String(state.limit)])
      pairs.push([`${prefix}-${measure}-remaining`, String(state.remaining)])
      pairs.push([`${prefix}-${measure}-reset`, rfc3339(now + state.resetMs)])
    } else {
      pairs.push([`${prefix}-limit-${measure}`, String(state.limit)])
      pairs.push([`${prefix}-remaining-${measure}`, String(state.remaining)])
      pairs.push([`${prefix}-reset-${measure}`, formatReset(state.resetMs)])
    }
  }
  let policy = ''
  let left = ''
  for (const state of states) {
    const label = labelOf(state)
    const window = state.windowMs > 0 ? `;w=${state.windowMs / 1_000}` : ''
    policy += `${policy && ', '}"${label}";q=${state.limit}${window}${UNITS[state.measure]}`
    left += `${left && ', '}"${label}";r=${state.remaining};t=${Math.ceil(state.resetMs / 1_000)}`
  }
  pairs.push(['ratelimit-policy', policy], ['ratelimit', left])
  return pairs
}

/** Names of limits are slugs, so that they need no escaping in a structured field. */
function labelOf({ name, measure, windowMs }: LimitState): string {
  return windowMs > 0 ? `${name}-${measure}-${windowMs / 1_000}s` : `${name}-${measure}`
}

const UNITS: Readonly<Record<Measure, string>> = {
  requests: '',
  tokens: ';qu="tokens"',
  in_flight: ';qu="concurrent-requests"',
}

function rfc3339(ms: number): string {
  return `${new Date(Math.ceil(ms / 1_000) * 1_000).toISOString().slice(0, 19)}Z`
}
