import type { Retries } from '../contract/routing.ts'
import type { CallError } from '../llm/spec.ts'
import { SlidingWindow } from '../quota/window.ts'
import type { SpecialFailure } from './route/alias.ts'

const MAX_BACKOFF_MS = 8_000
const BUDGET_WINDOW_MS = 10_000
/** Repetitions that are always allowed, so that a quiet gateway can repeat at all. */
const FREE_RETRIES = 100
const RETRY_SHARE = 0.1

/**
 * What a failed attempt means for the call.
 * `again`: the same target may do better. `elsewhere`: only another target or credential may. `special`: only a place of the failure's own
 * list. `final`: nobody would answer differently.
 */
export type Verdict =
  { readonly kind: 'again' | 'elsewhere' | 'final' } | { readonly kind: 'special'; readonly failure: SpecialFailure }

const AGAIN: Verdict = { kind: 'again' }
const ELSEWHERE: Verdict = { kind: 'elsewhere' }
const FINAL: Verdict = { kind: 'final' }

/** Vendor statuses that are worth another try, as the official SDKs have them. */
const AGAIN_STATUSES = new Set([408, 409, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529])

export function judgeFailure(error: CallError): Verdict {
  switch (error.code) {
    case 'context_length_exceeded':
    case 'content_filtered':
      return { kind: 'special', failure: error.code }
    case 'client_closed':
    // A mistake of our own is nobody's fault, and would be made again.
    case 'internal':
      return FINAL
    case 'quota_exceeded':
    case 'upstream_unauthorized':
    case 'provider_unavailable':
    case 'limits_unavailable':
    case 'loop_detected':
    case 'upstream_timeout':
      return ELSEWHERE
    default:
  }
  const status = error.vendor?.status
  if (status !== undefined && status >= 400) {
    if (AGAIN_STATUSES.has(status)) return AGAIN
    if (status === 401 || status === 402 || status === 403 || status === 404) return ELSEWHERE
    return status >= 500 ? AGAIN : FINAL
  }
  return error.retryable ? AGAIN : FINAL
}

/** Whether the failure says something about the target's health, rather than about the call or the credential. */
export function isTargetFailure(error: CallError): boolean {
  const verdict = judgeFailure(error)
  if (verdict.kind === 'special' || verdict.kind === 'final') return false
  const status = error.vendor?.status ?? error.status
  return status >= 500 || status === 408
}

/** How a credential must rest after the failure, if it must. */
export function restReasonOf(error: CallError): 'rate_limited' | 'rejected' | undefined {
  const status = error.vendor?.status
  if (status === 429 || error.code === 'rate_limited' || error.code === 'quota_exceeded') return 'rate_limited'
  if (status === 401 || status === 402 || status === 403 || error.code === 'upstream_unauthorized') return 'rejected'
  return undefined
}

/**
 * Milliseconds to wait before try number `tried + 1` at the same target (`tried` counts from 1), or undefined when the vendor asks for
 * longer than allowed: then another target is the better choice.
 */
export function waitBeforeRetry(
  retries: Retries,
  tried: number,
  vendorMs: number | undefined,
  random: () => number,
): number | undefined {
  if (vendorMs !== undefined) return vendorMs <= retries.max_wait_ms ? vendorMs : undefined
  const backoff = Math.min(retries.backoff_ms * 2 ** (tried - 1), MAX_BACKOFF_MS)
  return Math.round(backoff * (0.5 + random() / 2))
}

/**
 * Keeps repetitions at the same target to a tenth of the traffic of the last ten seconds, or to ten a second where there is less: a vendor
 * that has a bad day is not hit twice as hard. Moving on to another target is not a repetition.
 */
export class RetryBudget {
  readonly #calls = new SlidingWindow(Infinity, BUDGET_WINDOW_MS)
  readonly #retries = new SlidingWindow(Infinity, BUDGET_WINDOW_MS)

  called(now: number): void {
    this.#calls.take(now, 1)
  }

  /** Takes one repetition out of the budget; false when there is none left. */
  take(now: number): boolean {
    const allowed = Math.max(FREE_RETRIES, this.#calls.used(now) * RETRY_SHARE)
    if (this.#retries.used(now) + 1 > allowed) return false
    this.#retries.take(now, 1)
    return true
  }
}
