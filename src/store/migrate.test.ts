import { describe, expect, test } from 'bun:test'
import { Kysely, sql } from 'kysely'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MIGRATED } from './generated/sqlite-schema.ts'
import { migrate } from './migrate.ts'
import { MIGRATIONS, runMigrations } from './migrations.ts'
import { openStore } from './open.ts'
import type { Schema } from './schema.ts'
import { openSqliteHere } from './sqlite-file.ts'
import { sqliteDialect } from './sqlite.ts'

function emptySqlite(): Kysely<Schema> {
  const here = openSqliteHere(':memory:')
  const executor = {
    execute: async (text: string, parameters: readonly unknown[]) => here.execute(text, parameters),
    close: async () => here.close(),
  }
  return new Kysely<Schema>({ dialect: sqliteDialect(async () => executor) })
}

/** Everything in a database: what it is made of, and every row, without the times at which migrations ran. */
async function allOf(db: Kysely<Schema>) {
  const things = await sql<{
    type: string
    name: string
  }>`select type, name, tbl_name, sql from sqlite_master order by rowid`.execute(db)
  const rows: Record<string, unknown> = {}
  for (const { type, name } of things.rows) {
    if (type !== 'table') continue
    const found = await sql<Record<string, unknown>>`select * from ${sql.table(name)}`.execute(db)
    rows[name] = found.rows.map((row) => ({ ...row, timestamp: undefined }))
  }
  return { things: things.rows, rows }
}

describe('the schema of a new SQLite file', () => {
  test('is what the migrations make, one after the other: "bun scripts/generate-sqlite-schema.ts" writes it', async () => {
    const [whole, stepwise] = [emptySqlite(), emptySqlite()]
    await migrate(whole, 'sqlite')
    await runMigrations(stepwise)
    expect(MIGRATED).toEqual(Object.keys(MIGRATIONS))
    expect(await allOf(whole)).toEqual(await allOf(stepwise))
  })

  test('is left alone where it is up to date, and completed where a migration is missing', async () => {
    const db = emptySqlite()
    await runMigrations(db)
    const before = await allOf(db)
    await migrate(db, 'sqlite')
    expect(await allOf(db)).toEqual(before)
    await sql`drop table origin`.execute(db)
    await sql`delete from schema_migration where name >= '003-origin'`.execute(db)
    // The one after it finds what it makes: told, and nothing is taken for done.
    const refused: unknown = await migrate(db, 'sqlite').catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(Error)
  })

  test('is not written over what somebody else keeps in the file', async () => {
    const db = emptySqlite()
    await sql`create table theirs (a integer)`.execute(db)
    await migrate(db, 'sqlite')
    const { things } = await allOf(db)
    expect(things.map(({ name }) => name)).toContain('theirs')
    expect(things.map(({ name }) => name)).toContain('call_row')
  })

  test('of a newer Portreeve is refused', async () => {
    const url = `sqlite:${join(mkdtempSync(join(tmpdir(), 'migrate-')), 'a.db')}`
    const store = await openStore(url)
    await sql`insert into schema_migration (name, timestamp) values ('999-later', '2030-01-01T00:00:00.000Z')`.execute(
      store.db,
    )
    await store.close()
    const refused: unknown = await openStore(url).catch((error: unknown) => error)
    expect(refused).toMatchObject({ message: expect.stringContaining('was written by a newer Portreeve') })
  })
})
