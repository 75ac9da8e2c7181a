import type { Limit } from '../contract/limit.ts'
import { AppError } from '../errors.ts'
import { rateField, type RateField } from './headers.ts'
import { compileSelector, partitionOf, type CallAttributes } from './attributes.ts'
import type { Bank, Meter } from './meter.ts'
import { Remembered } from './remembered.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000
const DAY_MS = 86_400_000

/** What a rate counts. */
export type Measure = 'requests' | 'tokens' | 'in_flight'

type Rate = {
  readonly measure: Measure
  readonly windowMs: number
  readonly limit: number
  readonly suffix: string
  readonly field: RateField
}

const RATES = [
  ['requests_per_minute', 'requests', MINUTE_MS],
  ['requests_per_hour', 'requests', HOUR_MS],
  ['requests_per_day', 'requests', DAY_MS],
  ['tokens_per_minute', 'tokens', MINUTE_MS],
  ['tokens_per_hour', 'tokens', HOUR_MS],
  ['tokens_per_day', 'tokens', DAY_MS],
  ['in_flight', 'in_flight', 0],
] as const

type Rule = {
  readonly name: string
  readonly matches: (attributes: CallAttributes) => boolean
  readonly per: Limit['per']
  readonly rates: readonly Rate[]
}

/** A meter that a call must pass, with what it is called in headers and messages. */
type Gate = { readonly rule: Rule; readonly rate: Rate; readonly meter: Meter }

/** One limit as a client may see it. `resetMs` is when all of it is free again. */
export type LimitState = {
  readonly name: string
  readonly measure: Measure
  readonly limit: number
  readonly remaining: number
  readonly resetMs: number
  readonly windowMs: number
  /** How the limit is named in the headers of answers. */
  readonly field: RateField
}

/** Why a call was not admitted. `waitMs` is Infinity when waiting does not help. */
export type Refusal = LimitState & {
  readonly refused: true
  readonly asked: number
  readonly waitMs: number
  /** Nobody knows what is left: the counters that nodes share are away. */
  readonly cut: boolean
}

/** What an admitted call holds. Settling and releasing twice is safe: the second time does nothing. */
export class Admission {
  readonly refused = false
  readonly #gates: readonly Gate[]
  readonly #tickets: readonly number[]
  readonly #tokens: number
  #open = true

  constructor(gates: readonly Gate[], tickets: readonly number[], tokens: number) {
    this.#gates = gates
    this.#tickets = tickets
    this.#tokens = tokens
  }

