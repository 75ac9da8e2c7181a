import { sql } from 'kysely'
import type { CallKind } from './call-parts.ts'
import { insertMany } from './many.ts'
import { BINS, type Db, ROLLUP_SUMS, type RollupDimensions, type RollupSum } from './schema.ts'
import { noSums, type Sums, type Tally } from './tally.ts'

export const GRAINS = { minute: 60_000, hour: 3_600_000, day: 86_400_000 } as const
export type GrainName = keyof typeof GRAINS

/**
 * How calls are grouped. `cross` keeps provider, model and key together and serves whatever names a key; it has no latency bins, because
 * there are many such groups and each call writes to them.
 */
type Facet = 'all' | 'model' | 'cross'

export type RollupQuery = {
  readonly grain: GrainName
  /** Milliseconds; `to` excluded. */
  readonly from: number
  readonly to: number
  readonly provider?: string | undefined
  readonly model?: string | undefined
  readonly keyId?: string | undefined
}

/** What the sums are told apart by; '' stands for none. */
export type GroupName = 'starts_at' | 'provider' | 'model' | 'key_id'

const DIMENSIONS = ['grain', 'facet', 'starts_at', 'provider', 'model', 'key_id'] as const
const bins = Array.from({ length: BINS }, (_, bin) => bin)
const NUMBERS = [...ROLLUP_SUMS, ...bins.map((bin) => `l${bin}` as const), ...bins.map((bin) => `f${bin}` as const)]
const FACET_NUMBERS: Readonly<Record<Facet, readonly (typeof NUMBERS)[number][]>> = {
  all: NUMBERS,
  model: NUMBERS,
  cross: ROLLUP_SUMS,
}
const headOf = (numbers: readonly string[]) => `insert into rollup (${[...DIMENSIONS, ...numbers].join(',')})`
const tailOf = (numbers: readonly string[]) =>
  `on conflict (${DIMENSIONS.join(',')}) do update set ${numbers.map((name) => `${name} = rollup.${name} + excluded.${name}`).join(', ')}`
const WIDE = [headOf(NUMBERS), tailOf(NUMBERS)] as const
const NARROW = [headOf(ROLLUP_SUMS), tailOf(ROLLUP_SUMS)] as const

export const rollupsIn = (db: Db) => ({
  /** Adds the calls to every sum they belong to. Only for calls that were really inserted. */
  async add(tallies: readonly Tally[]): Promise<void> {
    const rows = rowsOf(tallies)
    // In one order everywhere, so that two gateways that add at once wait for each other instead of locking each other out.
    const ordered = [...rows].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row)
    const named = (dimensions: RollupDimensions) => DIMENSIONS.map((name) => dimensions[name])
    const wide = ordered.filter(({ dimensions }) => dimensions.facet !== 'cross')
    const narrow = ordered.filter(({ dimensions }) => dimensions.facet === 'cross')
    const plain = (sums: Sums) => ROLLUP_SUMS.map((name) => sums[name])
    const binned = (sums: Sums) => [...plain(sums), ...sums.latency, ...sums.firstByte]
    await insertMany(
      db,
      ...WIDE,
      wide.map(({ dimensions, sums }) => [...named(dimensions), ...binned(sums)]),
    )
    await insertMany(
      db,
      ...NARROW,
      narrow.map(({ dimensions, sums }) => [...named(dimensions), ...plain(sums)]),
    )
  },

  /** Sums over a time, one for each value of `by` (or one in all). */
  async sum<Name extends GroupName = never>(
    query: RollupQuery,
    ...by: Name[]
  ): Promise<(Sums & Pick<RollupDimensions, Name>)[]> {
    const facet = facetFor(query, by)
    let select = db
      .selectFrom('rollup')
      .select([
        ...by,
        ...FACET_NUMBERS[facet].map((name) => sql<number>`cast(sum(${sql.ref(name)}) as bigint)`.as(name)),
      ])
      .where('grain', '=', query.grain)
      .where('facet', '=', facet)
      .where('starts_at', '>=', query.from)
      .where('starts_at', '<', query.to)
    if (query.provider !== undefined) select = select.where('provider', '=', query.provider)
    if (query.model !== undefined) select = select.where('model', '=', query.model)
    if (query.keyId !== undefined) select = select.where('key_id', '=', query.keyId)
    for (const name of by) select = select.groupBy(name)
    const rows = (await select.execute()) as unknown as (Record<string, number> & Pick<RollupDimensions, Name>)[]
    return rows.filter((row) => row['calls']).map((row) => ({ ...row, ...sumsOf(row) }))
  },

  /** What keys have used in all, by key id. */
  async ofKeys(ids: readonly string[]): Promise<Map<string, Sums>> {
    if (ids.length === 0) return new Map()
    const rows = await db
      .selectFrom('rollup')
      .select(['key_id', ...ROLLUP_SUMS.map((name) => sql<number>`cast(sum(${sql.ref(name)}) as bigint)`.as(name))])
      .where('grain', '=', sql.lit('day'))
      .where('facet', '=', sql.lit('cross'))
      .where('key_id', 'in', ids)
      .groupBy('key_id')
      .execute()
    return new Map(rows.map((row) => [row.key_id, sumsOf(row as unknown as Record<string, number>)]))
  },

  /** Removes at most `chunk` sums of a grain that began before `time`. */
  async deleteBefore(grain: GrainName, time: number): Promise<number> {
    const { numDeletedRows } = await db
      .deleteFrom('rollup')
      .where('grain', '=', grain)
      .where('starts_at', '<', time)
      .executeTakeFirst()
    return Number(numDeletedRows)
  },
})

