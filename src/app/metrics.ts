import { labelValue, type MetricFamily, type Sample } from '../lib/open-metrics.ts'
import { version } from '../lib/version.ts'
import type { SnapshotHolder } from './holder.ts'
import type { ProcessFigures } from './process-figures.ts'
import type { RecordFigures } from './record-worker.ts'
import type { NodeTraffic } from './traffic.ts'

/** Targets whose breaker is told one by one; more are only counted. */
const MAX_TARGETS = 100
const PREFIX = 'portreeve_'

/** Where the figures come from. */
export type MetricSources = {
  readonly holder: SnapshotHolder
  readonly traffic: NodeTraffic
  /** By the name of the process; null for one that does not answer. */
  readonly processes: () => Promise<Readonly<Record<string, ProcessFigures | null>>>
  readonly records: () => Promise<RecordFigures | undefined>
  /** Why the database cannot be used; null when it can. */
  readonly databaseProblem: () => string | null
}

/** All that a node tells of itself. Nothing is kept for it on the way of a call: the record thread has counted, the rest is asked here. */
export async function collectMetrics(sources: MetricSources, now = Date.now()): Promise<MetricFamily[]> {
  const [processes, records] = await Promise.all([sources.processes(), sources.records()])
  return [
    {
      name: `${PREFIX}build`,
      type: 'info',
      help: 'What runs here.',
      samples: [{ labels: { version, runtime: `bun ${Bun.version}` }, value: 1 }],
    },
    ...(records?.calls ?? []),
    ...recordFamilies(records, sources),
    ...processFamilies(processes),
    ...budgetFamilies(sources, now),
    ...healthFamilies(sources.traffic, now),
    gauge('configuration_version', 'Rises with every change of the configuration in use.', [
      { labels: {}, value: sources.holder.known() ? sources.holder.current().version : 0 },
    ]),
    counter('alerts_dropped', 'Messages about budgets that never reached their receiver.', [
      { labels: {}, value: sources.traffic.alertsDropped() },
    ]),
  ]
}

function recordFamilies(records: RecordFigures | undefined, sources: MetricSources): MetricFamily[] {
  const one = (value: number): Sample[] => [{ labels: {}, value }]
  const database = gauge('database_up', 'Whether the last thing that was asked of the database worked.', [
    { labels: {}, value: sources.databaseProblem() === null ? 1 : 0 },
  ])
  if (!records) return [database]
  return [
    database,
    counter('records_written', 'Call records that were committed to the database.', one(records.written)),
    counter('records_rejected', 'Times that something was set aside in rejected.jsonl.', one(records.rejected)),
    gauge('spool_segments', 'Segments of call records that wait for the database.', one(records.segments)),
    {
      ...gauge(
        'spool_bytes',
        'Bytes of call records that are on disk and not yet in the database.',
        one(records.bytes),
      ),
      unit: 'bytes',
    },
  ]
}

function processFamilies(processes: Readonly<Record<string, ProcessFigures | null>>): MetricFamily[] {
  const of = (read: (figures: ProcessFigures) => number | undefined): Sample[] =>
    Object.entries(processes).flatMap(([process, figures]) => {
      const value = figures === null ? undefined : read(figures)
      return value === undefined ? [] : [{ labels: { process }, value }]
    })
  return [
    gauge(
      'process_up',
      'Whether a process of this node answers.',
      Object.entries(processes).map(([process, figures]) => ({ labels: { process }, value: figures ? 1 : 0 })),
    ),
    gauge(
      'calls_in_flight',
      'Calls under way.',
      of(({ gateway }) => gateway?.inFlight),
    ),
    gauge(
      'client_connections',
      'Open connections of clients.',
      of(({ gateway }) => gateway?.connections),
    ),
    gauge(
      'upstream_requests',
      'Requests to providers under way.',
      of(({ gateway }) => gateway?.upstream),
    ),
    {
      ...gauge(
        'event_loop_lag_seconds',
        'The longest time in the last 15 to 30 seconds that a process was held up.',
        of(({ lagSeconds }) => Math.round(lagSeconds * 1e6) / 1e6),
      ),
      unit: 'seconds',
    },
    {
      name: 'process_resident_memory_bytes',
      type: 'gauge',
      unit: 'bytes',
      help: 'Resident memory.',
      samples: of(({ residentBytes }) => residentBytes),
    },
    {
      name: 'process_cpu_seconds',
      type: 'counter',
      unit: 'seconds',
      help: 'User and system CPU time.',
      samples: of(({ cpuSeconds }) => cpuSeconds),
    },
    {
      name: 'process_start_time_seconds',
      type: 'gauge',
      unit: 'seconds',
      help: 'Start of the process since the epoch.',
      samples: of(({ startedAt }) => startedAt),
    },
  ]
}

