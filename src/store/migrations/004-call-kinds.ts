import { createHash } from 'node:crypto'
import { PostgresAdapter, sql, type Kysely } from 'kysely'

// What a migration made stays what it was: columns, order and digest stand here as they were when it was written.
const KIND_COLUMNS = [
  'key_id',
  'key_name',
  'team',
  'application',
  'endpoint',
  'dialect',
  'stream',
  'model_asked',
  'provider',
  'model_served',
  'status',
  'outcome',
  'error_code',
  'finish_reason',
  'price_source',
  'cache',
  'attempt_key',
] as const
type Kind = { readonly id: number } & Readonly<Record<(typeof KIND_COLUMNS)[number], unknown>>

/** Milliseconds since 1970 at which the order of calls begins, and its places in each millisecond. */
const SEQ_EPOCH = 1_577_836_800_000
const SEQ_PLACES = 4_096

/** Splits calls into their kinds, which are few, and rows that hold only what is a call's own; `call` is the view of both. */
export async function up(db: Kysely<unknown>): Promise<void> {
  // SQLite's migrations do not run in a transaction by themselves, and half of this one would be worse than none.
  await (db.isTransaction ? change(db) : db.transaction().execute(change))
}

async function change(db: Kysely<unknown>): Promise<void> {
  const postgres = db.getExecutor().adapter instanceof PostgresAdapter
  const run = (text: string) => sql.raw(text).execute(db)
  await createTables(db, postgres)
  await run(
    `insert into call_kind (digest, recorded_on, ${KIND_COLUMNS.join(',')}) select distinct ${keyIn(postgres)}, 0, ${KIND_COLUMNS.join(',')} from ${callIn(postgres)}`,
  )
  const count = async (table: string) => {
    const { rows } = await sql<{ n: number }>`select count(*) as n from ${sql.table(table)}`.execute(db)
    return Number(rows[0]?.n)
  }
  const all = await count('call')
  // Calls whose place another call of the same millisecond has take the next one that is free.
  for (let step = 0; step < SEQ_PLACES && (await count('call_row')) < all; step++) await run(moveIn(postgres, step))
  const kinds = await sql<Kind>`select * from call_kind`.execute(db)
  for (const kind of kinds.rows)
    await sql`update call_kind set digest = ${digestOf(kind)} where id = ${kind.id}`.execute(db)
  await run('drop table call')
  await run(viewIn(postgres))
  await db.schema
    .createIndex('rollup_of_key')
    .ifNotExists()
    .on('rollup')
    .columns(['key_id'])
    .where(sql<boolean>`grain = 'day' and facet = 'cross'`)
    .execute()
}

function digestOf(kind: Kind): string {
  const text = JSON.stringify(KIND_COLUMNS.map((name) => kind[name]))
  return createHash('sha256').update(text).digest('base64url')
}

async function createTables({ schema }: Kysely<unknown>, postgres: boolean): Promise<void> {
  await schema
    .createTable('call_kind')
    .addColumn('id', postgres ? 'serial' : 'integer', (c) => c.primaryKey())
    .addColumn('digest', 'text', (c) => c.notNull().unique())
    .addColumn('recorded_on', 'bigint', (c) => c.notNull())
    .addColumn('key_id', 'text')
    .addColumn('key_name', 'text')
    .addColumn('team', 'text')
    .addColumn('application', 'text')
    .addColumn('endpoint', 'text', (c) => c.notNull())
    .addColumn('dialect', 'text', (c) => c.notNull())
    .addColumn('stream', 'integer', (c) => c.notNull())
    .addColumn('model_asked', 'text')
    .addColumn('provider', 'text')
    .addColumn('model_served', 'text')
    .addColumn('status', 'integer', (c) => c.notNull())
    .addColumn('outcome', 'text', (c) => c.notNull())
    .addColumn('error_code', 'text')
    .addColumn('finish_reason', 'text')
    .addColumn('price_source', 'text')
    .addColumn('cache', 'text')
    .addColumn('attempt_key', 'text')
    .execute()
  await schema
    .createTable('call_row')
    // First what calls are looked through by. `integer primary key` makes the number the row's own key in SQLite.
    .addColumn('seq', postgres ? 'bigint' : 'integer', (c) => c.primaryKey())
    .addColumn('kind', 'integer', (c) => c.notNull())
    .addColumn('total_us', 'bigint', (c) => c.notNull())
    .addColumn('cost_micros', 'bigint')
    .addColumn('id', 'text', (c) => c.notNull())
    .addColumn('end_user', 'text')
    .addColumn('first_byte_us', 'bigint')
    .addColumn('overhead_us', 'bigint')
    .addColumn('input_tokens', 'bigint')
    .addColumn('output_tokens', 'bigint')
    .addColumn('cache_read_tokens', 'bigint')
    .addColumn('bytes_in', 'bigint', (c) => c.notNull())
    .addColumn('bytes_out', 'bigint', (c) => c.notNull())
    .addColumn('attempt_at_us', 'bigint')
    .addColumn('attempt_us', 'bigint')
    .addColumn('more', 'text')
    .execute()
  // In SQLite an index holds the row's key anyway.
  const then = postgres ? (['seq'] as const) : []
  await schema
    .createIndex('call_row_kind')
    .on('call_row')
    .columns(['kind', ...then])
    .execute()
  await schema
    .createIndex('call_row_end_user')
    .on('call_row')
    .columns(['end_user', ...then])
    .where(sql.ref('end_user'), 'is not', null)
    .execute()
}

const RARE = ['cache_write_5m', 'cache_write_1h', 'reasoning', 'audio_input', 'audio_output', 'image_input']

