import type { Budget, BudgetAlerts } from '../contract/budget.ts'
import { signWebhook } from '../lib/webhook.ts'
import { Purse } from './purse.ts'

const TRIES = 4
const FIRST_PAUSE_MS = 1_000
const TIMEOUT_MS = 5_000
/** Messages that may wait for a receiver that does not answer; more are dropped and counted. */
const MAX_PENDING = 100

/** What a message about a budget says. */
export type BudgetAlert = {
  readonly type: 'budget.threshold'
  readonly timestamp: string
  readonly data: {
    readonly budget: string
    /** The members that this part of the budget belongs to, as `per` names them; empty without `per`. */
    readonly of: readonly string[]
    readonly percent: number
    readonly amount_micros: number
    readonly spent_micros: number
    readonly period: Budget['period']
    readonly mode: Budget['mode']
  }
}

type Send = (alerts: BudgetAlerts, alert: BudgetAlert) => void

/** Watches purses and sends one message for each threshold and period. */
export class BudgetWatch {
  #budgets: ReadonlyMap<string, Budget>
  readonly #told = new Map<string, { start: number; percents: Set<number> }>()
  readonly #send: Send
  readonly #clock: () => number

  constructor(budgets: readonly Budget[], send: Send, clock: () => number = Date.now) {
    this.#budgets = byName(budgets)
    this.#send = send
    this.#clock = clock
  }

  /** Takes up a new configuration. */
  configure(budgets: readonly Budget[]): void {
    this.#budgets = byName(budgets)
  }

  /** `id` is the meter's: `budget|name|period` and the partition. */
  watch(id: string, purse: Purse): void {
    purse.onSpent = (spent) => void this.note(id, spent, purse.startedAt(this.#clock()))
  }

  /** Looks at what was spent in the period that began at `start`. `claim` says whether nobody else has told of it. */
  async note(id: string, spent: number, start: number, claim?: (percent: number) => Promise<boolean>): Promise<void> {
    const [, name = '', , ...partition] = id.split('|')
    const budget = this.#budgets.get(name)
    if (!budget?.alerts || budget.amount_micros === 0) return
    let told = this.#told.get(id)
    if (told?.start !== start) this.#told.set(id, (told = { start, percents: new Set() }))
    for (const percent of budget.alerts.at) {
      if (told.percents.has(percent) || spent * 100 < budget.amount_micros * percent) continue
      told.percents.add(percent)
      if (claim && !(await claim(percent))) continue
      this.#send(budget.alerts, {
        type: 'budget.threshold',
        timestamp: new Date(this.#clock()).toISOString(),
        data: {
          budget: name,
          of: partition.map((part) => part.slice(part.indexOf(':') + 1)),
          percent,
          amount_micros: budget.amount_micros,
          spent_micros: spent,
          period: budget.period,
          mode: budget.mode,
        },
      })
    }
  }
}

function byName(budgets: readonly Budget[]): ReadonlyMap<string, Budget> {
  return new Map(budgets.map((budget) => [budget.name, budget]))
}

/** Sends messages in the background: signed, four tries, never without a secret, never more than a hundred at a time. */
export class AlertSender {
  #pending = 0
  dropped = 0
  readonly #pause: (ms: number) => Promise<void>

  constructor(pause: (ms: number) => Promise<void> = Bun.sleep) {
    this.#pause = pause
  }

  readonly send: Send = (alerts, alert) => {
    if (!alerts.secret) return
    if (this.#pending >= MAX_PENDING) {
      this.dropped++
      return
    }
    this.#pending++
    void this.#deliver(alerts.url, alerts.secret, alert).finally(() => this.#pending--)
  }

  async #deliver(url: string, secret: string, alert: BudgetAlert): Promise<void> {
    const body = JSON.stringify(alert)
    const id = `msg_${crypto.randomUUID()}`
    for (let attempt = 0; attempt < TRIES; attempt++) {
      if (attempt > 0) await this.#pause(FIRST_PAUSE_MS * 4 ** (attempt - 1))
      const headers = signWebhook(secret, id, Math.floor(Date.parse(alert.timestamp) / 1_000), body)
      try {
        const answer = await fetch(url, {
          method: 'POST',
          body,
          headers: { ...headers, 'content-type': 'application/json' },
          redirect: 'manual',
          signal: AbortSignal.timeout(TIMEOUT_MS),
        })
        await answer.body?.cancel()
        if (answer.ok) return
      } catch {
        // The receiver is away: the next try may find it.
      }
    }
    this.dropped++
  }
}