type BudgetSum = { limit: number; spent: number; reserved: number; shares: number; highest: number }

function budgetFamilies({ holder, traffic }: MetricSources, now: number): MetricFamily[] {
  const sums = new Map<string, BudgetSum>()
  for (const { name, amount_micros: limit } of holder.known() ? holder.current().traffic.budgets : [])
    sums.set(name, { limit, spent: 0, reserved: 0, shares: 0, highest: 0 })
  if (sums.size > 0)
    for (const [id, meter] of traffic.meters()) {
      const sum = id.startsWith('budget|') ? sums.get(id.split('|')[1] ?? '') : undefined
      if (!sum) continue
      const spent = meter.spent?.(now) ?? 0
      sum.spent += spent
      sum.reserved += Math.max(0, meter.used(now) - spent)
      sum.shares++
      if (sum.limit > 0) sum.highest = Math.max(sum.highest, spent / sum.limit)
    }
  const of = (read: (sum: BudgetSum) => number): Sample[] =>
    [...sums].map(([budget, sum]) => ({ labels: { budget }, value: read(sum) }))
  const usd = (name: string, help: string, read: (sum: BudgetSum) => number): MetricFamily => ({
    ...gauge(
      name,
      help,
      of((sum) => read(sum) / 1_000_000),
    ),
    unit: 'usd',
  })
  return [
    usd('budget_limit_usd', 'What a budget allows in its period, for each of its shares.', ({ limit }) => limit),
    usd('budget_spent_usd', 'What was spent of a budget in its period, over all shares.', ({ spent }) => spent),
    usd('budget_reserved_usd', 'What running calls hold of a budget, over all shares.', ({ reserved }) => reserved),
    gauge(
      'budget_shares',
      'Shares of a budget that were used: one for each key, team … that `per` names.',
      of(({ shares }) => shares),
    ),
    {
      ...gauge(
        'budget_highest_use_ratio',
        'How much of its amount the share that spent most has spent; 1 is all of it.',
        of(({ highest }) => highest),
      ),
      unit: 'ratio',
    },
  ]
}

function healthFamilies({ state }: NodeTraffic, now: number): MetricFamily[] {
  const { targets, credentials } = state.health.states(now)
  const broken = targets.filter(({ breaker }) => breaker !== 'closed')
  const named = new Map(
    broken.map(({ provider, model: asked, breaker: state }): [string, Sample] => {
      const model = labelValue(asked)
      return [`${provider}/${model}`, { labels: { provider, model, state }, value: 1 }]
    }),
  )
  const counted: Sample[] = Object.entries(credentials).flatMap(([provider, states]) =>
    (['ready', 'resting', 'probing', 'expired'] as const).map((kind) => ({
      labels: { provider, state: kind },
      value: states.filter((credential) => credential.state === kind).length,
    })),
  )
  return [
    gauge('targets_resting', 'Models at providers that get no calls after failures, or only a probe.', [
      { labels: {}, value: broken.length },
    ]),
    gauge(
      'target_resting',
      `The same one by one, at most ${MAX_TARGETS}: 1 for each target that rests.`,
      [...named.values()].slice(0, MAX_TARGETS),
    ),
    gauge('provider_credentials', 'Credentials of providers by their state.', counted),
  ]
}

function gauge(name: string, help: string, samples: readonly Sample[]): MetricFamily {
  return { name: PREFIX + name, type: 'gauge', help, samples }
}

function counter(name: string, help: string, samples: readonly Sample[]): MetricFamily {
  return { name: PREFIX + name, type: 'counter', help, samples }
}