/** Every call, with the attempt that its kind and row can tell of: `plain` where it is the only one and says nothing else. */
function callIn(postgres: boolean): string {
  const first = (name: string) =>
    postgres ? `(attempts::json -> 0 ->> '${name}')` : `json_extract(attempts, '$[0].${name}')`
  const length = postgres ? 'json_array_length(attempts::json)' : 'json_array_length(attempts)'
  const same = [
    ['provider', 'provider'],
    ['model', 'model_served'],
    ['status', 'cast(status as text)'],
    ['error_code', 'error_code'],
  ].map(([name = '', column]) => `cast(${first(name)} as text) is not distinct from ${column}`)
  const plain = `${length} = 1 and ${same.join(' and ')} and ${first('continues')} is null`
  const micros = (name: string) => `case when ${plain} then round(cast(${first(name)} as double precision) * 1000) end`
  return `(select call.*, case when ${plain} then ${first('key')} end as attempt_key,
    ${micros('started_ms')} as attempt_at_us, ${micros('duration_ms')} as attempt_us from call) c`
}

/** Text that is different for different kinds; it stands for the digest until all rows are moved. */
function keyIn(postgres: boolean): string {
  const columns = KIND_COLUMNS.map((name) => `c.${name}`).join(',')
  return postgres ? `json_build_array(${columns})::text` : `json_array(${columns})`
}

/** Moves the calls that are not moved yet, each to the place `step` after its own. */
function moveIn(postgres: boolean, step: number): string {
  const hex = (place: number) => `${postgres ? 'strpos' : 'instr'}('123456789abcdef', substr(c.id, ${place + 1}, 1))`
  const first = `(c.started_at - ${SEQ_EPOCH}) * ${SEQ_PLACES}`
  const micros = (column: string) => `cast(round(c.${column} * 1000) as bigint)`
  const build = postgres ? 'json_build_object' : 'json_object'
  const json = (text: string) => (postgres ? `(${text})::json` : `json(${text})`)
  const usage = RARE.map((name) => `'${name}', c.${name}_tokens`).join(',')
  const rare = RARE.map((name) => `coalesce(c.${name}_tokens, 0) <> 0`).join(' or ')
  const attempts = `case when c.attempt_at_us is null and c.attempts <> '[]' then c.attempts end`
  const more = `case when ${attempts} is not null or c.dropped is not null or c.guards is not null or ${rare}
    then cast(${build}('usage', ${build}(${usage}), 'attempts', ${json(attempts)}, 'dropped', ${json('c.dropped')}, 'guards', ${json('c.guards')}) as text) end`
  return `insert into call_row
    (seq, kind, total_us, cost_micros, id, end_user, first_byte_us, overhead_us, input_tokens, output_tokens, cache_read_tokens, bytes_in,
      bytes_out, attempt_at_us, attempt_us, more)
    select ${first} + (${hex(20)} * 256 + ${hex(21)} * 16 + ${hex(22)} + ${step}) % ${SEQ_PLACES}, k.id, ${micros('total_ms')}, c.cost_micros,
      c.id, c.end_user, ${micros('first_byte_ms')}, ${micros('overhead_ms')}, c.input_tokens, c.output_tokens, c.cache_read_tokens,
      c.bytes_in, c.bytes_out, cast(c.attempt_at_us as bigint), cast(c.attempt_us as bigint), ${more}
    from ${callIn(postgres)} cross join call_kind k
    where k.digest = ${keyIn(postgres)}${
      step === 0
        ? ''
        : ` and not exists (select 1 from call_row r where r.id = c.id and r.seq >= ${first} and r.seq < ${first} + ${SEQ_PLACES})`
    }
    order by c.started_at, c.id
    on conflict (seq) do nothing`
}

/** The columns of the contract's `CallRecord`, for people who ask the database themselves. */
function viewIn(postgres: boolean): string {
  const more = (...path: string[]) =>
    postgres ? `(r.more::json #>> '{${path.join(',')}}')` : `json_extract(r.more, '$.${path.join('.')}')`
  const millis = (column: string) => `cast(r.${column}_us as double precision) / 1000 as ${column}_ms`
  const rare = (name: string) =>
    `case when r.input_tokens is not null then coalesce(cast(${more('usage', name)} as bigint), 0) end as ${name}_tokens`
  const [object, array] = postgres ? ['json_build_object', 'json_build_array'] : ['json_object', 'json_array']
  const attempt = `cast(${array}(${object}('provider', k.provider, 'model', k.model_served, 'key', k.attempt_key, 'status', k.status, 'error_code', k.error_code, 'started_ms', cast(r.attempt_at_us as double precision) / 1000, 'duration_ms', cast(r.attempt_us as double precision) / 1000)) as text)`
  return `create view call as select r.id, (r.seq >> 12) + ${SEQ_EPOCH} as started_at,
    k.key_id, k.key_name, k.team, k.application, r.end_user, k.endpoint, k.dialect, k.stream, k.model_asked, k.provider, k.model_served,
    k.status, k.outcome, k.error_code, k.finish_reason, r.input_tokens, r.cache_read_tokens, ${rare('cache_write_5m')}, ${rare('cache_write_1h')},
    r.output_tokens, ${rare('reasoning')}, ${rare('audio_input')}, ${rare('audio_output')}, ${rare('image_input')},
    r.cost_micros, k.price_source, ${millis('first_byte')}, ${millis('total')}, ${millis('overhead')},
    coalesce(${more('attempts')}, case when r.attempt_at_us is null then '[]' else ${attempt} end) as attempts,
    r.bytes_in, r.bytes_out, ${more('dropped')} as dropped, k.cache, ${more('guards')} as guards
    from call_row r join call_kind k on k.id = r.kind`
}
