import { CompiledQuery, type ExpressionBuilder, type Selectable, sql } from 'kysely'
import type { CallRecord, TokenUsage } from '../contract/call.ts'
import type { SpooledCall } from '../contract/origin.ts'
import { ledgerIn } from './ledger.ts'
import { insertMany } from './many.ts'
import { originsIn } from './origin.ts'
import { outcomeOf, type StoredOutcome } from './outcome.ts'
import { rollupsIn } from './rollup.ts'
import type { CallTable, Db, Schema } from './schema.ts'

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

const USAGE = {
  input: 'input_tokens',
  cache_read: 'cache_read_tokens',
  cache_write_5m: 'cache_write_5m_tokens',
  cache_write_1h: 'cache_write_1h_tokens',
  output: 'output_tokens',
  reasoning: 'reasoning_tokens',
  audio_input: 'audio_input_tokens',
  audio_output: 'audio_output_tokens',
  image_input: 'image_input_tokens',
} as const satisfies Record<keyof TokenUsage, keyof CallTable>
const USAGE_COLUMNS = Object.entries(USAGE) as [keyof TokenUsage, (typeof USAGE)[keyof TokenUsage]][]

/** Columns that hold what the record holds, under the same name. */
const PLAIN = [
  'id',
  'started_at',
  'key_id',
  'key_name',
  'team',
  'application',
  'end_user',
  'endpoint',
  'dialect',
  'model_asked',
  'provider',
  'model_served',
  'status',
  'error_code',
  'finish_reason',
  'cost_micros',
  'price_source',
  'first_byte_ms',
  'total_ms',
  'overhead_ms',
  'bytes_in',
  'bytes_out',
  'cache',
] as const satisfies readonly (keyof CallTable & keyof CallRecord)[]

/** The columns of a call's row, in the order of `callRow`. */
export const CALL_COLUMNS = [...PLAIN, 'outcome', 'stream', 'attempts', 'dropped', 'guards', ...Object.values(USAGE)]
const HEAD = `insert into call (${CALL_COLUMNS.join(',')})`

/** A record as the values of its row. */
export function callRow(record: CallRecord): unknown[] {
  const { usage } = record
  return [
    ...PLAIN.map((name) => storable(record[name])),
    outcomeOf(record),
    record.stream ? 1 : 0,
    JSON.stringify(record.attempts),
    record.dropped.length ? JSON.stringify(record.dropped) : null,
    record.guards ? JSON.stringify(record.guards) : null,
    ...USAGE_COLUMNS.map(([name]) => (usage ? usage[name] : null)),
  ]
}

/** Clients choose some of these texts, and PostgreSQL takes no NUL in one. */
function storable<T>(value: T): T | string {
  return typeof value === 'string' && value.includes('\0') ? value.replaceAll('\0', '') : value
}

function toRecord(row: Selectable<CallTable>): CallRecord {
  const plain = Object.fromEntries(PLAIN.map((name) => [name, row[name]])) as Pick<CallRecord, (typeof PLAIN)[number]>
  return {
    ...plain,
    stream: row.stream === 1,
    usage:
      row.input_tokens === null
        ? null
        : (Object.fromEntries(USAGE_COLUMNS.map(([name, column]) => [name, row[column] ?? 0])) as TokenUsage),
    attempts: JSON.parse(row.attempts) as CallRecord['attempts'],
    dropped: row.dropped ? (JSON.parse(row.dropped) as string[]) : [],
    guards: row.guards ? (JSON.parse(row.guards) as Record<string, number>) : null,
  }
}

