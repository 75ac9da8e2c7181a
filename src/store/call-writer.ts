import type { SQLQueryBindings } from 'bun:sqlite'
import { Kysely } from 'kysely'
import type { SpooledCall } from '../contract/origin.ts'
import { addToSums, CALL_COLUMNS, callRow, callsIn } from './call.ts'
import { openStore } from './open.ts'
import type { Schema } from './schema.ts'
import { openSqliteHere, pathOfSqlite, sqliteDialect } from './sqlite.ts'

/** Adds call records to a database that `openStore` has migrated, over a connection of its own. */
export type CallWriter = {
  /** Adds records and their sums in one transaction and resolves to those that were new. */
  readonly add: (records: readonly SpooledCall[]) => Promise<readonly SpooledCall[]>
  readonly close: () => Promise<void>
}

/** Opens a writer on the thread it is called on. In SQLite the rows go through one prepared statement: it runs for every call. */
export async function openCallWriter(url: string): Promise<CallWriter> {
  const path = pathOfSqlite(url)
  if (path !== undefined) return openSqliteWriter(path)
  const store = await openStore(url)
  return { add: (records) => callsIn(store.db).ingest(records), close: store.close }
}

function openSqliteWriter(path: string): CallWriter {
  const here = openSqliteHere(path)
  const executor = {
    execute: async (sql: string, parameters: readonly unknown[]) => here.execute(sql, parameters),
    close: async () => here.close(),
  }
  const db = new Kysely<Schema>({ dialect: sqliteDialect(async () => executor) })
  const places = CALL_COLUMNS.map((_, index) => `?${index + 1}`).join(',')
  const insert = here.database.prepare(
    `insert into call (${CALL_COLUMNS.join(',')}) values (${places}) on conflict (id) do nothing`,
  )
  return {
    add: (records) =>
      db.transaction().execute(async (transaction) => {
        const added = records.filter((record) => insert.run(...(callRow(record) as SQLQueryBindings[])).changes > 0)
        await addToSums(transaction, added)
        return added
      }),
    async close() {
      insert.finalize()
      await db.destroy()
    },
  }
}
