import type { Bank, MeterSpec } from './meter.ts'
import { LeasedBank, type Grant, type LeaseSource, type Settlement } from './lease.ts'

/** From a worker to its parent. */
export type LeaseQuestion =
  | {
      readonly type: 'lease-ask'
      readonly ask: number
      readonly spec: MeterSpec
      readonly need: number
      readonly want: number
    }
  | { readonly type: 'lease-settle'; readonly settlements: readonly Settlement[] }
  | { readonly type: 'lease-returned'; readonly recall: number }

/** From the parent to a worker. */
export type LeaseAnswer =
  | { readonly type: 'lease-grant'; readonly ask: number; readonly grant: Grant }
  | { readonly type: 'lease-recall'; readonly recall: number; readonly id: string }

const HOLD_MS = 200
const SHARE = 0.05
/** A worker that does not answer a recall in time is busy or dead. */
const RECALL_MS = 100
const REFILLS = 100

/** The worker's side: a bank whose truth is the parent. Give it every `LeaseAnswer` that arrives. */
export function openWorkerBank(
  send: (message: LeaseQuestion) => void,
  now: () => number = Date.now,
): { bank: LeasedBank; receive: (message: LeaseAnswer) => void } {
  const waiting = new Map<number, (grant: Grant) => void>()
  let asked = 0
  const source: LeaseSource = {
    holdMs: HOLD_MS,
    share: SHARE,
    ask: (spec, need, want) =>
      new Promise((resolve) => {
        waiting.set(++asked, resolve)
        send({ type: 'lease-ask', ask: asked, spec, need, want })
      }),
    settle: (settlements) => send({ type: 'lease-settle', settlements }),
  }
  const bank = new LeasedBank(source, now)
  return {
    bank,
    receive(message) {
      if (message.type === 'lease-grant') {
        waiting.get(message.ask)?.(message.grant)
        waiting.delete(message.ask)
      } else {
        bank.recall(message.id)
        send({ type: 'lease-returned', recall: message.recall })
      }
    },
  }
}

type Worker = {
  readonly send: (message: LeaseAnswer) => void
  /** Units of slots and money that the worker holds or has spent without settling, by meter. */
  readonly outstanding: Map<string, { spec: MeterSpec; ticket: number; units: number }>
  /** Meters of which the worker may hold unspent units, and until when; the one that ends first is the first. */
  readonly leases: Map<string, number>
}

/**
 * The parent's side: the truth of one node. Grants are taken from its bank at once; when a worker's need cannot be met, the others are
 * asked for what they hold unspent, so that a limit is neither exceeded nor left unused.
 */
export class LeaseAuthority {
  readonly #bank: Bank
  readonly #now: () => number
  readonly #workers = new Map<number, Worker>()
  readonly #recalls = new Map<number, () => void>()
  #recall = 0

  constructor(bank: Bank, now: () => number = Date.now) {
    this.#bank = bank
    this.#now = now
  }

  join(worker: number, send: (message: LeaseAnswer) => void): void {
    this.#workers.set(worker, { send, outstanding: new Map(), leases: new Map() })
  }

  /** What is remembered of workers' leases and holdings: users come and go, so it must not grow with their names. */
  get remembered(): number {
    let count = 0
    for (const { leases, outstanding } of this.#workers.values()) count += leases.size + outstanding.size
    return count
  }

  /** The worker is gone: its slots and reservations come back. */
  leave(worker: number): void {
    const gone = this.#workers.get(worker)
    this.#workers.delete(worker)
    for (const { spec, ticket, units } of gone?.outstanding.values() ?? [])
      this.#bank.open(spec).settle(this.#now(), ticket, units, 0)
  }

  receive(from: number, message: LeaseQuestion): void {
    const worker = this.#workers.get(from)
    if (!worker) return
    if (message.type === 'lease-settle') for (const settlement of message.settlements) this.#settle(worker, settlement)
    else if (message.type === 'lease-returned') {
      this.#recalls.get(message.recall)?.()
      this.#recalls.delete(message.recall)
    } else {
      const { ask, spec, need, want } = message
      this.#grant(from, worker, spec, need, want).then(
        (grant) => worker.send({ type: 'lease-grant', ask, grant }),
        () => worker.send({ type: 'lease-grant', ask, grant: REFUSED }),
      )
    }
  }

  async #grant(from: number, worker: Worker, spec: MeterSpec, need: number, want: number): Promise<Grant> {
    const meter = this.#bank.open(spec)
    // What is fetched for one worker another may take first.
    for (let round = 0; round < REFILLS && meter.refill && !meter.fits(this.#now(), need); round++)
      if (!(await meter.refill(this.#now(), need))) break
    if (!meter.fits(this.#now(), need)) await this.#recallOthers(from, spec.id)
    const now = this.#now()
    let granted = 0
    let ticket = 0
    if (meter.fits(now, need)) {
      const free = Math.max(need, Math.floor((spec.limit - meter.used(now)) / (2 * this.#workers.size)))
      granted = Math.min(want, free)
      while (granted > need && !meter.fits(now, granted)) granted = Math.max(need, Math.floor(granted / 2))
      ticket = meter.take(now, granted)
      noteLease(worker.leases, spec.id, now)
      if (spec.kind !== 'window') {
        const before = worker.outstanding.get(spec.id)
        const units = (before && before.ticket === ticket ? before.units : 0) + granted
        worker.outstanding.set(spec.id, { spec, ticket, units })
      }
    }
    return {
      granted,
      ticket,
      used: meter.used(now),
      spent: meter.spent?.(now) ?? 0,
      waitMs: granted > 0 ? 0 : meter.waitMs(now, need),
      resetMs: meter.resetMs(now),
      ...(granted === 0 && meter.isCut ? { cut: true } : {}),
    }
  }

  #settle(worker: Worker, { spec, ticket, taken, used }: Settlement): void {
    this.#bank.open(spec).settle(this.#now(), ticket, taken, used)
    const held = worker.outstanding.get(spec.id)
    if (!held || held.ticket !== ticket) return
    held.units -= taken
    if (held.units <= 0) worker.outstanding.delete(spec.id)
  }

  /** Asks every other worker that may hold unspent units to give them back, and waits until they have. */
  async #recallOthers(from: number, id: string): Promise<void> {
    const now = this.#now()
    const asked: Promise<void>[] = []
    for (const [number, { send, leases, outstanding }] of this.#workers) {
      if (number === from || !((leases.get(id) ?? 0) > now || (outstanding.get(id)?.units ?? 0) > 0)) continue
      const recall = ++this.#recall
      const { promise, resolve } = Promise.withResolvers<void>()
      const timer = setTimeout(() => {
        this.#recalls.delete(recall)
        resolve()
      }, RECALL_MS)
      this.#recalls.set(recall, () => {
        clearTimeout(timer)
        resolve()
      })
      asked.push(promise)
      send({ type: 'lease-recall', recall, id })
    }
    await Promise.all(asked)
  }
}

/** Remembers a lease, and forgets those that are over. */
function noteLease(leases: Map<string, number>, id: string, now: number): void {
  leases.delete(id)
  leases.set(id, now + HOLD_MS * 2)
  for (const [oldest, until] of leases) {
    if (until > now) return
    leases.delete(oldest)
  }
}

const REFUSED: Grant = { granted: 0, ticket: 0, used: 0, spent: 0, waitMs: 1_000, resetMs: 0, cut: true }