export const callsIn = (db: Db) => ({
  /**
   * Adds records and their sums in one transaction and resolves to those that were new. A record that is there already changes
   * nothing, so that a spool segment may be read twice.
   */
  async ingest(records: readonly SpooledCall[]): Promise<SpooledCall[]> {
    const byId = new Map(records.map((record) => [record.id, record]))
    return inTransaction(db, async (transaction) => {
      const rows = await insertMany<{ id: string }>(
        transaction,
        HEAD,
        'on conflict (id) do nothing returning id',
        [...byId.values()].map(callRow),
      )
      const added = rows.flatMap(({ id }) => byId.get(id) ?? [])
      await addToSums(transaction, added)
      return added
    })
  },

  async get(id: string): Promise<CallRecord | undefined> {
    const row = await db.selectFrom('call').selectAll().where('id', '=', id).executeTakeFirst()
    return row && toRecord(row)
  },

  /** Newest first. */
  async list(
    query: CallQuery,
    page: { readonly limit: number; readonly after?: CallCursor | undefined },
  ): Promise<CallRecord[]> {
    const { after } = page
    let select = db
      .selectFrom('call')
      .selectAll()
      .where((e) => e.and(conditions(e, query)))
    if (after) select = select.where((e) => e(e.refTuple('started_at', 'id'), '<', e.tuple(after.startedAt, after.id)))
    const rows = await select.orderBy('started_at', 'desc').orderBy('id', 'desc').limit(page.limit).execute()
    return rows.map(toRecord)
  },

  /** When each key was last used, by key id, as far as its calls are kept. */
  async lastOfKeys(ids: readonly string[]): Promise<Map<string, number>> {
    const last = new Map<string, number>()
    // One look at the end of the index for each: a group over all calls of a key would read them.
    for (const id of ids) {
      const row = await db
        .selectFrom('call')
        .select('started_at')
        .where('key_id', '=', id)
        .orderBy('started_at', 'desc')
        .limit(1)
        .executeTakeFirst()
      if (row) last.set(id, row.started_at)
    }
    return last
  },

  /** Removes at most `chunk` calls that began before `time` and resolves to how many; sums stay. */
  async deleteBefore(time: number, chunk: number): Promise<number> {
    const { numDeletedRows } = await db
      .deleteFrom('call')
      .where('id', 'in', (e) =>
        e.selectFrom('call').select('id').where('started_at', '<', time).orderBy('started_at').limit(chunk),
      )
      .executeTakeFirst()
    return Number(numDeletedRows)
  },
})

function inTransaction<T>(db: Db, run: (db: Db) => Promise<T>): Promise<T> {
  return db.isTransaction ? run(db) : db.transaction().execute(run)
}

/** What follows from new records: sums, ledger, when keys were used, what was left at vendors. In the transaction that adds them. */
export async function addToSums(transaction: Db, added: readonly SpooledCall[]): Promise<void> {
  await rollupsIn(transaction).add(added)
  await ledgerIn(transaction).append(added)
  await markKeysUsed(transaction, added)
  await originsIn(transaction).add(added)
}

async function markKeysUsed(db: Db, records: readonly CallRecord[]): Promise<void> {
  const last = new Map<string, number>()
  for (const { key_id, started_at } of records) {
    if (key_id !== null) last.set(key_id, Math.max(last.get(key_id) ?? 0, started_at))
  }
  for (const [id, at] of [...last].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    await db.executeQuery(CompiledQuery.raw(MARK_USED, [at, id]))
  }
}

/** Written by hand: it runs for every key of every batch. */
const MARK_USED = 'update api_key set last_used_at = $1 where id = $2 and (last_used_at is null or last_used_at < $1)'

function conditions(e: ExpressionBuilder<Schema, 'call'>, query: CallQuery) {
  const found = []
  if (query.from !== undefined) found.push(e('started_at', '>=', query.from))
  if (query.to !== undefined) found.push(e('started_at', '<', query.to))
  // Said as a constant, so that the database sees that the index of failed calls is enough.
  const failed = (query.outcome !== undefined && query.outcome !== 'ok') || (query.status ?? 0) >= 400
  if (failed) found.push(e('outcome', '<>', sql.lit('ok')))
  if (query.outcome !== undefined && query.outcome !== 'error') found.push(e('outcome', '=', query.outcome))
  if (query.stream !== undefined) found.push(e('stream', '=', query.stream ? 1 : 0))
  if (query.min_ms !== undefined) found.push(e('total_ms', '>=', query.min_ms))
  if (query.min_cost_micros !== undefined) found.push(e('cost_micros', '>=', query.min_cost_micros))
  if (query.status !== undefined) found.push(e('status', '=', query.status))
  if (query.model !== undefined) found.push(e('model_served', '=', query.model))
  for (const name of EQUAL) {
    const value = query[name]
    if (value !== undefined) found.push(e(name, '=', value))
  }
  return found
}

const EQUAL = [
  'error_code',
  'key_id',
  'team',
  'application',
  'end_user',
  'provider',
  'model_asked',
  'endpoint',
] as const
