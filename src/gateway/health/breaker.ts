import type { Breaker as Settings } from '../../contract/routing.ts'

/** Calls that must be known before the share of failures means anything. */
const MIN_CALLS = 20
const PARTS = 10
const MAX_DOUBLINGS = 4
/** A probe that was never reported on does not block the next one for longer than this. */
const PROBE_MS = 60_000

export type BreakerState = 'closed' | 'open' | 'probing'

/**
 * Takes a target out of rotation after failures in a row, or when too large a share fails; after a rest one call at a time may probe.
 * A success closes it, a failed probe doubles the rest.
 */
export class CircuitBreaker {
  readonly #settings: Settings
  readonly #calls = new Float64Array(PARTS)
  readonly #failures = new Float64Array(PARTS)
  #part = 0
  #row = 0
  #openUntil = 0
  #openings = 0
  #probeAt = -Infinity
  /** Rises with each rest: what a call from before it tells is old news. Callers keep the value from when they began. */
  epoch = 0

  constructor(settings: Settings) {
    this.#settings = settings
  }

  state(now: number): BreakerState {
    if (this.#openUntil === 0) return 'closed'
    return now < this.#openUntil ? 'open' : 'probing'
  }

  /** Milliseconds until a call may be tried: 0 now. */
  waitMs(now: number): number {
    if (this.#openUntil === 0) return 0
    if (now < this.#openUntil) return this.#openUntil - now
    return Math.max(0, this.#probeAt + PROBE_MS - now)
  }

  /** Asks to make a call. After a rest only one caller gets a yes until it reports. */
  enter(now: number): boolean {
    if (this.#openUntil === 0) return true
    if (this.waitMs(now) > 0) return false
    this.#probeAt = now
    return true
  }

  /** Returns whether this closed the breaker. */
  succeed(now: number, epoch = this.epoch): boolean {
    this.#count(now, false)
    if (this.#openUntil > 0 && epoch !== this.epoch) return false
    this.#row = 0
    if (this.#openUntil === 0) return false
    this.#close()
    return true
  }

  /** Returns whether this opened the breaker, or opened it anew. */
  fail(now: number, epoch = this.epoch): boolean {
    this.#count(now, true)
    this.#row++
    if (this.#openUntil > 0) {
      if (now < this.#openUntil || epoch !== this.epoch) return false
      this.#open(now)
      return true
    }
    if (this.#row < this.#settings.failures && !this.#tooManyFail()) return false
    this.#open(now)
    return true
  }

  /** The call that had entered ended without telling anything about the target: its client left. */
  abandon(epoch = this.epoch): void {
    if (epoch === this.epoch) this.#probeAt = -Infinity
  }

  get openUntil(): number {
    return this.#openUntil
  }

  /** Takes over what another process learned: a rest may become longer, never shorter; 0 closes. */
  adopt(openUntil: number): void {
    if (openUntil === 0) this.#close()
    else if (openUntil > this.#openUntil) {
      this.#openUntil = openUntil
      this.#probeAt = -Infinity
      this.epoch++
    }
  }

  #open(now: number): void {
    const rest = this.#settings.rest_ms * 2 ** Math.min(this.#openings, MAX_DOUBLINGS)
    this.#openings++
    this.#openUntil = Math.max(this.#openUntil, now + rest)
    this.epoch++
    this.#probeAt = -Infinity
  }

  #close(): void {
    this.#openUntil = 0
    this.#openings = 0
    this.#row = 0
    this.#probeAt = -Infinity
    this.#calls.fill(0)
    this.#failures.fill(0)
  }

  #tooManyFail(): boolean {
    let calls = 0
    let failures = 0
    for (let part = 0; part < PARTS; part++) {
      calls += this.#calls[part]!
      failures += this.#failures[part]!
    }
    return calls >= MIN_CALLS && failures * 100 >= calls * this.#settings.failure_percent
  }

  #count(now: number, failed: boolean): void {
    const part = Math.floor(now / (this.#settings.window_ms / PARTS))
    if (part > this.#part) {
      const passed = Math.min(PARTS, part - this.#part)
      for (let back = 0; back < passed; back++) {
        this.#calls[(part - back) % PARTS] = 0
        this.#failures[(part - back) % PARTS] = 0
      }
      this.#part = part
    }
    this.#calls[this.#part % PARTS]!++
    if (failed) this.#failures[this.#part % PARTS]!++
  }
}
