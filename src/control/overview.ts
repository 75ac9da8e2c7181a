import type { Overview, Totals } from '../contract/api/overview.ts'
import { AppError } from '../errors.ts'
import { keysIn } from '../store/api-key.ts'
import { percentile } from '../store/histogram.ts'
import { GRAINS, rollupsIn, type GrainName, type GroupName, type RollupQuery } from '../store/rollup.ts'
import type { Sums } from '../store/tally.ts'
import type { Context } from './context.ts'
import { idOfFileKey } from './key-source.ts'
import { timestamp } from './time.ts'

const DAY = 86_400_000
const LARGEST_GROUPS = 50

export type OverviewQuery = {
  readonly from?: string | undefined
  readonly to?: string | undefined
  readonly provider?: string | undefined
  readonly model?: string | undefined
  readonly key_id?: string | undefined
}

/** Reads sums, never single calls: as fast over a hundred million calls as over a hundred. */
export async function getOverview({ store, clock, live }: Context, query: OverviewQuery): Promise<Overview> {
  const to = query.to === undefined ? clock() + 1 : Date.parse(query.to)
  const from = query.from === undefined ? to - DAY : Date.parse(query.from)
  if (from >= to) throw new AppError('invalid_request', 'from must be before to.', { field: 'from' })
  const grain = grainFor(to - from, clock() - from)
  const length = GRAINS[grain]
  const starts = from - (from % length)
  const ends = to % length === 0 ? to : to - (to % length) + length
  const rollups = rollupsIn(store.db)
  const filter = { provider: query.provider, model: query.model, keyId: query.key_id }
  const now: RollupQuery = { grain, from: starts, to: ends, ...filter }
  const before: RollupQuery = { ...now, from: starts - (ends - starts), to: starts }
  const grouped = async <Name extends GroupName>(...by: Name[]) => {
    const [present, past] = await Promise.all([rollups.sum(now, ...by), rollups.sum(before, ...by)])
    const nameOf = (row: Readonly<Record<Name, unknown>>) => by.map((name) => String(row[name])).join('\n')
    const old = new Map(past.map((row) => [nameOf(row), row]))
    return present
      .toSorted((a, b) => b.cost_micros - a.cost_micros || b.calls - a.calls)
      .slice(0, LARGEST_GROUPS)
      .map((row) => ({ row, ...groupOf(row, old.get(nameOf(row))) }))
  }
  const [[all], [past], series, models, providers, keys] = await Promise.all([
    rollups.sum(now),
    rollups.sum(before),
    rollups.sum(now, 'starts_at'),
    grouped('provider', 'model'),
    grouped('provider'),
    grouped('key_id'),
  ])
  const names = new Map((await keysIn(store.db).all()).map(({ id, name }) => [id, name]))
  for (const { name } of live.file()?.configuration.keys ?? []) names.set(idOfFileKey(name), name)
  const byStart = new Map(series.map((row) => [row.starts_at, row]))
  const points = Array.from({ length: Math.round((ends - starts) / length) }, (_, index) => starts + index * length)
  return {
    from: timestamp(starts),
    to: timestamp(ends),
    grain,
    totals: toTotals(all),
    previous: toTotals(past),
    series: points.map((at) => ({ at: timestamp(at), totals: toTotals(byStart.get(at)) })),
    by_model: models.map(({ row, ...group }) => ({
      ...group,
      provider: row.provider || null,
      model: row.model || null,
    })),
    by_provider: providers.map(({ row, ...group }) => ({ ...group, provider: row.provider || null })),
    by_key: keys.map(({ row, ...group }) => ({
      ...group,
      key_id: row.key_id || null,
      key_name: names.get(row.key_id) ?? null,
    })),
  }
}

/** At most a few hundred points; minutes are kept for two days only. */
function grainFor(span: number, age: number): GrainName {
  if (span <= 6 * 3_600_000 && age <= 2 * DAY) return 'minute'
  return span <= 14 * DAY && age <= 90 * DAY ? 'hour' : 'day'
}

function groupOf(sums: Sums, past: Sums | undefined) {
  return { totals: toTotals(sums), previous_calls: past?.calls ?? 0, previous_cost_micros: past?.cost_micros ?? 0 }
}

function toTotals(sums: Sums | undefined): Totals {
  const get = (name: Exclude<keyof Sums, 'latency' | 'firstByte'>) => sums?.[name] ?? 0
  const at = (bins: readonly number[] | undefined, share: number) => (bins ? percentile(bins, share) : null)
  return {
    calls: get('calls'),
    ok: get('ok'),
    client_errors: get('client_errors'),
    rate_limited: get('rate_limited'),
    server_errors: get('server_errors'),
    cancelled: get('cancelled'),
    input_tokens: get('input_tokens'),
    cache_read_tokens: get('cache_read_tokens'),
    cache_write_tokens: get('cache_write_tokens'),
    output_tokens: get('output_tokens'),
    reasoning_tokens: get('reasoning_tokens'),
    cost_micros: get('cost_micros'),
    unpriced_calls: get('unpriced_calls'),
    cache_hits: get('cache_hits'),
    p50_ms: at(sums?.latency, 0.5),
    p95_ms: at(sums?.latency, 0.95),
    p99_ms: at(sums?.latency, 0.99),
    first_byte_p50_ms: at(sums?.firstByte, 0.5),
    first_byte_p95_ms: at(sums?.firstByte, 0.95),
  }
}
