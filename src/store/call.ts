import type { CallRecord } from '../contract/call.ts'
import type { SpooledCall } from '../contract/origin.ts'
import { callKindsIn } from './call-kind.ts'
import { AT, joinCall, ROW_COLUMNS, splitCall, type StoredCall } from './call-parts.ts'
import { type CallQuery, type CallPage, findCalls, readCalls, seqRange } from './call-search.ts'
import { SEQ_PLACES, seqAfter, seqFrom, startedAtOf, timeOfId } from './call-seq.ts'
import { ledgerIn } from './ledger.ts'
import { insertMany, query } from './many.ts'
import { originsIn } from './origin.ts'
import { rollupsIn } from './rollup.ts'
import type { Db } from './schema.ts'
import { type Tally, tally } from './tally.ts'

/** How late after its id was made a call may say that it began. */
const ID_LEAD_MS = 1_000

export const callsIn = (db: Db) => ({
  /**
   * Adds records and their sums in one transaction and resolves to those that were new. A record that is there already changes
   * nothing, so that a spool segment may be read twice.
   */
  async ingest(records: readonly SpooledCall[]): Promise<CallRecord[]> {
    return (await this.add(records.map(splitCall))).map(joinCall)
  },

  /** The same for calls as they are stored. `insert` is a faster way to insert rows, if there is one. */
  add(calls: readonly StoredCall[], insert: InsertRows = insertRows): Promise<StoredCall[]> {
    return inTransaction(db, async (transaction) => {
      const kinds = await callKindsIn(transaction).resolve(new Set(calls.map(({ kind }) => kind)), Date.now())
      for (const { kind, row } of calls) row[AT.kind] = kinds.get(kind)!
      const added = await insertNew(transaction, calls, insert)
      const tallies = tally(added)
      await rollupsIn(transaction).add(tallies)
      await ledgerIn(transaction).append(tallies)
      await markKeysUsed(transaction, tallies)
      await originsIn(transaction).add(added)
      return added
    })
  },

  async get(id: string): Promise<CallRecord | undefined> {
    const time = timeOfId(id)
    const near = time === undefined ? {} : { from: time, to: time + ID_LEAD_MS }
    const [found] = await readCalls(db, (e) => e.and([...seqRange(e, near), e('call_row.id', '=', id)]))
    if (found || time === undefined) return found
    return (await readCalls(db, (e) => e('call_row.id', '=', id)))[0]
  },

  /** Newest first. */
  async list(wanted: CallQuery, page: CallPage): Promise<CallRecord[]> {
    const found = await findCalls(db, wanted, page)
    return found.length === 0 ? [] : readCalls(db, (e) => e('seq', 'in', found))
  },

  /** When each key was last used, by key id, as far as its calls are kept. */
  async lastOfKeys(ids: readonly string[]): Promise<Map<string, number>> {
    if (ids.length === 0) return new Map()
    const kinds = await db
      .selectFrom('call_kind')
      .select('key_id')
      // One look at the end of the index for each kind: a group over all calls of a key would read them.
      .select((e) =>
        e
          .selectFrom('call_row')
          .select((call) => call.fn.max('seq').as('seq'))
          .whereRef('call_row.kind', '=', 'call_kind.id')
          .as('seq'),
      )
      .where('key_id', 'in', ids)
      .execute()
    const last = new Map<string, number>()
    for (const { key_id, seq } of kinds) {
      if (key_id !== null && seq !== null) last.set(key_id, Math.max(last.get(key_id) ?? 0, startedAtOf(seq)))
    }
    return last
  },

  /** Removes at most `chunk` calls that began before `time` and resolves to how many; sums stay. */
  async deleteBefore(time: number, chunk: number): Promise<number> {
    const { numDeletedRows } = await db
      .deleteFrom('call_row')
      .where('seq', 'in', (e) =>
        e.selectFrom('call_row').select('seq').where('seq', '<', seqFrom(time)).orderBy('seq').limit(chunk),
      )
      .executeTakeFirst()
    return Number(numDeletedRows)
  },
})

function inTransaction<T>(db: Db, run: (db: Db) => Promise<T>): Promise<T> {
  return db.isTransaction ? run(db) : db.transaction().execute(run)
}

/** Inserts rows whose `seq` is free and resolves to the calls that were refused. */
export type InsertRows = (db: Db, calls: readonly StoredCall[]) => Promise<readonly StoredCall[]>

const HEAD = `insert into call_row (${ROW_COLUMNS.join(',')})`

async function insertRows(db: Db, calls: readonly StoredCall[]): Promise<readonly StoredCall[]> {
  const bySeq = new Map(calls.toReversed().map((call) => [call.row[AT.seq], call]))
  // In one order everywhere, so that two nodes that add at once wait for each other instead of locking each other out.
  const rows = [...bySeq.values()].map(({ row }) => row).toSorted((a, b) => a[AT.seq] - b[AT.seq])
  const inserted = await insertMany<{ seq: number }>(db, HEAD, 'on conflict (seq) do nothing returning seq', rows)
  const seqs = new Set(inserted.map(({ seq }) => seq))
  return calls.filter((call) => !seqs.has(call.row[AT.seq]) || bySeq.get(call.row[AT.seq]) !== call)
}

/** Inserts calls and returns those that were not there. One whose place another call has takes the next place of its millisecond. */
async function insertNew(db: Db, calls: readonly StoredCall[], insert: InsertRows): Promise<StoredCall[]> {
  const known = new Set<StoredCall>()
  let left = calls
  for (let round = 1; left.length > 0; round++) {
    const refused = await insert(db, left)
    left = []
    if (refused.length === 0) break
    const taken = await idsAt(db, refused)
    for (const call of refused) {
      if (taken.get(call.row[AT.seq]) === call.row[AT.id]) known.add(call)
      // Should a millisecond ever be full, the next one takes what is too much.
      else call.row[AT.seq] = round < SEQ_PLACES ? seqAfter(call.row[AT.seq]) : call.row[AT.seq] + SEQ_PLACES
    }
    left = refused.filter((call) => !known.has(call))
  }
  return known.size === 0 ? [...calls] : calls.filter((call) => !known.has(call))
}

const CHUNK = 500

async function idsAt(db: Db, calls: readonly StoredCall[]): Promise<Map<number, string>> {
  const ids = new Map<number, string>()
  for (let at = 0; at < calls.length; at += CHUNK) {
    const seqs = calls.slice(at, at + CHUNK).map(({ row }) => row[AT.seq])
    const rows = await db.selectFrom('call_row').select(['seq', 'id']).where('seq', 'in', seqs).execute()
    for (const { seq, id } of rows) ids.set(seq, id)
  }
  return ids
}

async function markKeysUsed(db: Db, tallies: readonly Tally[]): Promise<void> {
  const last = new Map<string, number>()
  for (const { kind, latest } of tallies) {
    if (kind.key_id !== null) last.set(kind.key_id, Math.max(last.get(kind.key_id) ?? 0, latest))
  }
  for (const [id, at] of [...last].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    await db.executeQuery(query(MARK_USED, [at, id]))
  }
}

/** Written by hand: it runs for every key of every batch. */
const MARK_USED = 'update api_key set last_used_at = $1 where id = $2 and (last_used_at is null or last_used_at < $1)'
