import { sql, type Kysely } from 'kysely'
import { BINS, ROLLUP_SUMS } from '../schema.ts'

/** The first schema. Written once: later changes are migrations of their own. */
export async function up(db: Kysely<unknown>): Promise<void> {
  const { schema } = db
  await schema
    .createTable('api_key')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('hash', 'text', (c) => c.notNull().unique())
    .addColumn('previous_hash', 'text')
    .addColumn('previous_until', 'bigint')
    .addColumn('hint', 'text', (c) => c.notNull())
    .addColumn('team', 'text')
    .addColumn('body', 'text', (c) => c.notNull())
    .addColumn('expires_at', 'bigint')
    .addColumn('revoked_at', 'bigint')
    .addColumn('last_used_at', 'bigint')
    .addColumn('created_by', 'text')
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('updated_at', 'bigint', (c) => c.notNull())
    .addColumn('version', 'integer', (c) => c.notNull())
    .execute()
  // A revoked key keeps its name in the records; the name itself is free again.
  await schema
    .createIndex('api_key_name')
    .unique()
    .on('api_key')
    .column('name')
    .where(sql.ref('revoked_at'), 'is', null)
    .execute()

  await schema
    .createTable('resource')
    .addColumn('kind', 'text', (c) => c.notNull())
    .addColumn('id', 'text', (c) => c.notNull())
    .addColumn('body', 'text', (c) => c.notNull())
    .addColumn('secrets', 'text')
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('updated_at', 'bigint', (c) => c.notNull())
    .addColumn('version', 'integer', (c) => c.notNull())
    .addPrimaryKeyConstraint('resource_key', ['kind', 'id'])
    .execute()

  await people(db)

  await schema
    .createTable('audit_event')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('at', 'bigint', (c) => c.notNull())
    .addColumn('actor', 'text', (c) => c.notNull())
    .addColumn('actor_id', 'text')
    .addColumn('action', 'text', (c) => c.notNull())
    .addColumn('target', 'text')
    .addColumn('changes', 'text')
    .addColumn('address', 'text')
    .addColumn('request_id', 'text')
    .execute()
  await schema.createIndex('audit_event_at').on('audit_event').columns(['at', 'id']).execute()
  await schema
    .createTable('idempotent_answer')
    .addColumn('hash', 'text', (c) => c.primaryKey())
    .addColumn('request_hash', 'text', (c) => c.notNull())
    .addColumn('status', 'integer')
    .addColumn('headers', 'text')
    .addColumn('body', 'text')
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .execute()
  await schema
    .createTable('state')
    .addColumn('name', 'text', (c) => c.primaryKey())
    .addColumn('value', 'text', (c) => c.notNull())
    .execute()

  await calls(db)
  await rollups(db)
}

