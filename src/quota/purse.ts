import type { Meter, Period } from './meter.ts'
import { periodEnd, periodStart } from './period.ts'

/** How long to wait for reservations of other calls. */
const RESERVED_WAIT_MS = 1_000

/** The money of one budget in its current period, in micro-dollars: what was spent and what running calls have reserved. */
export class Purse implements Meter {
  limit: number
  readonly period: Period
  #start = 0
  #end = 0
  #spent = 0
  #reserved = 0
  /** Called after each change of what was spent. */
  onSpent: ((spent: number, purse: Purse) => void) | undefined

  constructor(limit: number, period: Period) {
    this.limit = limit
    this.period = period
  }

  fits(now: number, amount: number): boolean {
    this.#advance(now)
    return this.#spent + this.#reserved + amount <= this.limit
  }

  take(now: number, amount: number): number {
    this.#advance(now)
    this.#reserved += amount
    return this.#start
  }

  /** What a call cost belongs to the period that it was admitted in. */
  settle(now: number, ticket: number, taken: number, used: number): void {
    this.#advance(now)
    if (ticket !== this.#start) return
    this.#reserved = Math.max(0, this.#reserved - taken)
    if (used > 0) this.#spend(used)
  }

  /** What was spent at a time before the current period does not count. */
  restore(now: number, at: number, spent: number): void {
    this.#advance(now)
    if (at >= this.#start && spent > 0) this.#spend(spent)
  }

  waitMs(now: number, amount: number): number {
    if (this.fits(now, amount)) return 0
    return this.#spent + amount <= this.limit ? RESERVED_WAIT_MS : this.#end - now
  }

  used(now: number): number {
    this.#advance(now)
    return this.#spent + this.#reserved
  }

  spent(now: number): number {
    this.#advance(now)
    return this.#spent
  }

  /** The first millisecond of the period that is counted now. */
  startedAt(now: number): number {
    this.#advance(now)
    return this.#start
  }

  resetMs(now: number): number {
    this.#advance(now)
    return this.#end - now
  }

  #spend(micros: number): void {
    this.#spent += micros
    this.onSpent?.(this.#spent, this)
  }

  /** Reservations do not follow into a new period: their calls were admitted in the old one. */
  #advance(now: number): void {
    if (now < this.#end) return
    this.#start = periodStart(this.period, now)
    this.#end = periodEnd(this.period, now)
    this.#spent = 0
    this.#reserved = 0
  }
}
