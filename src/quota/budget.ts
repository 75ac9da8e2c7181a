import type { Budget } from '../contract/budget.ts'
import { AppError } from '../errors.ts'
import { compileSelector, partitionOf, type CallAttributes } from './attributes.ts'
import { boundOutputTokens, type CostBound } from './estimate.ts'
import { cutOff } from './limits.ts'
import type { Bank, Meter } from './meter.ts'
import { periodStart } from './period.ts'
import { Remembered } from './remembered.ts'

/** A call is not worth admitting for fewer output tokens than this. */
const MIN_OUTPUT_TOKENS = 16
/** How long to wait before a caller tries again for money that others have reserved. */
const RESERVED_WAIT_MS = 1_000
/** Calls that may wait for reserved money at the same time. */
const MAX_WAITING = 2_000
/** How often a waiting call looks again when nothing here was settled: other processes settle too. */
const LOOK_MS = 50
/** Tries to fetch money from another process: others may take it first. */
const REFILLS = 100
/** A call whose cost nobody knows may begin as long as anything is left. */
const UNPRICED: CostBound = { inputMicros: 1, perOutputToken: 0, askedOutputTokens: 0 }

type Rule = { readonly budget: Budget; readonly matches: (attributes: CallAttributes) => boolean }
type Purse = { readonly budget: Budget; readonly meter: Meter }

/** Why a budget stands against a call. `reserved` means that running calls hold the rest and may give some of it back. */
export type BudgetRefusal = {
  readonly refused: true
  readonly budget: string
  readonly amountMicros: number
  readonly spentMicros: number
  /** What this call could cost at most; null when the model has no known price. */
  readonly neededMicros: number | null
  readonly reserved: boolean
  /** Nobody knows what is left: the counters that nodes share are away. */
  readonly cut: boolean
  /** Until the next period begins, or until reserved money may be free. */
  readonly waitMs: number
}

/** What calls of one kind cost at a time before. */
export type PastCost = { readonly attributes: CallAttributes; readonly costMicros: number; readonly at: number }

/** Money that is held for one call in every budget that the call concerns. Settled once; later calls of `settle` do nothing. */
export class Reservation {
  readonly refused = false
  /** The call must not produce more output tokens than this: there is no money for them. */
  readonly outputCap: number | undefined
  readonly expiresAt: number
  readonly #purses: readonly Purse[]
  readonly #amounts: number[]
  readonly #tickets: readonly number[]
  readonly #done: (reservation: Reservation) => void
  #open = true

  constructor(
    purses: readonly Purse[],
    held: { amounts: number[]; tickets: number[]; cap: number | undefined; expiresAt: number },
    done: (reservation: Reservation) => void,
  ) {
    this.#purses = purses
    this.#amounts = held.amounts
    this.#tickets = held.tickets
    this.outputCap = held.cap
    this.expiresAt = held.expiresAt
    this.#done = done
  }

