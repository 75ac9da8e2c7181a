import { Overload } from '../contract/routing.ts'
import { AppError } from '../errors.ts'

const TICK_MS = 50
/** Ticks that must all be late: one long pause is no overload. */
const TICKS = 4
const MEMORY_MS = 1_000
const WAIT_MS = { low: 5_000, normal: 2_000, high: 1_000 } as const
/** What each priority bears of the lag, and of memory and calls in flight. */
const LAG = { low: 1, normal: 2, high: 4 } as const
const SHARE = { low: 0.8, normal: 0.9, high: 1 } as const

export type Priority = keyof typeof LAG

const DEFAULTS = Overload.parse({})

/** Watches how busy this process is, and says whom to refuse while it is too busy. */
export class LoadWatch {
  readonly #lags = new Float64Array(TICKS)
  readonly #now: () => number
  readonly #memory: () => number
  #at = 0
  #last: number
  #resident = 0
  #lag = 0
  /** Asking for the memory is dear: only who has a bound for it asks, once a second. */
  #measured = -Infinity
  #timer: Timer | undefined

  constructor(now: () => number = () => performance.now(), memory: () => number = () => process.memoryUsage.rss()) {
    this.#now = now
    this.#memory = memory
    this.#last = now()
  }

  start(): void {
    this.#timer = setInterval(() => this.tick(), TICK_MS)
    this.#timer.unref()
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  /** Called every 50 ms; how much later it is called is the lag. */
  tick(): void {
    const now = this.#now()
    this.#lags[this.#at % TICKS] = Math.max(0, now - this.#last - TICK_MS)
    this.#last = now
    this.#at++
    let least = Infinity
    for (const lag of this.#lags) if (lag < least) least = lag
    this.#lag = least
  }

  #residentNow(): number {
    const now = this.#now()
    if (now - this.#measured >= MEMORY_MS) {
      this.#measured = now
      this.#resident = this.#memory()
    }
    return this.#resident
  }

  /** The least delay of the last ticks. */
  get lagMs(): number {
    return this.#lag
  }

  /** Throws `overloaded` when a call of this priority should not begin now. */
  check(priority: Priority, inFlight: number, settings: Overload = DEFAULTS): void {
    const { max_lag_ms, max_memory_bytes, max_in_flight } = settings
    const share = SHARE[priority]
    if (
      this.#lag < max_lag_ms * LAG[priority] &&
      inFlight <= max_in_flight * share &&
      (max_memory_bytes === undefined || this.#residentNow() < max_memory_bytes * share)
    )
      return
    throw new AppError('overloaded', 'the gateway has more work than it can do in time; try again shortly', {
      retryAfterMs: WAIT_MS[priority],
    })
  }
}
