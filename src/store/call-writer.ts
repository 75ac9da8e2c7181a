import type { Statement } from 'bun:sqlite'
import { Kysely } from 'kysely'
import { callsIn } from './call.ts'
import { type CallRow, ROW_COLUMNS, type StoredCall } from './call-parts.ts'
import { openStore } from './open.ts'
import type { Schema } from './schema.ts'
import { sqliteDialect } from './sqlite.ts'
import { openSqliteHere, pathOfSqlite } from './sqlite-file.ts'

/** Adds calls to a database that `openStore` has migrated, over a connection of its own. */
export type CallWriter = {
  /** Adds calls and their sums in one transaction and resolves to those that were new. */
  readonly add: (calls: readonly StoredCall[]) => Promise<readonly StoredCall[]>
  readonly close: () => Promise<void>
}

/** One writes, one looks whether the server is there. */
const WRITER_CONNECTIONS = 2

/** Opens a writer on the thread it is called on. In SQLite the rows go through one prepared statement: it runs for every call. */
export async function openCallWriter(url: string): Promise<CallWriter> {
  const path = pathOfSqlite(url)
  if (path !== undefined) return openSqliteWriter(path)
  const store = await openStore(url, { connections: WRITER_CONNECTIONS })
  return { add: (calls) => callsIn(store.db).add(calls), close: store.close }
}

function openSqliteWriter(path: string): CallWriter {
  const here = openSqliteHere(path)
  const executor = {
    execute: async (sql: string, parameters: readonly unknown[]) => here.execute(sql, parameters),
    close: async () => here.close(),
  }
  const db = new Kysely<Schema>({ dialect: sqliteDialect(async () => executor) })
  const places = ROW_COLUMNS.map((_, index) => `?${index + 1}`).join(',')
  const insert: Statement<unknown, CallRow> = here.database.prepare(
    `insert into call_row (${ROW_COLUMNS.join(',')}) values (${places}) on conflict (seq) do nothing`,
  )
  const insertRows = async (_: unknown, calls: readonly StoredCall[]) =>
    calls.filter(({ row }) => insert.run(...row).changes === 0)
  return {
    add: (calls) => callsIn(db).add(calls, insertRows),
    async close() {
      insert.finalize()
      await db.destroy()
    },
  }
}
