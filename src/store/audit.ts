import type { Selectable } from 'kysely'
import type { AuditEventTable, Db } from './schema.ts'

export type AuditEventRow = Selectable<AuditEventTable>

export const auditIn = (db: Db) => ({
  insert: (row: AuditEventRow) => db.insertInto('audit_event').values(row).execute(),

  /** Newest first; `after` is the place of the last event of the page before. */
  async list(query: {
    readonly limit: number
    readonly after?: { readonly at: number; readonly id: string } | undefined
    readonly from?: number | undefined
    readonly to?: number | undefined
    readonly actor_id?: string | undefined
    readonly action?: string | undefined
    readonly target?: string | undefined
  }): Promise<AuditEventRow[]> {
    let select = db.selectFrom('audit_event').selectAll()
    const { after, from, to } = query
    if (after) select = select.where((e) => e(e.refTuple('at', 'id'), '<', e.tuple(after.at, after.id)))
    if (from !== undefined) select = select.where('at', '>=', from)
    if (to !== undefined) select = select.where('at', '<', to)
    for (const name of ['actor_id', 'action', 'target'] as const) {
      const value = query[name]
      if (value !== undefined) select = select.where(name, '=', value)
    }
    return select.orderBy('at', 'desc').orderBy('id', 'desc').limit(query.limit).execute()
  },
})
