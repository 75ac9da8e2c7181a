import { CompiledQuery, type Kysely } from 'kysely'
import { MIGRATED, SQLITE_SCHEMA } from './generated/sqlite-schema.ts'
import type { Schema } from './schema.ts'

/**
 * Brings the schema up to date. Nearly every start finds a SQLite file that is, or an empty one, which gets the whole schema at once: what
 * built it over time is loaded where there is something to change, and changes one commit at a time.
 */
export async function migrate(db: Kysely<Schema>, kind: 'sqlite' | 'postgres'): Promise<void> {
  if (kind === 'sqlite' && ((await isUpToDate(db)) || (await fill(db)))) return
  const { runMigrations } = await import('./migrations.ts')
  await runMigrations(db)
}

async function isUpToDate(db: Kysely<Schema>): Promise<boolean> {
  const [table] = await rowsOf(db, "select name from sqlite_master where name = 'schema_migration'")
  if (!table) return false
  const made = await rowsOf<{ readonly name: string }>(db, 'select name from schema_migration order by name')
  return made.map(({ name }) => name).join() === MIGRATED.join()
}

/** Writes the schema into a database that holds nothing. False when there is something in it. */
function fill(db: Kysely<Schema>): Promise<boolean> {
  return db.transaction().execute(async (transaction) => {
    const [first] = await rowsOf(transaction, 'select name from sqlite_master limit 1')
    if (first) return false
    for (const statement of SQLITE_SCHEMA) await transaction.executeQuery(CompiledQuery.raw(statement))
    const now = new Date().toISOString()
    for (const name of MIGRATED) {
      const insert = 'insert into schema_migration (name, timestamp) values (?, ?)'
      await transaction.executeQuery(CompiledQuery.raw(insert, [name, now]))
    }
    return true
  })
}

async function rowsOf<Row>(db: Kysely<Schema>, text: string): Promise<readonly Row[]> {
  return (await db.executeQuery(CompiledQuery.raw(text) as CompiledQuery<Row>)).rows
}
