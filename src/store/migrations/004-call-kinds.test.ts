import { expect, test } from 'bun:test'
import { type Kysely, sql } from 'kysely'
import { callRecord } from '../../../test/records.ts'
import { freshPostgres, noPostgres } from '../../../test/postgres.ts'
import type { CallRecord } from '../../contract/call.ts'
import { newId } from '../../lib/id.ts'
import { callsIn } from '../call.ts'
import { digestOf } from '../call-kind.ts'
import { insertMany } from '../many.ts'
import { openStore } from '../open.ts'
import { outcomeOf } from '../outcome.ts'
import { up as start } from './001-start.ts'
import { up } from './004-call-kinds.ts'

const T = 1_800_000_000_000
const attempt = callRecord().attempts[0]!
const usage = callRecord().usage!

/** One of everything that the former table could hold. */
const FORMER: readonly CallRecord[] = [
  callRecord({ id: newId('call'), started_at: T, team: 'web', application: 'shop', end_user: "o'neil", stream: true }),
  callRecord({ id: 'call_1', started_at: T, usage: { ...usage, cache_write_1h: 5, reasoning: 7, image_input: 2 } }),
  callRecord({ id: 'call_2', started_at: T, guards: { pii: 2 }, dropped: ['top_k', 'a"b'], cache: 'miss' }),
  callRecord({
    id: 'call_3',
    started_at: T + 1,
    attempts: [],
    provider: null,
    model_served: null,
    status: 401,
    error_code: 'invalid_api_key',
    usage: null,
    cost_micros: null,
    price_source: null,
    first_byte_ms: null,
    overhead_ms: null,
  }),
  callRecord({
    id: 'call_4',
    started_at: T + 1,
    attempts: [
      { ...attempt, status: 503, error_code: 'overloaded' },
      { ...attempt, key: null },
    ],
  }),
  callRecord({
    id: 'call_5',
    started_at: T + 2,
    status: 502,
    error_code: 'upstream_failed',
    attempts: [{ ...attempt, status: null, error_code: 'upstream_failed' }],
  }),
  callRecord({
    id: 'call_6',
    started_at: T + 2,
    attempts: [{ ...attempt, key: null, started_ms: 0, duration_ms: 12.345 }],
  }),
  callRecord({
    id: 'call_7',
    started_at: T + 3,
    key_id: null,
    key_name: null,
    model_asked: 'a,"b"\n',
    total_ms: 0.001,
  }),
]

/** The row of a record as the schema before had it. */
function formerRow(record: CallRecord): Record<string, unknown> {
  const { usage: tokens, attempts, dropped, guards, stream, ...plain } = record
  const counted = tokens ? Object.entries(tokens).map(([name, count]) => [`${name}_tokens`, count]) : []
  return {
    ...plain,
    ...Object.fromEntries(counted),
    outcome: outcomeOf(record),
    stream: stream ? 1 : 0,
    attempts: JSON.stringify(attempts),
    dropped: dropped.length > 0 ? JSON.stringify(dropped) : null,
    guards: guards ? JSON.stringify(guards) : null,
  }
}

/** What the first migration makes, besides calls; who refers to another comes first. */
const TABLES = [
  'rollup',
  'api_key',
  'resource',
  'session',
  'invitation',
  'person',
  'management_token',
  'audit_event',
  'idempotent_answer',
  'state',
]

const STORES = [
  { name: 'SQLite', url: async () => 'sqlite::memory:', missing: null },
  { name: 'PostgreSQL', url: freshPostgres, missing: process.env['CI'] ? null : noPostgres },
]

for (const { name, url, missing } of STORES) {
  test.skipIf(missing !== null)(`calls of the schema before come back whole on ${name}`, async () => {
    const { db, close } = await openStore(await url())
    for (const table of TABLES) await sql`drop table ${sql.table(table)}`.execute(db)
    await sql`drop view call`.execute(db)
    await sql`drop table call_row`.execute(db)
    await sql`drop table call_kind`.execute(db)
    await start(db as Kysely<unknown>)
    for (const row of FORMER.map(formerRow))
      await insertMany(db, `insert into call (${Object.keys(row).join(',')})`, '', [Object.values(row)])
    const before = await sql<Record<string, unknown>>`select * from call order by id`.execute(db)
    await up(db as Kysely<unknown>)
    const calls = callsIn(db)
    for (const record of FORMER) expect(await calls.get(record.id)).toEqual(record)
    // The view says what the table said, and a segment that is read again brings nothing new.
    const after = await sql<Record<string, unknown>>`select * from call order by id`.execute(db)
    const told = (row: Record<string, unknown>) => ({
      ...row,
      attempts: JSON.parse(String(row['attempts'])) as unknown,
    })
    expect(after.rows.map(told)).toEqual(before.rows.map(told))
    expect(await calls.ingest(FORMER)).toEqual([])
    // The digests are those that later calls are looked up by.
    const kinds = await db.selectFrom('call_kind').selectAll().execute()
    for (const kind of kinds) expect(kind.digest).toBe(digestOf(kind))
    const [table, column] = name === 'SQLite' ? ['sqlite_master', 'name'] : ['pg_indexes', 'indexname']
    const index = sql`select 1 from ${sql.table(table)} where ${sql.ref(column)} = 'rollup_of_key'`
    expect((await index.execute(db)).rows).toHaveLength(1)
    await close()
  })
}
