import { sql } from 'kysely'
import type { Db } from './schema.ts'

/** Single values by name. */
export const stateIn = (db: Db) => ({
  async get(name: string): Promise<string | undefined> {
    return (await db.selectFrom('state').select('value').where('name', '=', name).executeTakeFirst())?.value
  },
  set: (name: string, value: string) =>
    db
      .insertInto('state')
      .values({ name, value })
      .onConflict((c) => c.column('name').doUpdateSet({ value }))
      .execute(),
  /** Adds one to a number and resolves to it; callers on many nodes never get the same. */
  async next(name: string): Promise<number> {
    const { value } = await db
      .insertInto('state')
      .values({ name, value: '1' })
      .onConflict((c) =>
        c.column('name').doUpdateSet({ value: sql<string>`cast(cast(state.value as bigint) + 1 as text)` }),
      )
      .returning('value')
      .executeTakeFirstOrThrow()
    return Number(value)
  },
})