  /** Replaces the reservation by what the call really cost, in whole micro-dollars. */
  settle(now: number, costMicros: number): void {
    if (!this.#open) return
    this.#open = false
    const cost = Number.isFinite(costMicros) && costMicros > 0 ? Math.ceil(costMicros) : 0
    for (let index = 0; index < this.#purses.length; index++)
      this.#purses[index]!.meter.settle(now, this.#tickets[index]!, this.#amounts[index]!, cost)
    this.#done(this)
  }

  /** Gives back what was held; the call is still charged when it settles after all. */
  expire(now: number): void {
    if (!this.#open) return
    for (let index = 0; index < this.#purses.length; index++) {
      this.#purses[index]!.meter.settle(now, this.#tickets[index]!, this.#amounts[index]!, 0)
      this.#amounts[index] = 0
    }
    this.#done(this)
  }
}

const NOTHING_RESERVED = new Reservation(
  [],
  { amounts: [], tickets: [], cap: undefined, expiresAt: Infinity },
  () => {},
)

type Waiter = () => void

/** Compiled budgets. Counts live in the bank and outlive a change of the configuration. */
export class Budgets {
  readonly #bank: Bank
  readonly #rules: readonly Rule[]
  readonly #remembered = new Remembered<readonly Purse[]>()
  #evictions: number
  readonly #open = new Set<Reservation>()
  readonly #waiting = new Set<Waiter>()
  readonly #clock: () => number
  readonly #done = (reservation: Reservation) => {
    this.#open.delete(reservation)
    if (this.#waiting.size > 0) for (const wake of this.#waiting) wake()
  }

  constructor(budgets: readonly Budget[], bank: Bank, clock: () => number = Date.now) {
    const names = new Set<string>()
    for (const { name } of budgets) {
      if (names.has(name))
        throw new AppError('invalid_configuration', `budgets: the name "${name}" is used twice; choose another`)
      names.add(name)
    }
    this.#bank = bank
    this.#evictions = bank.evictions
    this.#clock = clock
    this.#rules = budgets.map((budget) => ({ budget, matches: compileSelector(budget.for) }))
  }

  get isEmpty(): boolean {
    return this.#rules.length === 0
  }

  /** Reservations that are not settled yet. */
  get openCount(): number {
    return this.#open.size
  }

  /**
   * Holds what the call can cost, or says which budget stands against it. `cost` is null when the model has no known price. A promise
   * only when money must come from another process, or when running calls may soon give some back.
   */
  reserve(
    attributes: CallAttributes,
    cost: CostBound | null,
    now: number,
  ): Reservation | BudgetRefusal | Promise<Reservation | BudgetRefusal> {
    if (this.#rules.length === 0) return NOTHING_RESERVED
    const purses = this.#pursesFor(attributes)
    if (purses.length === 0) return NOTHING_RESERVED
    if (cost === null) {
      const strict = purses.find(({ budget }) => budget.mode === 'hard' && budget.unpriced === 'refuse')
      if (strict) return refusalOf(strict, null, now)
      cost = UNPRICED
    }
    const answer = this.#tryReserve(purses, cost, now)
    if (!answer.refused) return answer
    if (answer.reserved || purses.some(({ meter }) => meter.refill)) return this.#reserveLater(attributes, cost, answer)
    return answer
  }

  /** Gives back reservations whose time is over. Call now and then. */
  sweep(now: number): number {
    let expired = 0
    for (const reservation of this.#open) {
      if (reservation.expiresAt > now) continue
      reservation.expire(now)
      expired++
    }
    return expired
  }

  /** Counts what was used without a reservation, as by work that went on after its call. */
  charge(attributes: CallAttributes, costMicros: number, now: number): void {
    for (const { meter } of this.#pursesFor(attributes)) meter.settle(now, meter.take(now, 0), 0, costMicros)
  }

  /** Counts what calls cost before somebody counted here, in every budget whose current period holds them; in those of `only` where it is given. */
  restore(costs: Iterable<PastCost>, now: number, only?: ReadonlySet<string>): void {
    const sums = new Map<Meter, number>()
    for (const { attributes, costMicros, at } of costs)
      for (const { budget, meter } of this.#pursesFor(attributes))
        if (at >= periodStart(budget.period, now) && (!only || only.has(budget.name)))
          sums.set(meter, (sums.get(meter) ?? 0) + costMicros)
    // Each once: of what nodes share only the first word is believed.
    for (const [meter, spent] of sums) meter.restore?.(now, now, spent)
  }

  /** What each budget that concerns these calls has seen. */
  states(
    attributes: CallAttributes,
    now: number,
  ): { name: string; amountMicros: number; spentMicros: number; usedMicros: number }[] {
    return this.#pursesFor(attributes).map(({ budget, meter }) => ({
      name: budget.name,
      amountMicros: budget.amount_micros,
      spentMicros: meter.spent?.(now) ?? 0,
      usedMicros: meter.used(now),
    }))
  }

  #tryReserve(purses: readonly Purse[], cost: CostBound, now: number): Reservation | BudgetRefusal {
    let cap: number | undefined
    for (const purse of purses) {
      const { budget, meter } = purse
      if (budget.mode === 'soft') continue
      const amount = amountOf(budget, cost, undefined)
      if (meter.fits(now, amount)) continue
      const refusal = refusalOf(purse, amount, now)
      const affordable = capOf(refusal, cost)
      if (affordable === undefined) return refusal
      cap = Math.min(cap ?? Infinity, affordable)
    }
    // Where the truth is elsewhere, what is left is only known; units of it must be here.
    if (cap !== undefined)
      for (const purse of purses) {
        const amount = amountOf(purse.budget, cost, cap)
        if (purse.budget.mode === 'hard' && !purse.meter.fits(now, amount)) return refusalOf(purse, amount, now)
      }
    const amounts: number[] = []
    const tickets: number[] = []
    let life = Infinity
    for (const { budget, meter } of purses) {
      // Nothing is kept free for a budget that refuses nothing.
      const amount = budget.mode === 'soft' ? 0 : amountOf(budget, cost, cap)
      amounts.push(amount)
      tickets.push(meter.take(now, amount))
      life = Math.min(life, budget.reservation_ms)
    }
    const reservation = new Reservation(purses, { amounts, tickets, cap, expiresAt: now + life }, this.#done)
    this.#open.add(reservation)
    return reservation
  }

  async #reserveLater(
    attributes: CallAttributes,
    cost: CostBound,
    first: BudgetRefusal,
  ): Promise<Reservation | BudgetRefusal> {
    let purses = this.#pursesFor(attributes)
    const deadline = this.#clock() + Math.min(...purses.map(({ budget }) => budget.wait_ms))
    let answer: Reservation | BudgetRefusal = first
    for (;;) {
      for (const { budget, meter } of purses) {
        if (budget.mode === 'soft' || !meter.refill) continue
        // More than there ever is would not even be asked for.
        const whole = Math.min(amountOf(budget, cost, undefined), budget.amount_micros)
        let amount = whole
        // Nothing is waited for between the last look and the reservation: others would take the units.
        for (let round = 0; round < REFILLS && !meter.fits(this.#clock(), amount); round++) {
          if (await meter.refill(this.#clock(), amount)) continue
          const cap = amount === whole ? capOf(refusalOf({ budget, meter }, whole, this.#clock()), cost) : undefined
          if (cap === undefined) break
          amount = amountOf(budget, cost, cap)
        }
      }
      answer = this.#tryReserve(purses, cost, this.#clock())
      const left = deadline - this.#clock()
      if (!answer.refused || !answer.reserved || left <= 0 || this.#waiting.size >= MAX_WAITING) return answer
      await this.#settledOrAfter(Math.min(left, LOOK_MS))
      // One of which nothing was counted may have been forgotten meanwhile.
      purses = this.#pursesFor(attributes)
    }
  }

  /** Waiting calls wake in the order in which they came. */
  #settledOrAfter(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer)
        this.#waiting.delete(wake)
        resolve()
      }
      const timer = setTimeout(wake, ms)
      this.#waiting.add(wake)
    })
  }

  #pursesFor(attributes: CallAttributes): readonly Purse[] {
    if (this.#evictions !== this.#bank.evictions) {
      this.#evictions = this.#bank.evictions
      this.#remembered.clear()
    }
    let purses = this.#remembered.get(attributes)
    if (!purses) this.#remembered.set(attributes, (purses = this.#openPurses(attributes)))
    return purses
  }

  #openPurses(attributes: CallAttributes): readonly Purse[] {
    const purses: Purse[] = []
    for (const { budget, matches } of this.#rules) {
      const partition = matches(attributes) ? partitionOf(budget.per, attributes) : null
      if (partition === null) continue
      const id = `budget|${budget.name}|${budget.period}${partition}`
      const { amount_micros: limit, period } = budget
      const evictable = budget.per.includes('model')
      const spec = { id, kind: 'budget', limit, windowMs: 0, period, evictable } as const
      purses.push({ budget, meter: this.#bank.open(spec) })
    }
    return purses
  }
}

function amountOf(budget: Budget, cost: CostBound, cap: number | undefined): number {
  const tokens = cap ?? boundOutputTokens(cost, budget.assume_output_tokens)
  return Math.ceil(cost.inputMicros + tokens * cost.perOutputToken)
}

/** Output tokens that an open-ended call may still make; undefined where it may not begin. */
function capOf(refusal: BudgetRefusal, cost: CostBound): number | undefined {
  if (refusal.cut || refusal.reserved || cost.askedOutputTokens !== undefined || cost.perOutputToken <= 0)
    return undefined
  const left = refusal.amountMicros - refusal.spentMicros - cost.inputMicros
  const tokens = Math.floor(left / cost.perOutputToken)
  return tokens < MIN_OUTPUT_TOKENS ? undefined : tokens
}

function refusalOf({ budget, meter }: Purse, neededMicros: number | null, now: number): BudgetRefusal {
  const spentMicros = meter.spent?.(now) ?? meter.used(now)
  const cut = neededMicros !== null && meter.isCut === true
  const reserved = !cut && neededMicros !== null && spentMicros < budget.amount_micros && meter.used(now) > spentMicros
  return {
    refused: true,
    budget: budget.name,
    amountMicros: budget.amount_micros,
    spentMicros,
    neededMicros,
    reserved,
    cut,
    waitMs: reserved || cut ? RESERVED_WAIT_MS : meter.resetMs(now),
  }
}

/** Micro-dollars as people write them: `$0.0125`. */
export function formatMicros(micros: number): string {
  const dollars = (micros / 1e6).toFixed(6).replace(/0{1,4}$/, '')
  return `$${dollars}`
}

/** A refusal as the error that every wire format renders. */
export function budgetError(refusal: BudgetRefusal, model: string): AppError {
  const { budget, amountMicros, spentMicros, neededMicros, reserved, cut, waitMs } = refusal
  if (cut) return new AppError('limits_unavailable', cutOff(`budget "${budget}"`, waitMs), { retryAfterMs: waitMs })
  if (neededMicros === null) {
    const remedy = 'set a price for it, or let the budget say "unpriced: allow"'
    return new AppError(
      'budget_exceeded',
      `budget "${budget}" needs a price for model "${model}", and none is known; ${remedy}`,
    )
  }
  const spent = `${formatMicros(spentMicros)} of ${formatMicros(amountMicros)} are spent`
  const needed = `this call could cost ${formatMicros(neededMicros)}`
  if (reserved) {
    const text = `budget "${budget}": ${spent}, the rest is reserved by running calls and ${needed}; try again shortly`
    return new AppError('rate_limited', text, { retryAfterMs: waitMs })
  }
  const remedy =
    spentMicros < amountMicros
      ? `${needed}; name a smaller maximum of output tokens or ask for a higher budget`
      : Number.isFinite(waitMs)
        ? `it begins anew in ${formatDuration(waitMs)}`
        : 'ask for a higher budget'
  return new AppError('budget_exceeded', `budget "${budget}": ${spent}; ${remedy}`)
}

function formatDuration(ms: number): string {
  const hours = ms / 3_600_000
  if (hours < 1) return `${Math.ceil(ms / 60_000)} minutes`
  return hours < 48 ? `${Math.ceil(hours)} hours` : `${Math.ceil(hours / 24)} days`
}
