import type { Selectable } from 'kysely'
import type { Db, IdempotentAnswerTable } from './schema.ts'

export type IdempotentAnswerRow = Selectable<IdempotentAnswerTable>

export const idempotentAnswersIn = (db: Db) => ({
  /** Claims a key for a request that now runs; resolves to what is there when it was claimed before. */
  async claim(hash: string, requestHash: string, now: number): Promise<IdempotentAnswerRow | undefined> {
    const { numInsertedOrUpdatedRows } = await db
      .insertInto('idempotent_answer')
      .values({ hash, request_hash: requestHash, status: null, headers: null, body: null, created_at: now })
      .onConflict((c) => c.column('hash').doNothing())
      .executeTakeFirst()
    if ((numInsertedOrUpdatedRows ?? 0n) > 0n) return undefined
    return db.selectFrom('idempotent_answer').selectAll().where('hash', '=', hash).executeTakeFirst()
  },
  keep: (hash: string, answer: { status: number; headers: string; body: string }) =>
    db.updateTable('idempotent_answer').set(answer).where('hash', '=', hash).execute(),
  release: (hash: string) => db.deleteFrom('idempotent_answer').where('hash', '=', hash).execute(),
  deleteBefore: (time: number) => db.deleteFrom('idempotent_answer').where('created_at', '<', time).execute(),
})
