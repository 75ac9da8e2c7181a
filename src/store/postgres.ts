import { SQL } from 'bun'
import {
  CompiledQuery,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
} from 'kysely'

const CONNECTIONS = 10

type Reserved = Awaited<ReturnType<SQL['reserve']>>
type PostgresConnection = DatabaseConnection & { readonly reserved: Reserved }

/** A kysely dialect over Bun's PostgreSQL client. `bigint` columns arrive as numbers: no value of ours leaves the safe range. */
export function postgresDialect(url: string): Dialect {
  return {
    createAdapter: () => new PostgresAdapter(),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
    createDriver: () =>
      driverOver(new SQL({ url, max: CONNECTIONS, bigint: true, idleTimeout: 60, connectionTimeout: 5 })),
  }
}

function driverOver(pool: SQL): Driver {
  const run = async (connection: DatabaseConnection, sql: string) =>
    void (await connection.executeQuery(CompiledQuery.raw(sql)))
  return {
    init: async () => {},
    async acquireConnection() {
      const reserved = await pool.reserve()
      const connection: PostgresConnection = {
        reserved,
        async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
          const rows = (await reserved.unsafe(sql, [...parameters])) as Record<string, unknown>[] & { count: number }
          return { rows: withNumbers(rows) as R[], numAffectedRows: BigInt(rows.count ?? 0) }
        },
        // oxlint-disable-next-line require-yield
        async *streamQuery() {
          throw new Error('PostgreSQL answers are read page by page, not streamed')
        },
      }
      return connection
    },
    beginTransaction: (connection, { isolationLevel }) =>
      run(connection, isolationLevel ? `begin isolation level ${isolationLevel}` : 'begin'),
    commitTransaction: (connection) => run(connection, 'commit'),
    rollbackTransaction: (connection) => run(connection, 'rollback'),
    async releaseConnection(connection) {
      await (connection as PostgresConnection).reserved.release()
    },
    destroy: () => pool.close({ timeout: 5 }),
  }
}

function withNumbers(rows: Record<string, unknown>[]): Record<string, unknown>[] {
  const [first] = rows
  if (!first || !Object.values(first).some((value) => typeof value === 'bigint' || value === null)) return [...rows]
  for (const row of rows) {
    for (const name in row) if (typeof row[name] === 'bigint') row[name] = Number(row[name])
  }
  return [...rows]
}
