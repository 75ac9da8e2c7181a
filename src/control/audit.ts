import type { AuditEvent } from '../contract/api/settings.ts'
import type { Page } from '../contract/listing.ts'
import { readCursor, writeCursor } from '../lib/cursor.ts'
import { newId } from '../lib/id.ts'
import { auditIn } from '../store/audit.ts'
import type { Db } from '../store/schema.ts'
import type { Actor } from './actor.ts'
import type { Deed } from './live.ts'
import { timestamp } from './time.ts'

/** Writes what an actor did, in the transaction in which it is done: an act without its event does not happen. */
export async function writeAudit(db: Db, actor: Actor, { action, target, changes }: Deed, at: number): Promise<void> {
  await auditIn(db).insert({
    id: newId('aud'),
    at,
    actor: actor.name,
    actor_id: actor.id,
    action,
    target,
    changes: changes ? JSON.stringify(changes) : null,
    address: actor.address ?? null,
    request_id: actor.requestId ?? null,
  })
}

export type AuditQuery = {
  readonly limit: number
  readonly after?: string | undefined
  readonly from?: string | undefined
  readonly to?: string | undefined
  readonly actor_id?: string | undefined
  readonly action?: string | undefined
  readonly target?: string | undefined
}

export async function listAudit(db: Db, query: AuditQuery): Promise<Page<AuditEvent>> {
  const [at, id] = readCursor(query.after, ['number', 'string']) ?? []
  const rows = await auditIn(db).list({
    ...query,
    limit: query.limit + 1,
    after: at === undefined ? undefined : { at: Number(at), id: String(id) },
    from: query.from === undefined ? undefined : Date.parse(query.from),
    to: query.to === undefined ? undefined : Date.parse(query.to),
  })
  const data = rows.slice(0, query.limit)
  const last = data.at(-1)
  return {
    object: 'list',
    data: data.map((row) => ({
      ...row,
      at: timestamp(row.at),
      changes: row.changes === null ? null : (JSON.parse(row.changes) as Record<string, unknown>),
    })),
    has_more: rows.length > query.limit,
    next_cursor: rows.length > query.limit && last ? writeCursor(last.at, last.id) : null,
  }
}
