import type { Selectable } from 'kysely'
import type { Db, ResourceTable } from './schema.ts'

export type ResourceRow = Selectable<ResourceTable>

export const resourcesIn = (db: Db) => ({
  all: (): Promise<ResourceRow[]> => db.selectFrom('resource').selectAll().orderBy('kind').orderBy('id').execute(),

  ofKind: (kind: string): Promise<ResourceRow[]> =>
    db.selectFrom('resource').selectAll().where('kind', '=', kind).orderBy('id').execute(),

  get: (kind: string, id: string): Promise<ResourceRow | undefined> =>
    db.selectFrom('resource').selectAll().where('kind', '=', kind).where('id', '=', id).executeTakeFirst(),

  /** False when there is one already. */
  async insert(row: ResourceRow): Promise<boolean> {
    const { numInsertedOrUpdatedRows } = await db
      .insertInto('resource')
      .values(row)
      .onConflict((c) => c.columns(['kind', 'id']).doNothing())
      .executeTakeFirst()
    return (numInsertedOrUpdatedRows ?? 0n) > 0n
  },

  /** Writes body and secrets if the version is still the one read; false when somebody was faster. */
  async update(row: ResourceRow): Promise<boolean> {
    const { numUpdatedRows } = await db
      .updateTable('resource')
      .set({ body: row.body, secrets: row.secrets, updated_at: row.updated_at, version: row.version + 1 })
      .where('kind', '=', row.kind)
      .where('id', '=', row.id)
      .where('version', '=', row.version)
      .executeTakeFirst()
    return numUpdatedRows > 0n
  },

  async delete(kind: string, id: string): Promise<boolean> {
    const { numDeletedRows } = await db
      .deleteFrom('resource')
      .where('kind', '=', kind)
      .where('id', '=', id)
      .executeTakeFirst()
    return numDeletedRows > 0n
  },
})
