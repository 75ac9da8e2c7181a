import { DEFAULT_OVERLOAD } from '../contract/defaults.ts'
import type { Overload } from '../contract/routing.ts'
import type { AppError } from '../errors.ts'
import { callError } from '../llm/errors.ts'
import { Refusal } from './refuse.ts'

const TICK_MS = 50
/** A tick that is this late was held up by work. */
const BUSY_MS = TICK_MS
const MEMORY_MS = 1_000
const OVERLOADED = 'the gateway has more work than it can do in time; try again shortly'
const WAIT_MS = { low: 5_000, normal: 2_000, high: 1_000 } as const
/** What each priority bears of the lag, and of memory and calls in flight. */
const LAG = { low: 1, normal: 2, high: 4 } as const
const SHARE = { low: 0.8, normal: 0.9, high: 1 } as const

export type Priority = keyof typeof LAG

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

  /** Why no call may begin, while that is so. */
  halted: AppError | undefined

  readonly #afterTurn: (over: () => void) => void
  /** When the first call of this turn of the loop came; 0 when none has yet. */
  #turnBegan = 0
  readonly #over = () => {
    this.#turnBegan = 0
  }

  constructor(
    now: () => number = () => performance.now(),
    memory: () => number = () => process.memoryUsage.rss(),
    afterTurn: (over: () => void) => void = setImmediate,
  ) {
    this.#now = now
    this.#memory = memory
    this.#afterTurn = afterTurn
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
   * How late the loop is at this moment. Two ticks must be late in a row, for one long pause is no overload; instead of the second one the time
   * counts that this turn of the loop has already taken for calls, so that the end of a large batch knows what its beginning took. Time in
   * which the process did not run at all is not in it.
   */
  lagAt(now: number): number {
    const sustained = Math.min(this.#late, this.#lateBefore)
    if (this.#late < BUSY_MS || this.#turnBegan === 0) return sustained
    return Math.max(sustained, now - this.#turnBegan)
  }

  /** Throws a Refusal, `overloaded`, when a call of this priority should not begin now, and what halts all of them. */
  check(priority: Priority, inFlight: number, settings: Overload = DEFAULT_OVERLOAD, now = this.#now()): void {
    if (this.halted) throw this.halted
    // Nobody asks how long a turn took while the loop keeps time.
    if (this.#turnBegan === 0 && this.#late >= BUSY_MS) {
      this.#turnBegan = now
      this.#afterTurn(this.#over)
    }
    const { max_lag_ms, max_memory_bytes, max_in_flight } = settings
    const share = SHARE[priority]
    if (
      this.lagAt(now) < max_lag_ms * LAG[priority] &&
      inFlight <= max_in_flight * share &&
      (max_memory_bytes === undefined || this.#residentNow() < max_memory_bytes * share)
    )
      return
    throw new Refusal(callError('overloaded', OVERLOADED, WAIT_MS[priority]))
  }
}