async function people({ schema }: Kysely<unknown>): Promise<void> {
  await schema
    .createTable('person')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('email', 'text', (c) => c.notNull().unique())
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('role', 'text', (c) => c.notNull())
    .addColumn('password_hash', 'text')
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('updated_at', 'bigint', (c) => c.notNull())
    .addColumn('last_seen_at', 'bigint')
    .addColumn('version', 'integer', (c) => c.notNull())
    .execute()
  await schema
    .createTable('session')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('person_id', 'text', (c) => c.notNull().references('person.id').onDelete('cascade'))
    .addColumn('hash', 'text', (c) => c.notNull().unique())
    .addColumn('csrf_token', 'text', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('last_seen_at', 'bigint', (c) => c.notNull())
    .addColumn('expires_at', 'bigint', (c) => c.notNull())
    .addColumn('address', 'text')
    .addColumn('browser', 'text')
    .execute()
  await schema.createIndex('session_person').on('session').column('person_id').execute()
  await schema
    .createTable('invitation')
    .addColumn('hash', 'text', (c) => c.primaryKey())
    .addColumn('purpose', 'text', (c) => c.notNull())
    .addColumn('person_id', 'text', (c) => c.references('person.id').onDelete('cascade'))
    .addColumn('role', 'text', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('expires_at', 'bigint', (c) => c.notNull())
    .addColumn('used_at', 'bigint')
    .execute()
  await schema
    .createTable('management_token')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('name', 'text', (c) => c.notNull().unique())
    .addColumn('role', 'text', (c) => c.notNull())
    .addColumn('hash', 'text', (c) => c.notNull().unique())
    .addColumn('hint', 'text', (c) => c.notNull())
    .addColumn('created_by', 'text')
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('expires_at', 'bigint')
    .addColumn('last_used_at', 'bigint')
    .execute()
}

async function calls({ schema }: Kysely<unknown>): Promise<void> {
  await schema
    .createTable('call')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('started_at', 'bigint', (c) => c.notNull())
    .addColumn('key_id', 'text')
    .addColumn('key_name', 'text')
    .addColumn('team', 'text')
    .addColumn('application', 'text')
    .addColumn('end_user', 'text')
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
    .addColumn('input_tokens', 'bigint')
    .addColumn('cache_read_tokens', 'bigint')
    .addColumn('cache_write_5m_tokens', 'bigint')
    .addColumn('cache_write_1h_tokens', 'bigint')
    .addColumn('output_tokens', 'bigint')
    .addColumn('reasoning_tokens', 'bigint')
    .addColumn('audio_input_tokens', 'bigint')
    .addColumn('audio_output_tokens', 'bigint')
    .addColumn('image_input_tokens', 'bigint')
    .addColumn('cost_micros', 'bigint')
    .addColumn('price_source', 'text')
    .addColumn('first_byte_ms', 'double precision')
    .addColumn('total_ms', 'double precision', (c) => c.notNull())
    .addColumn('overhead_ms', 'double precision')
    .addColumn('attempts', 'text', (c) => c.notNull())
    .addColumn('bytes_in', 'bigint', (c) => c.notNull())
    .addColumn('bytes_out', 'bigint', (c) => c.notNull())
    .addColumn('dropped', 'text')
    .addColumn('cache', 'text')
    .addColumn('guards', 'text')
    .execute()
  // Each serves one filter in the order of the list; those over columns that most calls leave empty hold only the calls that fill them.
  await schema.createIndex('call_time').on('call').columns(['started_at', 'id']).execute()
  await schema.createIndex('call_key').on('call').columns(['key_id', 'started_at', 'id']).execute()
  await schema.createIndex('call_provider').on('call').columns(['provider', 'started_at', 'id']).execute()
  await schema.createIndex('call_model').on('call').columns(['model_served', 'started_at', 'id']).execute()
  for (const columns of [[], ['outcome']]) {
    await schema
      .createIndex(columns.length ? 'call_outcome' : 'call_failed')
      .on('call')
      .columns([...columns, 'started_at', 'id'])
      .where(sql.ref('outcome'), '<>', sql.lit('ok'))
      .execute()
  }
  for (const column of ['error_code', 'end_user', 'team', 'application'] as const) {
    await schema
      .createIndex(`call_${column}`)
      .on('call')
      .columns([column, 'started_at', 'id'])
      .where(sql.ref(column), 'is not', null)
      .execute()
  }
}

async function rollups({ schema }: Kysely<unknown>): Promise<void> {
  let table = schema
    .createTable('rollup')
    .addColumn('grain', 'text', (c) => c.notNull())
    .addColumn('facet', 'text', (c) => c.notNull())
    .addColumn('starts_at', 'bigint', (c) => c.notNull())
    .addColumn('provider', 'text', (c) => c.notNull())
    .addColumn('model', 'text', (c) => c.notNull())
    .addColumn('key_id', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('rollup_key', ['grain', 'facet', 'starts_at', 'provider', 'model', 'key_id'])
  for (const name of ROLLUP_SUMS) {
    table = table.addColumn(name, name === 'total_ms' ? 'double precision' : 'bigint', (c) => c.notNull().defaultTo(0))
  }
  for (const kind of ['l', 'f']) {
    for (let bin = 0; bin < BINS; bin++)
      table = table.addColumn(`${kind}${bin}`, 'bigint', (c) => c.notNull().defaultTo(0))
  }
  await table.execute()
}
