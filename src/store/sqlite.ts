import {
  CompiledQuery,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
} from 'kysely'
import type { SqliteAnswer } from './sqlite-file.ts'

/** Runs statements one after another, here or in a thread of its own. */
export type SqliteExecutor = {
  readonly execute: (sql: string, parameters: readonly unknown[]) => Promise<SqliteAnswer>
  readonly close: () => Promise<void>
}

/** What is no fault of the statement: another program holds the file, or the disk refuses. */
const AWAY = /^SQLITE_(BUSY|LOCKED|FULL|IOERR|READONLY|CANTOPEN)/

/** A kysely dialect over one SQLite connection; kysely's own mutex keeps transactions apart. `away` says in words that the file cannot be used now. */
export function sqliteDialect(open: () => Promise<SqliteExecutor>, away?: (cause: unknown) => Error): Dialect {
  return {
    createAdapter: () => new SqliteAdapter(),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
    createDriver: () => driverOver(open, away),
  }
}

function driverOver(open: () => Promise<SqliteExecutor>, away?: (cause: unknown) => Error): Driver {
  let executor: SqliteExecutor | undefined
  const connection: DatabaseConnection = {
    async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
      if (!executor) throw new Error('the database is closed')
      const { rows, changes } = await executor.execute(sql, parameters).catch((error: unknown) => {
        throw away && AWAY.test(String((error as { code?: unknown }).code)) ? away(error) : error
      })
      return { rows: rows as R[], numAffectedRows: BigInt(changes) }
    },
    // oxlint-disable-next-line require-yield
    async *streamQuery() {
      throw new Error('SQLite answers are read page by page, not streamed')
    },
  }
  const run = async (sql: string) => void (await connection.executeQuery(CompiledQuery.raw(sql)))
  return {
    async init() {
      executor = await open()
    },
    acquireConnection: async () => connection,
    beginTransaction: () => run('begin immediate'),
    commitTransaction: () => run('commit'),
    rollbackTransaction: () => run('rollback'),
    releaseConnection: async () => {},
    async destroy() {
      await executor?.close()
      executor = undefined
    },
  }
}
