import type { Kysely } from 'kysely'

/** What calls cost, in entries that are only ever added. */
export async function up({ schema }: Kysely<unknown>): Promise<void> {
  await schema
    .createTable('ledger_entry')
    .addColumn('sequence', 'bigint', (c) => c.primaryKey())
    .addColumn('day', 'bigint', (c) => c.notNull())
    .addColumn('key_name', 'text')
    .addColumn('application', 'text')
    .addColumn('team', 'text')
    .addColumn('model_asked', 'text')
    .addColumn('calls', 'bigint', (c) => c.notNull())
    .addColumn('amount_micros', 'bigint', (c) => c.notNull())
    .addColumn('hash', 'text', (c) => c.notNull())
    .execute()
  await schema.createIndex('ledger_entry_day').on('ledger_entry').columns(['day']).execute()
  await schema
    .createTable('ledger_head')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('sequence', 'bigint', (c) => c.notNull())
    .addColumn('hash', 'text', (c) => c.notNull())
    .execute()
}
