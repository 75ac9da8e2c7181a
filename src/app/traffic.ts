import type { Budget } from '../contract/budget.ts'
import type { Made } from '../contract/origin.ts'
import { DEFAULT_SHARING } from '../contract/defaults.ts'
import type { HealthMessage } from '../gateway/health/board.ts'
import { RedisAnswers } from '../gateway/cache/redis-answers.ts'
import { RedisOrigins } from '../gateway/kept/redis-origins.ts'
import { TrafficState } from '../gateway/traffic.ts'
import { AlertSender, BudgetWatch } from '../quota/alerts.ts'
import { LocalBank, newMeter } from '../quota/bank.ts'
import { LeasedBank } from '../quota/lease.ts'
import { LeaseAuthority } from '../quota/lease-ipc.ts'
import type { Bank, Meter } from '../quota/meter.ts'
import { Purse } from '../quota/purse.ts'
import { RedisLeases } from '../quota/redis.ts'
import { AT, type StoredCall } from '../store/call-parts.ts'
import { startedAtOf } from '../store/call-seq.ts'
import type { LedgerSum } from '../store/ledger.ts'
import type { SnapshotHolder } from './holder.ts'
import { sayError, type Log } from './log.ts'

const SWEEP_MS = 1_000
const RENEW_MS = 10_000
/** Longer than the longest period. */
const ALERT_KEPT_MS = 32 * 86_400_000

/** The truth about limits and budgets of one node, and what its gateway processes learn of targets. */
export type NodeTraffic = {
  readonly state: TrafficState
  /** Leases for gateway processes beside this one. */
  readonly authority: LeaseAuthority
  /** Counts what calls cost before this process began; with `only`, in these budgets. */
  readonly restore: (sums: readonly LedgerSum[], only?: ReadonlySet<string>) => void
  /** Budgets of which nothing was restored yet, as those that are made in the middle of their period; each is told once. */
  readonly newBudgets: () => ReadonlySet<string>
  readonly limitUse: (name: string) => LimitUse[]
  readonly budgetUse: (name: string) => BudgetUse[]
  /** What every limit and budget counts, by the meter's id. */
  readonly meters: () => Iterable<readonly [string, Meter]>
  /** Messages about budgets that never reached their receiver. */
  readonly alertsDropped: () => number
  readonly restingKeys: () => { provider: string; key: string; until: number; reason: string }[]
  readonly close: () => void
}

type LimitUse = { share: Record<string, string>; measure: string; limit: number; used: number; reset_ms: number }
type BudgetUse = {
  share: Record<string, string>
  spent_micros: number
  reserved_micros: number
  resets_at: number | null
}

export type TrafficOptions = {
  readonly redisUrl: string | null
  readonly holder: SnapshotHolder
  readonly log: Log
}

export function openTraffic({ redisUrl, holder, log }: TrafficOptions): NodeTraffic {
  const budgets = (): readonly Budget[] => (holder.known() ? holder.current().traffic.budgets : [])
  const alerts = new AlertSender()
  const watch = new BudgetWatch(budgets, alerts.send)
  const local = new LocalBank({
    make(spec) {
      const meter = newMeter(spec)
      if (meter instanceof Purse) watch.watch(spec.id, meter)
      return meter
    },
  })
  const shared = redisUrl === null ? undefined : openShared(redisUrl, holder, watch, log)
  const bank: Bank = shared?.bank ?? local
  const state = new TrafficState(bank, shared?.answers)
  state.origins.shared = shared?.origins
  const sweep = setInterval(() => {
    // Beside gateway processes nobody else looks at what is configured.
    if (holder.known()) state.for(holder.current())
    state.sweep(Date.now())
  }, SWEEP_MS)

  /** What is counted under one name goes on when the amount changes, but not with another period or other shares. */
  const begun = new Set<string>()
  const newBudgets = () => {
    const found = new Set<string>()
    for (const { name, period, per } of budgets()) {
      const id = [name, period, ...per].join('|')
      if (!begun.has(id)) found.add(name)
      begun.add(id)
    }
    return found
  }
  const meters = () => (shared ? shared.bank.entries() : local.entries())
  const use = (prefix: string) => {
    const found: { id: string; meter: ReturnType<Bank['open']> }[] = []
    for (const [id, meter] of meters()) if (id.startsWith(prefix)) found.push({ id, meter })
    return found
  }
  return {
    state,
    authority: new LeaseAuthority(bank),
    restore(sums, only) {
      if (!holder.known()) return
      const costs = sums.map(({ day, key_name, application, team, model_asked, amount_micros }) => ({
        attributes: { key: key_name, application, team, model: model_asked, end_user: null, provider: null },
        costMicros: amount_micros,
        at: day,
      }))
      state.for(holder.current()).budgets.restore(costs, Date.now(), only)
      if (!only) newBudgets()
    },
    newBudgets,
    limitUse(name) {
      const now = Date.now()
      const per = holder.current().traffic.limits.find((limit) => limit.name === name)?.per ?? []
      return use(`limit|${name}|`).map(({ id, meter }) => ({
        share: shareOf(id.split('|').slice(3), per),
        measure: id.split('|')[2] ?? '',
        limit: meter.limit,
        used: meter.used(now),
        reset_ms: meter.resetMs(now),
      }))
    },
    budgetUse(name) {
      const now = Date.now()
      const per = budgets().find((budget) => budget.name === name)?.per ?? []
      return use(`budget|${name}|`).map(({ id, meter }) => {
        const spent = meter.spent?.(now) ?? 0
        const resetMs = meter.resetMs(now)
        return {
          share: shareOf(id.split('|').slice(3), per),
          spent_micros: spent,
          reserved_micros: Math.max(0, meter.used(now) - spent),
          resets_at: Number.isFinite(resetMs) ? now + resetMs : null,
        }
      })
    },
    meters,
    alertsDropped: () => alerts.dropped,
    restingKeys() {
      const now = Date.now()
      return Object.entries(state.health.states(now).credentials).flatMap(([provider, credentials]) =>
        credentials.flatMap(({ id, restUntil, reason }) =>
          restUntil !== null && restUntil > now ? [{ provider, key: id, until: restUntil, reason: reason ?? '' }] : [],
        ),
      )
    },
    close() {
      clearInterval(sweep)
      shared?.close()
    },
  }
}

