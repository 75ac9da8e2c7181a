import type { Bank, Meter, MeterSpec } from './meter.ts'

/** What was taken and used under a grant: replaces the taken units by the used ones where the truth is. */
export type Settlement = {
  readonly spec: MeterSpec
  readonly ticket: number
  readonly taken: number
  readonly used: number
}

/** Units handed out by whoever holds the truth, and what it knows. `granted` is 0 or at least what was needed. */
export type Grant = {
  readonly granted: number
  readonly ticket: number
  /** All units counted, those of this grant included. */
  readonly used: number
  readonly spent: number
  readonly waitMs: number
  readonly resetMs: number
  /** Nobody can say what is used, and nothing may pass meanwhile. */
  readonly cut?: boolean
}

/** Where leases come from: the parent process, or Redis. */
export type LeaseSource = {
  /** How long unspent units may be kept. */
  readonly holdMs: number
  /** Largest share of a limit to ask for in advance. */
  readonly share: number
  ask(spec: MeterSpec, need: number, want: number): Promise<Grant>
  settle(settlements: readonly Settlement[]): void
  /** Tells what an earlier process spent, where nobody knows better. */
  seed?(spec: MeterSpec, at: number, spent: number): void
}

/** How long a refusal is believed without asking again. */
const BELIEVE_MS = 50
const FLUSH_MS = 10

/**
 * A meter whose truth is elsewhere. It spends units that were leased in advance, in quanta that grow while they are used up at once and
 * shrink while they are not, and gives back what it does not need. It never spends what it was not granted.
 */
export class LeasedMeter implements Meter {
  limit: number
  #spec: MeterSpec
  readonly #bank: LeasedBank
  #balance = 0
  #ticket = 0
  #until = 0
  #quantum = 1
  #known: Grant = { granted: 0, ticket: 0, used: 0, spent: 0, waitMs: 0, resetMs: 0 }
  #knownAt = 0
  #refusedUntil = 0
  #refused = 0
  #pending: Promise<void> | undefined
  /** Units that calls wait for at this moment. */
  #waiting = 0
  /** Units of slots and money that running calls hold. */
  #held = 0

  constructor(spec: MeterSpec, bank: LeasedBank) {
    this.limit = spec.limit
    this.#spec = spec
    this.#bank = bank
  }

  get spec(): MeterSpec {
    return this.#spec
  }

  configure(spec: MeterSpec): void {
    if (spec.limit !== this.limit) this.giveBack()
    this.limit = spec.limit
    this.#spec = spec
  }

