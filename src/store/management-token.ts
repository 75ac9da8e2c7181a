import type { Selectable } from 'kysely'
import type { Db, ManagementTokenTable } from './schema.ts'

export type ManagementTokenRow = Selectable<ManagementTokenTable>

export const tokensIn = (db: Db) => ({
  insert: (row: ManagementTokenRow) => db.insertInto('management_token').values(row).execute(),
  named: (name: string): Promise<ManagementTokenRow | undefined> =>
    db.selectFrom('management_token').selectAll().where('name', '=', name).executeTakeFirst(),
  withHash: (hash: string, now: number): Promise<ManagementTokenRow | undefined> =>
    db
      .selectFrom('management_token')
      .selectAll()
      .where('hash', '=', hash)
      .where((e) => e.or([e('expires_at', 'is', null), e('expires_at', '>', now)]))
      .executeTakeFirst(),
  list: (limit: number, after?: string): Promise<ManagementTokenRow[]> =>
    db
      .selectFrom('management_token')
      .selectAll()
      .$if(after !== undefined, (q) => q.where('id', '>', after ?? ''))
      .orderBy('id')
      .limit(limit)
      .execute(),
  used: (id: string, at: number) =>
    db.updateTable('management_token').set({ last_used_at: at }).where('id', '=', id).execute(),
  async delete(id: string): Promise<ManagementTokenRow | undefined> {
    const row = await db.selectFrom('management_token').selectAll().where('id', '=', id).executeTakeFirst()
    if (row) await db.deleteFrom('management_token').where('id', '=', id).execute()
    return row
  },
})
