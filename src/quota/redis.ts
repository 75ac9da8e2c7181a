import type { RedisClient } from 'bun'
import type { Sharing } from '../contract/routing.ts'
import { within } from '../lib/within.ts'
import { LocalBank } from './bank.ts'
import type { Grant, LeaseSource, Settlement } from './lease.ts'
import type { MeterSpec } from './meter.ts'
import { periodEnd, periodStart } from './period.ts'
import { HOLD_POOL, HOLD_WINDOW, SETTLE_POOL, SETTLE_WINDOW } from './redis-scripts.ts'

const PARTS = 128
const PREFIX = 'portreeve:'
/** A node that was not heard of for so long is dead: what it held is free again. */
const DEAD_MS = 60_000
const DAY_MS = 86_400_000
/** Once lost, Redis is asked again after this time. */
const RETRY_MS = 1_000

export type RedisLeaseOptions = {
  /** This node's name among the others; no two nodes may share it. */
  readonly node: string
  /** Asked each time: it may change while the node runs. */
  readonly sharing: () => Sharing
  readonly timeoutMs?: number
  readonly now?: () => number
  /** Told when Redis is lost and when it is back. */
  readonly onChange?: (state: 'lost' | 'back', error?: unknown) => void
}

/**
 * Leases from Redis or Valkey, for limits and budgets that many nodes share. No node spends more than it was granted, so a limit is never
 * exceeded while Redis answers; what nodes hold unspent (at most `lease_percent` of the limit each, for `holdMs`) may stay unused.
 * While it does not answer, `on_loss` decides: count on this node alone, or refuse.
 */
export class RedisLeases implements LeaseSource {
  readonly holdMs = 500
  readonly #client: RedisClient
  readonly #options: RedisLeaseOptions
  readonly #now: () => number
  readonly #timeoutMs: number
  readonly #alone: LocalBank
  #lostUntil = 0
  #lost = false

  constructor(client: RedisClient, options: RedisLeaseOptions) {
    this.#client = client
    this.#options = options
    this.#now = options.now ?? Date.now
    this.#timeoutMs = options.timeoutMs ?? 250
    this.#alone = new LocalBank({ now: this.#now })
  }

  /** Largest share of a limit that this node may hold in advance. */
  get share(): number {
    return this.#options.sharing().lease_percent / 100
  }

  get isLost(): boolean {
    return this.#lost
  }

  async ask(spec: MeterSpec, need: number, want: number): Promise<Grant> {
    const now = this.#now()
    if (now < this.#lostUntil) return this.#askAlone(spec, need, want)
    try {
      const asked = spec.kind === 'window' ? this.#askWindow(spec, need, want) : this.#askPool(spec, need, want)
      const grant = await within(asked, this.#timeoutMs)
      if (this.#lost) this.#found()
      return grant
    } catch (error) {
      this.#lose(error)
      return this.#askAlone(spec, need, want)
    }
  }

  settle(settlements: readonly Settlement[]): void {
    for (const { spec, ticket, taken, used } of settlements) {
      if (this.#alone.find(spec.id)) this.#alone.open(spec).settle(this.#now(), ticket, taken, used)
      if (this.#lost) continue
      const done =
        spec.kind === 'window'
          ? this.#eval(SETTLE_WINDOW, spec.id, [spec.windowMs / PARTS, ticket, taken, used])
          : this.#eval(SETTLE_POOL, spec.id, [this.#options.node, ticket, taken, used, DEAD_MS])
      done.catch((error: unknown) => this.#lose(error))
    }
  }

  seed(spec: MeterSpec, at: number, spent: number): void {
    const now = this.#now()
    const start = periodStart(spec.period ?? 'once', now)
    if (at < start) return
    const key = PREFIX + spec.id
    this.#client
      .send('HGET', [key, 'start'])
      .then((known) =>
        known === null ? this.#client.send('HSET', [key, 'start', String(start), 'spent', String(spent)]) : null,
      )
      .catch(() => {})
  }

  /** Tells that this node lives. Call every few seconds with the meters of which it holds units. */
  renew(specs: Iterable<MeterSpec>): void {
    for (const spec of specs) if (spec.kind !== 'window') this.settle([{ spec, ticket: -1, taken: 0, used: 0 }])
  }

  async #askWindow(spec: MeterSpec, need: number, want: number): Promise<Grant> {
    const partMs = spec.windowMs / PARTS
    const [granted = 0, ticket = 0, used = 0, waitMs = 0, resetMs = 0] = await this.#eval(HOLD_WINDOW, spec.id, [
      partMs,
      PARTS,
      spec.limit,
      need,
      want,
    ])
    return { granted, ticket, used, spent: 0, waitMs, resetMs }
  }

  async #askPool(spec: MeterSpec, need: number, want: number): Promise<Grant> {
    const now = this.#now()
    const period = spec.period ?? 'once'
    const start = spec.kind === 'budget' ? periodStart(period, now) : 0
    const end = spec.kind === 'budget' ? periodEnd(period, now) : Infinity
    const keepMs = Number.isFinite(end) ? end - now + DAY_MS : 0
    const [granted = 0, used = 0, spent = 0] = await this.#eval(HOLD_POOL, spec.id, [
      this.#options.node,
      start,
      spec.limit,
      need,
      want,
      DEAD_MS,
      keepMs,
    ])
    const resetMs = Number.isFinite(end) ? end - now : 0
    const isSpent = spec.kind === 'budget' && spent + need > spec.limit
    return {
      granted,
      ticket: start,
      used,
      spent,
      waitMs: granted > 0 ? 0 : isSpent ? resetMs || Infinity : 1_000,
      resetMs,
    }
  }

  async #eval(script: string, id: string, values: readonly (number | string)[]): Promise<number[]> {
    if (!this.#client.connected) await this.#client.connect()
    const answer: unknown = await this.#client.send('EVAL', [script, '1', PREFIX + id, ...values.map(String)])
    return (answer as unknown[]).map(Number)
  }

  /** This node counts for itself alone: with `open` as if there were no others, with `closed` nothing passes. */
  #askAlone(spec: MeterSpec, need: number, want: number): Grant {
    const now = this.#now()
    const refused = { granted: 0, ticket: 0, used: 0, spent: 0, waitMs: RETRY_MS, resetMs: RETRY_MS }
    if (this.#options.sharing().on_loss === 'closed') return { ...refused, cut: true }
    const meter = this.#alone.open(spec)
    const granted = meter.fits(now, want) ? want : meter.fits(now, need) ? need : 0
    if (granted === 0) return { ...refused, waitMs: meter.waitMs(now, need) }
    const ticket = meter.take(now, granted)
    return {
      granted,
      ticket,
      used: meter.used(now),
      spent: meter.spent?.(now) ?? 0,
      waitMs: 0,
      resetMs: meter.resetMs(now),
    }
  }

  #lose(error: unknown): void {
    this.#lostUntil = this.#now() + RETRY_MS
    if (this.#lost) return
    this.#lost = true
    this.#options.onChange?.('lost', error)
  }

  #found(): void {
    this.#lost = false
    this.#lostUntil = 0
    this.#options.onChange?.('back')
  }
}