  fits(now: number, amount: number): boolean {
    if (this.#balance > 0 && now >= this.#until) this.giveBack()
    return amount <= this.#balance
  }

  take(_now: number, amount: number): number {
    this.#balance -= amount
    if (this.#balance < 0) {
      this.#bank.queue({ spec: this.#spec, ticket: this.#ticket, taken: 0, used: -this.#balance })
      this.#balance = 0
    }
    if (this.#spec.kind !== 'window') this.#held += amount
    return this.#ticket
  }

  settle(_now: number, ticket: number, taken: number, used: number): void {
    const { kind } = this.#spec
    if (kind === 'slots') {
      this.#held -= taken
      this.#balance += taken - used
      if (this.#refused > 0) this.giveBack()
      else this.#bank.watch(this)
      return
    }
    if (kind === 'budget') this.#held -= taken
    else if (taken === used) return
    this.#bank.queue({ spec: this.#spec, ticket, taken, used })
  }

  waitMs(now: number, amount: number): number {
    if (amount > this.limit) return Infinity
    return this.fits(now, amount) ? 0 : Math.max(1, this.#known.waitMs - (now - this.#knownAt))
  }

  used(): number {
    return Math.max(0, this.#known.used - this.#balance)
  }

  spent(): number {
    return this.#known.spent
  }

  get isCut(): boolean {
    return this.#known.cut === true
  }

  resetMs(now: number): number {
    return Math.max(0, this.#known.resetMs - (now - this.#knownAt))
  }

  restore(_now: number, at: number, spent: number): void {
    this.#bank.source.seed?.(this.#spec, at, spent)
  }

  readonly refill = async (_now: number, amount: number): Promise<boolean> => {
    if (amount > this.limit) return false
    this.#waiting += amount
    try {
      for (;;) {
        const now = this.#bank.now()
        if (this.fits(now, amount)) return true
        if (now < this.#refusedUntil && amount >= this.#refused) return false
        // One question at a time, and it asks for all who wait.
        if (this.#pending) await this.#pending
        else {
          this.#pending = this.#fetch(now, amount).finally(() => (this.#pending = undefined))
          await this.#pending
          return this.#refusedUntil <= this.#bank.now()
        }
      }
    } finally {
      this.#waiting -= amount
    }
  }

  /** Whether units of running calls are counted elsewhere under this process's name. */
  get isHeld(): boolean {
    return this.#held > 0 || this.#balance > 0
  }

  get isOverdue(): boolean {
    return this.#balance > 0 && this.#bank.now() >= this.#until
  }

  giveBack(): void {
    if (this.#balance > 0) this.#bank.queue({ spec: this.#spec, ticket: this.#ticket, taken: this.#balance, used: 0 })
    this.#balance = 0
    this.#quantum = Math.max(1, this.#quantum / 2)
  }

  async #fetch(now: number, amount: number): Promise<void> {
    const need = amount - this.#balance
    // What was leased is gone before its time: a larger quantum saves questions.
    if (now < this.#until) this.#quantum *= 2
    const most = Math.max(1, Math.floor(this.limit * this.#bank.source.share))
    this.#quantum = Math.min(Math.max(this.#quantum, amount), Math.max(most, amount))
    this.#bank.flush()
    const grant = await this.#bank.source.ask(
      this.#spec,
      need,
      Math.max(need, this.#waiting - this.#balance, Math.floor(this.#quantum)),
    )
    const later = this.#bank.now()
    this.#known = grant
    if (this.#spec.kind === 'budget') this.#bank.onSpent?.(this.#spec.id, grant.spent, grant.ticket)
    this.#knownAt = later
    if (grant.granted === 0) {
      this.#refused = amount
      this.#refusedUntil = later + Math.min(BELIEVE_MS, grant.waitMs)
      return
    }
    this.#refused = 0
    this.#refusedUntil = 0
    // Units of an older part of the window would be settled in the wrong one.
    if (this.#balance > 0 && grant.ticket !== this.#ticket && this.#spec.kind === 'window')
      this.#bank.queue({ spec: this.#spec, ticket: this.#ticket, taken: this.#balance, used: this.#balance })
    this.#balance += grant.granted
    this.#ticket = grant.ticket
    this.#until = later + Math.min(this.#bank.source.holdMs, Math.max(1, grant.resetMs || Infinity), holdOf(this.#spec))
    this.#bank.watch(this)
  }
}

/** Units of a window are kept for less than one of its parts, or they would count for longer than they are spent. */
function holdOf({ kind, windowMs }: MeterSpec): number {
  return kind === 'window' ? windowMs / 128 : Infinity
}

/** Leased meters by id, and what is to be told to their source. */
export class LeasedBank implements Bank {
  readonly evictions = 0
  readonly source: LeaseSource
  /** Told what a budget has spent since `start`, whenever that is learned. */
  onSpent: ((id: string, spent: number, start: number) => void) | undefined
  readonly now: () => number
  readonly #meters = new Map<string, LeasedMeter>()
  readonly #watched = new Set<LeasedMeter>()
  readonly #max: number
  #queued: Settlement[] = []
  #timer: Timer | undefined

  constructor(source: LeaseSource, now: () => number = Date.now, max = 20_000) {
    this.source = source
    this.now = now
    this.#max = max
  }

  open(spec: MeterSpec): Meter {
    const known = this.#meters.get(spec.id)
    if (known) {
      known.configure(spec)
      return known
    }
    if (this.#meters.size >= this.#max) this.#forgetIdle()
    const meter = new LeasedMeter(spec, this)
    this.#meters.set(spec.id, meter)
    return meter
  }

  queue(settlement: Settlement): void {
    this.#queued.push(settlement)
    this.#wake()
  }

  watch(meter: LeasedMeter): void {
    this.#watched.add(meter)
    this.#wake()
  }

  /** The holder of the truth needs units for others. */
  recall(id: string): void {
    this.#meters.get(id)?.giveBack()
    this.flush()
  }

  /** Meters of which units are counted under this process's name. */
  *held(): Iterable<MeterSpec> {
    for (const meter of this.#meters.values()) if (meter.isHeld) yield meter.spec
  }

  entries(): Iterable<readonly [string, Meter]> {
    return this.#meters
  }

  /** Sends what is to be told, now. */
  flush(): void {
    if (this.#queued.length === 0) return
    const settlements = this.#queued
    this.#queued = []
    this.source.settle(settlements)
  }

  /** Gives everything back: the process ends. */
  close(): void {
    clearTimeout(this.#timer)
    for (const meter of this.#meters.values()) meter.giveBack()
    this.flush()
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #wake(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      for (const meter of this.#watched) {
        if (meter.isOverdue) meter.giveBack()
        if (!meter.isHeld) this.#watched.delete(meter)
      }
      this.flush()
      if (this.#watched.size > 0) this.#wake()
    }, FLUSH_MS)
  }

  #forgetIdle(): void {
    for (const [id, meter] of this.#meters) {
      if (meter.isHeld) continue
      this.#meters.delete(id)
      return
    }
  }
}
