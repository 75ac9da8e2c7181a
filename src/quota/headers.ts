import type { LimitState, Measure } from './limits.ts'

/** The families of header names that clients read. */
export type HeaderDialect = 'openai' | 'anthropic' | 'gemini'

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

const NAMES = {
  openai: {
    requests: ['x-ratelimit-limit-requests', 'x-ratelimit-remaining-requests', 'x-ratelimit-reset-requests'],
    tokens: ['x-ratelimit-limit-tokens', 'x-ratelimit-remaining-tokens', 'x-ratelimit-reset-tokens'],
  },
  anthropic: {
    requests: [
      'anthropic-ratelimit-requests-limit',
      'anthropic-ratelimit-requests-remaining',
      'anthropic-ratelimit-requests-reset',
    ],
    tokens: [
      'anthropic-ratelimit-tokens-limit',
      'anthropic-ratelimit-tokens-remaining',
      'anthropic-ratelimit-tokens-reset',
    ],
  },
} as const

/**
 * The rate-limit headers of an answer, as lines: of each measure the limit with the least left in the client's own dialect, and all of them as
 * the IETF fields `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers-10).
 */
export function limitLines(states: readonly LimitState[], dialect: HeaderDialect, now: number): string {
  if (states.length === 0) return ''
  let lines = ''
  for (const measure of ['requests', 'tokens'] as const) {
    const state = tightest(states, measure)
    if (!state) continue
    const anthropic = dialect === 'anthropic'
    const [limit, remaining, reset] = NAMES[anthropic ? 'anthropic' : 'openai'][measure]
    const when = anthropic ? rfc3339(now + state.resetMs) : formatReset(state.resetMs)
    lines += `${limit}: ${state.limit}\r\n${remaining}: ${state.remaining}\r\n${reset}: ${when}\r\n`
  }
  let policy = ''
  let left = ''
  for (const { field, remaining, resetMs } of states) {
    const comma = policy === '' ? '' : ', '
    policy += comma + field.policy
    left += `${comma}${field.label};r=${remaining};t=${Math.ceil(resetMs / 1_000)}`
  }
  return `${lines}ratelimit-policy: ${policy}\r\nratelimit: ${left}\r\n`
}

const UNITS: Readonly<Record<Measure, string>> = {
  requests: '',
  tokens: ';qu="tokens"',
  in_flight: ';qu="concurrent-requests"',
}

/** One rate as the IETF fields name it: its label and its policy, which stay the same for all calls. */
export type RateField = { readonly label: string; readonly policy: string }

/** Names of limits are slugs, so that they need no escaping in a structured field. */
export function rateField(name: string, measure: Measure, limit: number, windowMs: number): RateField {
  const seconds = windowMs / 1_000
  const label = windowMs > 0 ? `"${name}-${measure}-${seconds}s"` : `"${name}-${measure}"`
  return { label, policy: `${label};q=${limit}${windowMs > 0 ? `;w=${seconds}` : ''}${UNITS[measure]}` }
}

function rfc3339(ms: number): string {
  return `${new Date(Math.ceil(ms / 1_000) * 1_000).toISOString().slice(0, 19)}Z`
}
