/**
 * A thing that is counted against a bound: calls or tokens in a sliding window, calls in flight, money in a period.
 * Amounts are whole units. `now` is milliseconds and never read from a clock here. What `take` returns goes back to `settle`
 * unchanged; a meter is settled exactly once for each take.
 */
export type Meter = {
  /** The bound; changes when the configuration does, without losing what was counted. */
  limit: number
  fits(now: number, amount: number): boolean
  /** Counts the amount whether it fits or not; callers ask `fits` first. Returns a ticket. */
  take(now: number, amount: number): number
  /** Replaces what was taken by what was really used. Slots come back with `used` 0. */
  settle(now: number, ticket: number, taken: number, used: number): void
  /** Milliseconds until the amount may fit: 0 now, Infinity never. */
  waitMs(now: number, amount: number): number
  used(now: number): number
  /** Milliseconds until nothing is counted any more, if nothing is added. */
  resetMs(now: number): number
  /** Of a budget: what calls really cost, without what is reserved. */
  spent?(now: number): number
  /** Of a budget: counts what an earlier process spent at the time `at`. */
  restore?(now: number, at: number, spent: number): void
  /** Nobody can say at the moment what is used: the counters that nodes share are away, and nothing may pass without them. */
  readonly isCut?: boolean
  /** Fetches more units for this process. Resolves to false when there are none; true is no promise: others take units too. Absent where
   * this process holds the truth. */
  readonly refill?: (now: number, amount: number) => Promise<boolean>
}

/** How a meter counts. `windowMs` is 0 for slots. */
export type MeterKind = 'window' | 'slots' | 'budget'

/** What a meter needs to be made anywhere: in this process, its parent, or Redis. */
export type MeterSpec = {
  readonly id: string
  readonly kind: MeterKind
  readonly limit: number
  readonly windowMs: number
  /** Calendar period of a budget. */
  readonly period?: Period
  /** Its name comes from clients, so there can be any number of its kind: it may be forgotten for lack of room. */
  readonly evictable?: boolean
}

export type Period = 'day' | 'week' | 'month' | 'once'

/** Where meters come from. The same id gives the same meter for as long as it is remembered. */
export type Bank = {
  open(spec: MeterSpec): Meter
  /** Rises when a meter was forgotten: whoever remembers meters must ask again. */
  readonly evictions: number
}
