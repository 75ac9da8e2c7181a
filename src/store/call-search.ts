// Finding calls. What a filter asks of their kind is looked up in the few kinds; the rest is asked of rows, newest first.
import { type Expression, type ExpressionBuilder, sql, type SqlBool } from 'kysely'
import type { CallRecord } from '../contract/call.ts'
import { type CallKind, joinCall, KIND_COLUMNS, ROW_COLUMNS, rowFrom } from './call-parts.ts'
import { SEQ_PLACES, seqFrom, seqOf } from './call-seq.ts'
import type { StoredOutcome } from './outcome.ts'
import type { Db, Schema } from './schema.ts'

/** Which calls. Times are milliseconds, `to` excluded; `error` is every outcome but `ok`. */
export type CallQuery = {
  readonly from?: number | undefined
  readonly to?: number | undefined
  readonly outcome?: StoredOutcome | 'error' | undefined
  readonly status?: number | undefined
  readonly error_code?: string | undefined
  readonly key_id?: string | undefined
  readonly team?: string | undefined
  readonly application?: string | undefined
  readonly end_user?: string | undefined
  readonly provider?: string | undefined
  readonly model?: string | undefined
  readonly model_asked?: string | undefined
  readonly endpoint?: string | undefined
  readonly stream?: boolean | undefined
  readonly min_ms?: number | undefined
  readonly min_cost_micros?: number | undefined
}

/** Where a page begins: after this call, in the order newest first. */
export type CallCursor = { readonly startedAt: number; readonly id: string }
export type CallPage = { readonly limit: number; readonly after?: CallCursor | undefined }

/** Newest calls that are looked through before an index is asked: most filters find a page among them. */
const NEWEST = 4_000
/** Up to so many calls of the wanted kinds are cheaper to fetch one by one than all calls to look through. */
const FEW = 100_000

type Rows = ExpressionBuilder<Schema, 'call_row'>
type Kinds = ExpressionBuilder<Schema, 'call_kind'>
type Condition = Expression<SqlBool>

/** The `seq` of the calls of a page, newest first. */
export async function findCalls(db: Db, query: CallQuery, { limit, after }: CallPage): Promise<number[]> {
  const before = after && (await seqOfCursor(db, after))
  const rows = db
    .selectFrom('call_row')
    .where((e) => e.and([...seqRange(e, query), ...(before === undefined ? [] : [e('seq', '<', before)])]))
  const page = async (...conditions: readonly Condition[]) => {
    const found = await rows
      .select('seq')
      .where((e) => e.and([...conditions, ...ownConditions(e, query)]))
      .orderBy('seq', 'desc')
      .limit(limit)
      .execute()
    return found.map(({ seq }) => seq)
  }
  const asked = kindConditions(query)
  if (asked.length === 0) return page()

  const kinds = db
    .selectFrom('call_kind')
    .select('id')
    .where((e) => e.and(asked.map((condition) => condition(e))))
  if (!(await kinds.limit(1).executeTakeFirst())) return []
  // The plus keeps the database from the index of kinds.
  const lookedAt = sql<SqlBool>`+${KIND} in (${kinds})`
  const indexed = sql<SqlBool>`${KIND} in (${kinds})`
  if (query.end_user !== undefined) return page(lookedAt)

  const floor = await rows.select('seq').orderBy('seq', 'desc').limit(1).offset(NEWEST).executeTakeFirst()
  const newest = await page(lookedAt, ...(floor ? [sql<SqlBool>`${SEQ} > ${floor.seq}`] : []))
  if (newest.length === limit || !floor) return newest
  if (query.min_ms === undefined && query.min_cost_micros === undefined) return page(indexed)
  const some = rows
    .select('seq')
    .where(indexed)
    .limit(FEW + 1)
  const { count } = await db
    .selectFrom(some.as('some'))
    .select((e) => e.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow()
  return page(count > FEW ? lookedAt : indexed)
}

const KIND = sql.ref('call_row.kind')
const SEQ = sql.ref('call_row.seq')

/** The records of the rows that fulfil the condition, newest first. */
export async function readCalls(db: Db, condition: (e: Rows) => Condition): Promise<CallRecord[]> {
  const rows = await db
    .selectFrom('call_row')
    .innerJoin('call_kind', 'call_kind.id', 'call_row.kind')
    .select([...ROW_COLUMNS.map((name) => `call_row.${name}` as const), ...KIND_COLUMNS])
    .where((e) => condition(e as never))
    .orderBy('seq', 'desc')
    .execute()
  return rows.map((row) => joinCall({ kind: row as CallKind, row: rowFrom(row) }))
}

/** Conditions for a time, from one millisecond to before another. */
export function seqRange(e: Rows, { from, to }: Pick<CallQuery, 'from' | 'to'>): Condition[] {
  const found: Condition[] = []
  if (from !== undefined) found.push(e('seq', '>=', seqFrom(from)))
  if (to !== undefined) found.push(e('seq', '<', seqFrom(to)))
  return found
}

/** Where the call is that the last page ended with; if it is gone, where it was. */
async function seqOfCursor(db: Db, { startedAt, id }: CallCursor): Promise<number> {
  const first = seqFrom(startedAt)
  const row = await db
    .selectFrom('call_row')
    .select('seq')
    .where('seq', '>=', first)
    .where('seq', '<', first + SEQ_PLACES)
    .where('id', '=', id)
    .executeTakeFirst()
  return row ? row.seq : seqOf(startedAt, id)
}

function ownConditions(e: Rows, query: CallQuery): Condition[] {
  const found: Condition[] = []
  if (query.end_user !== undefined) found.push(e('end_user', '=', query.end_user))
  if (query.min_ms !== undefined) found.push(e('total_us', '>=', Math.round(query.min_ms * 1000)))
  if (query.min_cost_micros !== undefined) found.push(e('cost_micros', '>=', query.min_cost_micros))
  return found
}

const EQUAL = ['error_code', 'key_id', 'team', 'application', 'provider', 'model_asked', 'endpoint', 'status'] as const

/** What is asked of the kind. */
function kindConditions(query: CallQuery): ((e: Kinds) => Condition)[] {
  const asked: ((e: Kinds) => Condition)[] = []
  const { outcome, stream, model } = query
  if (outcome === 'error') asked.push((e) => e('outcome', '<>', 'ok'))
  else if (outcome !== undefined) asked.push((e) => e('outcome', '=', outcome))
  if (stream !== undefined) asked.push((e) => e('stream', '=', stream ? 1 : 0))
  if (model !== undefined) asked.push((e) => e('model_served', '=', model))
  for (const name of EQUAL) {
    const value = query[name]
    if (value !== undefined) asked.push((e) => e(name, '=', value))
  }
  return asked
}
