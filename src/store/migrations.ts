import type { Kysely } from 'kysely'
import { Migrator, type Migration } from 'kysely/migration'
import { AppError } from '../errors.ts'
import type { Schema } from './schema.ts'
import { up as start } from './migrations/001-start.ts'
import { up as ledger } from './migrations/002-ledger.ts'
import { up as origin } from './migrations/003-origin.ts'
import { up as callKinds } from './migrations/004-call-kinds.ts'

/** Every change of the schema in its order. They are part of the program, so that the one-file executable holds them. Forward only. After a new one: `bun scripts/generate-sqlite-schema.ts`. */
export const MIGRATIONS: Readonly<Record<string, Migration>> = {
  '001-start': { up: start },
  '002-ledger': { up: ledger },
  '003-origin': { up: origin },
  '004-call-kinds': { up: callKinds },
}

/** Makes the changes that a database lacks; two processes that start at once wait for each other. */
export async function runMigrations(db: Kysely<Schema>): Promise<void> {
  const migrator = new Migrator({
    db,
    provider: { getMigrations: async () => ({ ...MIGRATIONS }) },
    migrationTableName: 'schema_migration',
    migrationLockTableName: 'schema_migration_lock',
  })
  const { error } = await migrator.migrateToLatest()
  if (error === undefined) return
  const message = error instanceof Error ? error.message : JSON.stringify(error)
  const newer = /previously executed migration (\S+) is missing/i.exec(message)?.[1]
  if (newer) {
    throw new AppError(
      'not_ready',
      `The database was written by a newer Portreeve (it has the change ${newer}). Start that version, or restore a backup made before.`,
      {},
      error,
    )
  }
  throw error instanceof Error ? error : new Error(message)
}
