import type { Selectable } from 'kysely'
import { contains } from './like.ts'
import type { ApiKeyTable, Db } from './schema.ts'

export type ApiKeyRow = Selectable<ApiKeyTable>

export const keysIn = (db: Db) => ({
  insert: (row: ApiKeyRow) => db.insertInto('api_key').values(row).execute(),

  get: (id: string): Promise<ApiKeyRow | undefined> =>
    db.selectFrom('api_key').selectAll().where('id', '=', id).executeTakeFirst(),

  /** The key of that name that is not revoked. */
  named: (name: string): Promise<ApiKeyRow | undefined> =>
    db.selectFrom('api_key').selectAll().where('name', '=', name).where('revoked_at', 'is', null).executeTakeFirst(),

  /** Newest first; `after` is the id the page before ended with. */
  async list(query: {
    readonly limit: number
    readonly after?: string | undefined
    readonly search?: string | undefined
    readonly team?: string | undefined
    readonly status?: 'active' | 'expired' | 'revoked' | undefined
    readonly now: number
  }): Promise<ApiKeyRow[]> {
    let select = db.selectFrom('api_key').selectAll()
    const { after, search, team, status, now } = query
    if (after !== undefined) select = select.where('id', '<', after)
    if (team !== undefined) select = select.where('team', '=', team)
    if (search !== undefined) select = select.where((e) => e.or([contains('name', search), contains('hint', search)]))
    if (status === 'revoked') select = select.where('revoked_at', 'is not', null)
    if (status === 'expired') select = select.where('revoked_at', 'is', null).where('expires_at', '<=', now)
    if (status === 'active') {
      select = select
        .where('revoked_at', 'is', null)
        .where((e) => e.or([e('expires_at', 'is', null), e('expires_at', '>', now)]))
    }
    return select.orderBy('id', 'desc').limit(query.limit).execute()
  },

  /** Every key that the gateway must still know: also revoked and expired ones, which get their own refusal. */
  all: (): Promise<ApiKeyRow[]> => db.selectFrom('api_key').selectAll().orderBy('id').execute(),

  /** Writes the fields if the version is still the one read; false when somebody was faster. */
  async update(id: string, version: number, fields: Partial<Omit<ApiKeyRow, 'id' | 'version'>>): Promise<boolean> {
    const { numUpdatedRows } = await db
      .updateTable('api_key')
      .set({ ...fields, version: version + 1 })
      .where('id', '=', id)
      .where('version', '=', version)
      .executeTakeFirst()
    return numUpdatedRows > 0n
  },
})
