import { CompiledQuery, Kysely } from 'kysely'
import { AppError } from '../errors.ts'
import { migrate } from './migrate.ts'
import { postgresDialect } from './postgres.ts'
import type { Schema } from './schema.ts'
import { sqliteDialect, type SqliteExecutor } from './sqlite.ts'
import { openSqliteHere, USUAL_WAIT_MS } from './sqlite-file.ts'
import { openSqliteThread } from './sqlite-thread.ts'

/** An open database with its schema up to date. */
export type Store = {
  readonly db: Kysely<Schema>
  readonly kind: 'sqlite' | 'postgres'
  readonly close: () => Promise<void>
}

export type StoreOptions = {
  /** SQLite in a thread of its own; needed where calls are served at the same time. */
  readonly thread?: boolean
  /** How long the opening waits for somebody else's lock on a SQLite file; what comes later waits as long as usual. */
  readonly waitMs?: number
  /** For a look that changes nothing, the schema least of all. SQLite files are opened without the right to write. */
  readonly readOnly?: boolean
  /** How many connections to PostgreSQL there may be at a time; 10 unless said. */
  readonly connections?: number
}

const CONNECTIONS = 10

/**
 * Opens `sqlite:PATH`, `sqlite::memory:`, or `postgres://…` and migrates it. Throws `not_ready`, naming the remedy, when the
 * database cannot be reached, is locked, or is damaged.
 */
export async function openStore(url: string, options: StoreOptions = {}): Promise<Store> {
  const kind = /^postgres(ql)?:/.test(url) ? 'postgres' : 'sqlite'
  const db = new Kysely<Schema>({
    dialect:
      kind === 'postgres'
        ? postgresDialect(url, databaseName(url), options.connections ?? CONNECTIONS)
        : sqliteDialect(
            () => openSqlite(pathOf(url), options),
            (error) => unreachable(url, kind, error),
          ),
  })
  try {
    if (!options.readOnly) await migrate(db, kind)
    if (kind === 'sqlite' && options.waitMs !== undefined)
      await db.executeQuery(CompiledQuery.raw(`PRAGMA busy_timeout = ${USUAL_WAIT_MS}`))
  } catch (error) {
    await db.destroy().catch(() => {})
    throw error instanceof AppError ? error : unreachable(url, kind, error)
  }
  return { db, kind, close: () => db.destroy() }
}

async function openSqlite(path: string, { thread = false, ...options }: StoreOptions): Promise<SqliteExecutor> {
  if (thread) return openSqliteThread(path, options)
  const here = openSqliteHere(path, options)
  return {
    execute: async (sql, parameters) => here.execute(sql, parameters),
    close: async () => here.close(),
  }
}

/** A database as people may be told of it: the path of a SQLite file, host and name of another; never its password. */
export function databaseName(url: string): string {
  if (!/^postgres(ql)?:/.test(url)) return pathOf(url)
  const { host, pathname } = new URL(url)
  return `PostgreSQL at ${host}${pathname}`
}

function pathOf(url: string): string {
  const path = url.replace(/^sqlite:(\/\/(?=\/|[^/]))?/, '')
  if (path === '' || /^\w+:\/\//.test(path)) {
    throw new AppError('invalid_configuration', 'DATABASE_URL must begin with "sqlite:" or "postgres:".', {
      field: 'DATABASE_URL',
    })
  }
  return path
}

function unreachable(url: string, kind: Store['kind'], cause: unknown): AppError {
  const message = cause instanceof Error ? cause.message : String(cause)
  if (kind === 'postgres') {
    return new AppError(
      'not_ready',
      `${databaseName(url)} does not answer as it should: ${message}. Check DATABASE_URL, the server, and the user's rights.`,
      { field: 'DATABASE_URL' },
      cause,
    )
  }
  const path = pathOf(url)
  const remedy = /malformed|not a database|corrupt/i.test(message)
    ? 'The file is damaged: restore it from a backup, or move it away to begin anew.'
    : /locked|busy/i.test(message)
      ? 'Another program holds the file: close it.'
      : 'Check that the folder exists and may be written.'
  return new AppError('not_ready', `The database ${path} cannot be used: ${message}. ${remedy}`, {}, cause)
}