/** Values of the dimensions, from the parts of a meter's id: `4:team`. */
function shareOf(parts: readonly string[], per: readonly string[]): Record<string, string> {
  return Object.fromEntries(per.map((dimension, index) => [dimension, (parts[index] ?? '').replace(/^\d+:/, '')]))
}

/** What calls cost whose records still wait in the spool. */
export function spooledCosts(calls: readonly StoredCall[]): LedgerSum[] {
  return calls.flatMap(({ kind, row }) => {
    const amount_micros = row[AT.cost]
    return amount_micros ? [{ ...kind, day: startedAtOf(row[AT.seq]), calls: 1, amount_micros }] : []
  })
}

/** Counters and answers that many nodes share. */
function openShared(url: string, holder: SnapshotHolder, watch: BudgetWatch, log: Log) {
  const client = new Bun.RedisClient(url, { connectionTimeout: 1_000 })
  client.connect().catch((error: unknown) => log('warn', `Redis cannot be reached yet: ${sayError(error)}`))
  const sharing = () => (holder.known() ? holder.current().traffic.sharing : undefined) ?? DEFAULT_SHARING
  const leases = new RedisLeases(client, {
    node: `${process.pid}-${crypto.randomUUID()}`,
    sharing,
    onChange: (change, error) => {
      const meanwhile = sharing().on_loss === 'open' ? 'this node counts for itself alone' : 'limited calls are refused'
      if (change === 'lost') log('error', `Redis is lost (${sayError(error)}): ${meanwhile} until it is back`)
      else log('info', 'Redis is back: limits and budgets are counted over all nodes again')
    },
  })
  const bank = new LeasedBank(leases)
  // Of many nodes that see a threshold passed, one tells.
  bank.onSpent = (id, spent, start) => {
    const claim = async (percent: number) =>
      (await client.send('SET', [
        `portreeve:alert:${id}:${start}:${percent}`,
        '1',
        'NX',
        'PX',
        String(ALERT_KEPT_MS),
      ])) !== null
    void watch.note(id, spent, start, claim)
  }
  const renewal = setInterval(() => leases.renew(bank.held()), RENEW_MS)
  return {
    bank,
    answers: new RedisAnswers(client),
    origins: new RedisOrigins(client),
    close() {
      clearInterval(renewal)
      bank.close()
      // What was given back is on its way.
      setTimeout(() => client.close(), 50)
    },
  }
}

/** What gateway processes of one node tell each other about targets, over their parent. */
export type HealthNews = { readonly type: 'health'; readonly news: HealthMessage }

/** What a call left at its vendor, for the other processes of the node. */
export type OriginNews = { readonly type: 'origin'; readonly news: Made }

/** What is known of earlier calls and of other nodes; `ready` once nothing more of the past is to come. */
export type OriginHistory = { readonly type: 'origins'; readonly made: readonly Made[]; readonly ready: boolean }