type Row = { readonly dimensions: RollupDimensions; readonly sums: Sums }

function rowsOf(tallies: readonly Tally[]): Map<string, Row> {
  const rows = new Map<string, Row>()
  for (const { kind, minute, sums } of tallies) {
    for (const dimensions of dimensionsOf(kind, minute)) {
      const name = DIMENSIONS.map((key) => dimensions[key]).join('\n')
      let row = rows.get(name)
      if (!row) rows.set(name, (row = { dimensions, sums: noSums() }))
      merge(row.sums, sums)
    }
  }
  return rows
}

function merge(into: Sums, from: Sums): void {
  for (const name of ROLLUP_SUMS) into[name] += from[name]
  for (const bin of bins) {
    into.latency[bin]! += from.latency[bin]!
    into.firstByte[bin]! += from.firstByte[bin]!
  }
}

function dimensionsOf(kind: CallKind, minute: number): RollupDimensions[] {
  const provider = kind.provider ?? ''
  // What was asked may be anything that a client made up; only what was served is bounded.
  const model = kind.model_served ?? ''
  const keyId = kind.key_id ?? ''
  return Object.entries(GRAINS).flatMap(([grain, length]) => {
    const starts_at = minute - (minute % length)
    return [
      { grain, facet: 'all', starts_at, provider: '', model: '', key_id: '' },
      { grain, facet: 'model', starts_at, provider, model, key_id: '' },
      { grain, facet: 'cross', starts_at, provider, model, key_id: keyId },
    ]
  })
}

function facetFor(query: RollupQuery, by: readonly GroupName[]): Facet {
  const model =
    query.provider !== undefined || query.model !== undefined || by.includes('provider') || by.includes('model')
  if (query.keyId !== undefined || by.includes('key_id')) return 'cross'
  return model ? 'model' : 'all'
}

function sumsOf(row: Readonly<Record<string, number>>): Sums {
  const sums = Object.fromEntries(ROLLUP_SUMS.map((name) => [name, row[name] ?? 0])) as { [K in RollupSum]: number }
  return {
    ...sums,
    latency: bins.map((bin) => row[`l${bin}`] ?? 0),
    firstByte: bins.map((bin) => row[`f${bin}`] ?? 0),
  }
}