  /** Gives slots back and replaces the estimated tokens by the real ones. A call that never reached a vendor passes `counted` false. */
  settle(now: number, tokens: number, counted = true): void {
    if (!this.#open) return
    this.#open = false
    for (let index = 0; index < this.#gates.length; index++) {
      const { rate, meter } = this.#gates[index]!
      const ticket = this.#tickets[index]!
      if (rate.measure === 'in_flight') meter.settle(now, ticket, 1, 0)
      else if (rate.measure === 'tokens') meter.settle(now, ticket, this.#tokens, counted ? tokens : 0)
      else if (!counted) meter.settle(now, ticket, 1, 0)
    }
  }

  /** The limits this call counts against, for the headers of its answer. */
  states(now: number): LimitState[] {
    return this.#gates.map((gate) => stateOf(gate, now))
  }
}

const NOTHING_HELD = new Admission([], [], 0)
/** Tries to fetch more units before a call is refused: others may take them first. */
const REFILLS = 100

/**
 * Compiled limits. Those that name `provider` are about a target and are asked with `target` set, once for each attempt; all others
 * once for each call. Immutable but for its memory of which limits concern which callers; counts live in the bank.
 */
export class Limiter {
  readonly #bank: Bank
  readonly #rules: readonly Rule[]
  readonly #targetRules: readonly Rule[]
  readonly #gates = new Remembered<readonly Gate[]>()
  readonly #perUser: boolean
  #evictions: number
  readonly #clock: () => number

  constructor(limits: readonly Limit[], bank: Bank, clock: () => number = Date.now) {
    this.#clock = clock
    this.#bank = bank
    this.#evictions = bank.evictions
    const names = new Set<string>()
    const rules = limits.map((limit) => {
      if (names.has(limit.name))
        throw new AppError('invalid_configuration', `limits: the name "${limit.name}" is used twice; choose another`)
      names.add(limit.name)
      return { atTarget: isAtTarget(limit), rule: compileRule(limit) }
    })
    this.#rules = rules.filter(({ atTarget }) => !atTarget).map(({ rule }) => rule)
    this.#targetRules = rules.filter(({ atTarget }) => atTarget).map(({ rule }) => rule)
    this.#perUser = limits.some((limit) => limit.per.includes('end_user') || limit.for.end_user !== undefined)
  }

  get isEmpty(): boolean {
    return this.#rules.length === 0
  }

  get hasTargetLimits(): boolean {
    return this.#targetRules.length > 0
  }

  /** Counts a call, or says which limit stands against it. A promise only where units must come from another process. */
  admit(attributes: CallAttributes, tokens: number, now: number): Admission | Refusal | Promise<Admission | Refusal> {
    const rules = attributes.provider === null ? this.#rules : this.#targetRules
    if (rules.length === 0) return NOTHING_HELD
    const gates = this.#gatesFor(rules, attributes)
    if (gates.length === 0) return NOTHING_HELD
    const blocked = firstBlocked(gates, tokens, now)
    if (blocked === undefined) return takeAll(gates, tokens, now)
    if (blocked.meter.refill) return this.#refill(gates, tokens, now)
    return refusalOf(gates, tokens, now)
  }

  async #refill(gates: readonly Gate[], tokens: number, now: number): Promise<Admission | Refusal> {
    for (let round = 0; round < REFILLS; round++) {
      let helped = true
      for (const { rate, meter } of gates) {
        const amount = amountOf(rate, tokens)
        if (meter.fits(now, amount)) continue
        helped = (await meter.refill?.(now, amount)) ?? false
        if (!helped) break
      }
      const later = this.#clock()
      if (firstBlocked(gates, tokens, later) === undefined) return takeAll(gates, tokens, later)
      if (!helped) break
    }
    return refusalOf(gates, tokens, now)
  }

  #gatesFor(rules: readonly Rule[], attributes: CallAttributes): readonly Gate[] {
    if (this.#perUser && attributes.end_user !== null) return this.#open(rules, attributes)
    if (this.#evictions !== this.#bank.evictions) {
      this.#evictions = this.#bank.evictions
      this.#gates.clear()
    }
    let gates = this.#gates.get(attributes)
    if (!gates) this.#gates.set(attributes, (gates = this.#open(rules, attributes)))
    return gates
  }

  #open(rules: readonly Rule[], attributes: CallAttributes): readonly Gate[] {
    const gates: Gate[] = []
    for (const rule of rules) {
      if (!rule.matches(attributes)) continue
      const partition = partitionOf(rule.per, attributes)
      if (partition === null) continue
      const evictable = rule.per.includes('end_user') || rule.per.includes('model')
      for (const rate of rule.rates) {
        const id = `limit|${rule.name}|${rate.suffix}${partition}`
        const kind = rate.measure === 'in_flight' ? 'slots' : 'window'
        const spec = { id, kind, limit: rate.limit, windowMs: rate.windowMs, evictable } as const
        gates.push({ rule, rate, meter: this.#bank.open(spec) })
      }
    }
    return gates
  }
}

function isAtTarget(limit: Limit): boolean {
  return limit.for.provider !== undefined || limit.per.includes('provider')
}

function compileRule(limit: Limit): Rule {
  const rates: Rate[] = []
  for (const [field, measure, windowMs] of RATES) {
    const value = limit[field]
    if (value !== undefined)
      rates.push({
        measure,
        windowMs,
        limit: value,
        suffix: field,
        field: rateField(limit.name, measure, value, windowMs),
      })
  }
  return { name: limit.name, matches: compileSelector(limit.for), per: limit.per, rates }
}

function amountOf(rate: Rate, tokens: number): number {
  return rate.measure === 'tokens' ? tokens : 1
}

function firstBlocked(gates: readonly Gate[], tokens: number, now: number): Gate | undefined {
  for (const gate of gates) if (!gate.meter.fits(now, amountOf(gate.rate, tokens))) return gate
  return undefined
}

function takeAll(gates: readonly Gate[], tokens: number, now: number): Admission {
  const tickets: number[] = []
  for (const { rate, meter } of gates) tickets.push(meter.take(now, amountOf(rate, tokens)))
  return new Admission(gates, tickets, tokens)
}

function stateOf({ rule, rate, meter }: Gate, now: number): LimitState {
  return {
    name: rule.name,
    measure: rate.measure,
    limit: rate.limit,
    remaining: Math.max(0, rate.limit - meter.used(now)),
    resetMs: meter.resetMs(now),
    windowMs: rate.windowMs,
    field: rate.field,
  }
}

/** Of all limits that stand against the call, the one that does so for longest. */
function refusalOf(gates: readonly Gate[], tokens: number, now: number): Refusal {
  let worst = gates[0]!
  let waitMs = -1
  for (const gate of gates) {
    const wait = gate.meter.waitMs(now, amountOf(gate.rate, tokens))
    if (wait > waitMs) {
      waitMs = wait
      worst = gate
    }
  }
  const cut = worst.meter.isCut === true
  return {
    ...stateOf(worst, now),
    refused: true,
    asked: amountOf(worst.rate, tokens),
    waitMs: Math.max(1, waitMs),
    cut,
  }
}

const WINDOW_NAMES: Readonly<Record<number, string>> = {
  [MINUTE_MS]: 'a minute',
  [HOUR_MS]: 'an hour',
  [DAY_MS]: 'a day',
}

/** Which limit, how much, and when it frees, as one sentence for people. */
export function explainRefusal(refusal: Refusal): string {
  const { name, measure, limit, remaining, asked, waitMs, windowMs, cut } = refusal
  if (cut) return cutOff(`limit "${name}"`, waitMs)
  const noun = measure === 'in_flight' ? 'calls' : measure
  const units = `${limit} ${limit === 1 ? noun.slice(0, -1) : noun}`
  const what =
    measure === 'in_flight' ? `${units} in flight` : `${units} ${WINDOW_NAMES[windowMs] ?? `in ${windowMs} ms`}`
  if (waitMs === Infinity)
    return `limit "${name}" allows ${what}; this call alone would need ${asked}. Send a smaller request or ask for a higher limit`
  const when = measure === 'in_flight' ? 'try again when one of them has ended' : `try again in ${formatWait(waitMs)}`
  const rest = measure === 'tokens' ? `, ${remaining} are left and about ${asked} are needed` : ', all of them are used'
  return `limit "${name}" allows ${what}${rest}; ${when}`
}

/** A limit or a budget that nobody can count at the moment. */
export function cutOff(what: string, waitMs: number): string {
  return `${what} cannot be counted while the counters that nodes share are away; try again in ${formatWait(waitMs)}`
}

function formatWait(ms: number): string {
  if (ms < 1_000) return `${ms} ms`
  if (ms < 2 * MINUTE_MS) return `${Math.ceil(ms / 100) / 10} s`
  const minutes = Math.ceil(ms / MINUTE_MS)
  return minutes < 120 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}
