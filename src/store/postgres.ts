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
import { type PostgresClient, PostgresPool } from './postgres-pool.ts'

type PostgresConnection = DatabaseConnection & { readonly client: PostgresClient }

/**
 * A kysely dialect over Bun's PostgreSQL client. `bigint` columns arrive as numbers: no value of ours leaves the safe range. At most
 * `connections` are open at a time. `name` is how people are told of the database.
 */
export function postgresDialect(url: string, name: string, connections: number): Dialect {
  return {
    createAdapter: () => new PostgresAdapter(),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
    createDriver: () => driverOver(new PostgresPool(url, name, connections)),
  }
}

function driverOver(pool: PostgresPool): Driver {
  const run = async (connection: DatabaseConnection, sql: string) =>
    void (await connection.executeQuery(CompiledQuery.raw(sql)))
  return {
    init: async () => {},
    async acquireConnection() {
      const client = await pool.acquire()
      const connection: PostgresConnection = {
        client,
        async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
          const rows = await client.run(sql, parameters)
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
    async rollbackTransaction(connection) {
      const { client } = connection as PostgresConnection
      // The server rolls back what a lost connection had begun; the first error is the one to tell.
      if (client.broken === undefined) await run(connection, 'rollback').catch((error: unknown) => client.break(error))
    },
    releaseConnection: async (connection) => pool.release((connection as PostgresConnection).client),
    destroy: () => pool.close(),
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
