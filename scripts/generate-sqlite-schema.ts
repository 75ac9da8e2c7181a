// Writes src/store/generated/sqlite-schema.ts: what all migrations together make of an empty SQLite file. A test compares the two.
import { Kysely, sql } from 'kysely'
import { join } from 'node:path'
import { MIGRATIONS, runMigrations } from '../src/store/migrations.ts'
import type { Schema } from '../src/store/schema.ts'
import { openSqliteHere } from '../src/store/sqlite-file.ts'
import { sqliteDialect } from '../src/store/sqlite.ts'

const OUT = join(import.meta.dir, '../src/store/generated/sqlite-schema.ts')

const here = openSqliteHere(':memory:')
const executor = {
  execute: async (text: string, parameters: readonly unknown[]) => here.execute(text, parameters),
  close: async () => here.close(),
}
const db = new Kysely<Schema>({ dialect: sqliteDialect(async () => executor) })
await runMigrations(db)
const made = await sql<{ sql: string }>`select sql from sqlite_master where sql is not null order by rowid`.execute(db)
await db.destroy()
const statements = [
  ...made.rows.map((row) => row.sql),
  "insert into schema_migration_lock (id) values ('migration_lock')",
]

await Bun.write(
  OUT,
  `// Written by scripts/generate-sqlite-schema.ts: do not edit.

/** The migrations that the schema below holds. */
export const MIGRATED: readonly string[] = ${JSON.stringify(Object.keys(MIGRATIONS))}

/** Makes the schema in an empty SQLite file, statement by statement. */
export const SQLITE_SCHEMA: readonly string[] = ${JSON.stringify(statements, null, 2)}
`,
)
const format = Bun.spawn([process.execPath, 'fmt', OUT], { stdout: 'ignore', stderr: 'inherit' })
process.exit(await format.exited)
