import type { Budget, BudgetAlerts } from '../contract/budget.ts'
import { signWebhook } from '../lib/webhook.ts'
import { Purse } from './purse.ts'

const TRIES = 4
const FIRST_PAUSE_MS = 1_000
const TIMEOUT_MS = 5_000
/** Messages that may wait for one receiver that does not answer; more are dropped and counted. */
const MAX_PENDING = 100
/** Shares of budgets of which is known what was told; a share that is forgotten may be told of twice. */
const MAX_TOLD = 20_000

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
  /** As they are configured at the moment. */
  readonly #configured: () => readonly Budget[]
  #seen: readonly Budget[] = []
  #budgets: ReadonlyMap<string, Budget> = new Map()
  readonly #told = new Map<string, { start: number; percents: Set<number> }>()
  readonly #send: Send
  readonly #clock: () => number

  constructor(configured: () => readonly Budget[], send: Send, clock: () => number = Date.now) {
    this.#configured = configured
    this.#send = send
    this.#clock = clock
  }

  /** `id` is the meter's: `budget|name|period` and the partition. */
  watch(id: string, purse: Purse): void {
    purse.onSpent = (spent) => {
      void this.note(id, spent, purse.startedAt(this.#clock()))
    }
  }

  get remembered(): number {
    return this.#told.size
  }

  /**
   * Looks at what was spent in the period that began at `start`. `claim` says whether nobody else has told of it; when it cannot say, better twice than never.
   * Never rejects: whoever spends is not to hear of who watches.
   */
  async note(id: string, spent: number, start: number, claim?: (percent: number) => Promise<boolean>): Promise<void> {
    const [, name = '', , ...partition] = id.split('|')
    const budget = this.#budgetsNow().get(name)
    if (!budget?.alerts || budget.amount_micros === 0) return
    for (const percent of budget.alerts.at) {
      if (spent * 100 < budget.amount_micros * percent || !this.#isNews(id, start, percent)) continue
      if (claim && !(await claim(percent).catch(() => true))) continue
      this.#tell(budget.alerts, {
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

  #budgetsNow(): ReadonlyMap<string, Budget> {
    const configured = this.#configured()
    if (configured !== this.#seen) {
      this.#seen = configured
      this.#budgets = new Map(configured.map((budget) => [budget.name, budget]))
    }
    return this.#budgets
  }

  /** Whether nobody was told of it yet; from now on somebody was. */
  #isNews(id: string, start: number, percent: number): boolean {
    const told = this.#told.get(id)
    if (told?.start === start) {
      if (told.percents.has(percent)) return false
      told.percents.add(percent)
      return true
    }
    this.#told.delete(id)
    const [oldest] = this.#told.keys()
    if (this.#told.size >= MAX_TOLD && oldest !== undefined) this.#told.delete(oldest)
    this.#told.set(id, { start, percents: new Set([percent]) })
    return true
  }

  #tell(alerts: BudgetAlerts, alert: BudgetAlert): void {
    try {
      this.#send(alerts, alert)
    } catch {
      // What watches must not break what it watches.
    }
  }
}

/** Sends messages in the background: signed, four tries, never without a secret, never more than a hundred at a time to one receiver. */
export class AlertSender {
  /** By the receiver's address. */
  readonly #pending = new Map<string, number>()
  dropped = 0
  readonly #pause: (ms: number) => Promise<void>
  readonly #timeoutMs: number

  constructor(pause: (ms: number) => Promise<void> = Bun.sleep, timeoutMs = TIMEOUT_MS) {
    this.#pause = pause
    this.#timeoutMs = timeoutMs
  }

  /** Messages on their way. */
  get pending(): number {
    return [...this.#pending.values()].reduce((sum, count) => sum + count, 0)
  }

  readonly send: Send = (alerts, alert) => {
    if (!alerts.secret) return
    const { url, secret } = alerts
    const pending = this.#pending.get(url) ?? 0
    if (pending >= MAX_PENDING) {
      this.dropped++
      return
    }
    this.#pending.set(url, pending + 1)
    void this.#deliver(url, secret, alert)
      .then((arrived) => {
        if (!arrived) this.dropped++
      })
      .catch(() => this.dropped++)
      .finally(() => {
        const left = (this.#pending.get(url) ?? 1) - 1
        if (left > 0) this.#pending.set(url, left)
        else this.#pending.delete(url)
      })
  }

  async #deliver(url: string, secret: string, alert: BudgetAlert): Promise<boolean> {
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
          signal: AbortSignal.timeout(this.#timeoutMs),
        })
        await answer.body?.cancel()
        if (answer.ok) return true
      } catch {
        // The receiver is away: the next try may find it.
      }
    }
    return false
  }
}
