// The file itself, without a word of the query builder: the database thread loads this and nothing else.
import { Database, type SQLQueryBindings, type Statement } from 'bun:sqlite'
import { chmodSync, statSync } from 'node:fs'

/** What one statement brought. */
export type SqliteAnswer = { readonly rows: unknown[]; readonly changes: number }

const STATEMENTS_KEPT = 200

/** Committed calls leave the spool, so a commit must be on the disk: FULL. Page size only counts for a new file. */
const PRAGMAS = [
  'page_size = 8192',
  'journal_mode = WAL',
  'synchronous = FULL',
  'foreign_keys = ON',
  'cache_size = -16000',
  'temp_store = MEMORY',
]

/** How a SQLite file is opened. */
export type SqliteOptions = {
  /** How long a statement waits for a lock of somebody else. */
  readonly waitMs?: number
  /** Changes nothing: neither the file nor its journal, and makes none. */
  readonly readOnly?: boolean
}

/** How long a statement waits for a lock, unless told otherwise. */
export const USUAL_WAIT_MS = 5_000

/** Opens the file and resolves nothing in between: every statement runs at once on the calling thread. */
export function openSqliteHere(
  path: string,
  { waitMs = USUAL_WAIT_MS, readOnly = false }: SqliteOptions = {},
): {
  /** For statements that run too often to go through a query builder. */
  database: Database
  execute: (sql: string, parameters: readonly unknown[]) => SqliteAnswer
  close: () => void
} {
  const database = new Database(path, readOnly ? { readonly: true } : { create: true, readwrite: true })
  try {
    // Whatever the folder's rights are, a file of ours is its owner's alone.
    if (!readOnly && path !== ':memory:' && statSync(path).uid === process.getuid?.()) chmodSync(path, 0o600)
    database.run(`PRAGMA busy_timeout = ${waitMs}`)
    for (const pragma of readOnly ? [] : PRAGMAS) database.run(`PRAGMA ${pragma}`)
  } catch (error) {
    database.close()
    throw error
  }
  const statements = new Map<string, Statement>()
  const prepared = (sql: string): Statement => {
    const known = statements.get(sql)
    if (known) {
      statements.delete(sql)
      statements.set(sql, known)
      return known
    }
    const statement = database.prepare(sql)
    statements.set(sql, statement)
    const [oldest] = statements
    if (statements.size > STATEMENTS_KEPT && oldest) {
      oldest[1].finalize()
      statements.delete(oldest[0])
    }
    return statement
  }
  return {
    database,
    execute(sql, parameters) {
      const statement = prepared(sql)
      const bound = parameters as SQLQueryBindings[]
      if (statement.columnNames.length > 0) {
        const rows = statement.all(...bound)
        return { rows, changes: rows.length }
      }
      return { rows: [], changes: statement.run(...bound).changes }
    },
    close() {
      for (const statement of statements.values()) statement.finalize()
      database.close()
    },
  }
}

/** The path of `sqlite:PATH`; undefined for another database, or one that lives in memory and has only one connection. */
export function pathOfSqlite(url: string): string | undefined {
  const path = /^sqlite:(?:\/\/(?=\/|[^/]))?(.+)$/.exec(url)?.[1]
  return path === ':memory:' ? undefined : path
}
