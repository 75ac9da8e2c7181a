import type { Kysely } from 'kysely'

/** Whose the things are that vendors keep. */
export async function up({ schema }: Kysely<unknown>): Promise<void> {
  await schema
    .createTable('origin')
    .addColumn('sequence', 'bigint', (c) => c.primaryKey())
    .addColumn('at', 'bigint', (c) => c.notNull())
    .addColumn('tenant', 'text', (c) => c.notNull())
    .addColumn('provider', 'text', (c) => c.notNull())
    .addColumn('model', 'text', (c) => c.notNull())
    .addColumn('credential', 'text')
    .addColumn('ids', 'text', (c) => c.notNull())
    .addColumn('due', 'text')
    .addColumn('settled', 'integer', (c) => c.notNull())
    .execute()
}
