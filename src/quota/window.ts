import type { Meter } from './meter.ts'

/** Parts of a window. A unit is forgotten at most one part after its window has passed, and never before. */
const PARTS = 128

/**
 * Counts units over a sliding window, in 128 parts. No span of `windowMs` ever holds more than the limit; what was used is free again
 * at most 0.8 % of the window late. Memory is fixed: one kilobyte.
 */
export class SlidingWindow implements Meter {
  limit: number
  readonly partMs: number
  readonly #counts = new Float64Array(PARTS + 1)
  #part = 0
  #total = 0

  constructor(limit: number, windowMs: number) {
    this.limit = limit
    this.partMs = windowMs / PARTS
  }

  fits(now: number, amount: number): boolean {
    this.#advance(now)
    return this.#total + amount <= this.limit
  }

  take(now: number, amount: number): number {
    this.#advance(now)
    this.#counts[this.#part % (PARTS + 1)]! += amount
    this.#total += amount
    return this.#part
  }

  /** Returned units leave the part they were taken in, if it still counts; extra ones are counted now. */
  settle(now: number, ticket: number, taken: number, used: number): void {
    this.#advance(now)
    if (used > taken) {
      this.#counts[this.#part % (PARTS + 1)]! += used - taken
      this.#total += used - taken
    } else if (used < taken && ticket >= this.#part - PARTS) {
      const slot = ticket % (PARTS + 1)
      const back = Math.min(taken - used, this.#counts[slot]!)
      this.#counts[slot]! -= back
      this.#total -= back
    }
  }

  waitMs(now: number, amount: number): number {
    this.#advance(now)
    if (amount > this.limit) return Infinity
    let excess = this.#total + amount - this.limit
    if (excess <= 0) return 0
    for (let age = PARTS; age >= 0; age--) {
      const part = this.#part - age
      if (part < 0) continue
      excess -= this.#counts[part % (PARTS + 1)]!
      if (excess <= 0) return Math.max(1, Math.ceil((part + PARTS + 1) * this.partMs - now))
    }
    return Infinity
  }

  used(now: number): number {
    this.#advance(now)
    return this.#total
  }

  resetMs(now: number): number {
    this.#advance(now)
    if (this.#total === 0) return 0
    for (let age = 0; age <= PARTS; age++) {
      const part = this.#part - age
      if (part >= 0 && this.#counts[part % (PARTS + 1)]! > 0)
        return Math.max(1, Math.ceil((part + PARTS + 1) * this.partMs - now))
    }
    return 0
  }

  #advance(now: number): void {
    const part = Math.floor(now / this.partMs)
    if (part <= this.#part) return
    if (part - this.#part > PARTS) {
      this.#counts.fill(0)
      this.#total = 0
    } else {
      for (let next = this.#part + 1; next <= part; next++) {
        const slot = next % (PARTS + 1)
        this.#total -= this.#counts[slot]!
        this.#counts[slot] = 0
      }
    }
    this.#part = part
  }
}
