import type { Meter } from './meter.ts'

/** How long a refused caller is told to wait for a free slot; nobody knows better. */
const SLOT_WAIT_MS = 1_000

/** Counts what runs at the same time. */
export class Slots implements Meter {
  limit: number
  #used = 0

  constructor(limit: number) {
    this.limit = limit
  }

  fits(_now: number, amount: number): boolean {
    return this.#used + amount <= this.limit
  }

  take(_now: number, amount: number): number {
    this.#used += amount
    return 0
  }

  settle(_now: number, _ticket: number, taken: number, used: number): void {
    this.#used = Math.max(0, this.#used - taken + used)
  }

  waitMs(now: number, amount: number): number {
    if (amount > this.limit) return Infinity
    return this.fits(now, amount) ? 0 : SLOT_WAIT_MS
  }

  used(): number {
    return this.#used
  }

  resetMs(): number {
    return this.#used === 0 ? 0 : SLOT_WAIT_MS
  }
}
