import { Overload } from '../contract/routing.ts'
import { AppError } from '../errors.ts'

const TICK_MS = 50
/** A tick that is this late was held up by work. */
const BUSY_MS = TICK_MS
const MEMORY_MS = 1_000
const WAIT_MS = { low: 5_000, normal: 2_000, high: 1_000 } as const
/** What each priority bears of the lag, and of memory and calls in flight. */
const LAG = { low: 1, normal: 2, high: 4 } as const
const SHARE = { low: 0.8, normal: 0.9, high: 1 } as const

export type Priority = keyof typeof LAG

const DEFAULTS = Overload.parse({})

/** Watches how busy this process is, and says whom to refuse while it is too busy. */
export class LoadWatch {
  readonly #now: () => number
  readonly #memory: () => number
  #last: number
  /** How late the last tick was, and the one before it. */
  #late = 0
  #lateBefore = 0
  #resident = 0
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
    this.#lateBefore = this.#late
    this.#late = Math.max(0, now - this.#last - TICK_MS)
    this.#last = now
  }

  #residentNow(): number {
    const now = this.#now()
    if (now - this.#measured >= MEMORY_MS) {
      this.#measured = now
      this.#resident = this.#memory()
    }
    return this.#resident
  }

  /**
   * How late the loop is at this moment. Two ticks must be late in a row, for one long pause is no overload; of the second one it is enough that it
   * is overdue, so that the end of a large batch of requests knows what its beginning took.
   */
  lagAt(now: number): number {
    const sustained = Math.min(this.#late, this.#lateBefore)
    return this.#late < BUSY_MS ? sustained : Math.max(sustained, now - this.#last - TICK_MS)
  }

  /** Throws `overloaded` when a call of this priority should not begin now. */
  check(priority: Priority, inFlight: number, settings: Overload = DEFAULTS, now = this.#now()): void {
    const { max_lag_ms, max_memory_bytes, max_in_flight } = settings
    const share = SHARE[priority]
    if (
      this.lagAt(now) < max_lag_ms * LAG[priority] &&
      inFlight <= max_in_flight * share &&
      (max_memory_bytes === undefined || this.#residentNow() < max_memory_bytes * share)
    )
      return
    throw new AppError('overloaded', 'the gateway has more work than it can do in time; try again shortly', {
      retryAfterMs: WAIT_MS[priority],
    })
  }
}
