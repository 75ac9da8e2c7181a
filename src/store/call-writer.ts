import type { Statement } from 'bun:sqlite'
import { Kysely } from 'kysely'
import { noRest } from '../lib/rests.ts'
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

const NONE: readonly StoredCall[] = []

/** One writes, one looks whether the server is there. */
const WRITER_CONNECTIONS = 2

/**
 * Opens a writer on the thread it is called on. In SQLite the rows go through prepared statements: they run for every call. `rest` is called
 * between small groups of rows.
 */
export async function openCallWriter(url: string, rest: () => void = noRest): Promise<CallWriter> {
  const path = pathOfSqlite(url)
  if (path !== undefined) return openSqliteWriter(path, rest)
  const store = await openStore(url, { connections: WRITER_CONNECTIONS })
  return { add: (calls) => callsIn(store.db).add(calls), close: store.close }
}

/** Rows of one statement: more gain little. */
const GROUP = 20

function openSqliteWriter(path: string, rest: () => void): CallWriter {
  const here = openSqliteHere(path)
  const executor = {
    execute: async (sql: string, parameters: readonly unknown[]) => here.execute(sql, parameters),
    close: async () => here.close(),
  }
  const db = new Kysely<Schema>({ dialect: sqliteDialect(async () => executor) })
  const places = `(${ROW_COLUMNS.map(() => '?').join(',')})`
  const head = `insert into call_row (${ROW_COLUMNS.join(',')}) values `
  const insertGroup: Statement<unknown, CallRow[number][]> = here.database.prepare(
    head + Array<string>(GROUP).fill(places).join(','),
  )
  const insert: Statement<unknown, CallRow> = here.database.prepare(`${head}${places} on conflict (seq) do nothing`)
  const refuses = ({ row }: StoredCall) => insert.run(...row).changes === 0
  const refusedOf = (group: readonly StoredCall[]): readonly StoredCall[] => {
    if (group.length < GROUP) return group.filter(refuses)
    try {
      insertGroup.run(...group.flatMap(({ row }) => row))
      return NONE
    } catch {
      // A statement that fails leaves nothing behind: a place is taken, and one row after the other tells which.
      return group.filter(refuses)
    }
  }
  const insertRows = async (_: unknown, calls: readonly StoredCall[]) => {
    const refused: StoredCall[] = []
    for (let from = 0; from < calls.length; from += GROUP) {
      rest()
      refused.push(...refusedOf(calls.slice(from, from + GROUP)))
    }
    return refused
  }
  return {
    add: (calls) => callsIn(db).add(calls, insertRows),
    async close() {
      insert.finalize()
      insertGroup.finalize()
      await db.destroy()
    },
  }
}
