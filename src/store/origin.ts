import type { Selectable } from 'kysely'
import type { Due, Made } from '../contract/origin.ts'
import { AT, type StoredCall } from './call-parts.ts'
import { startedAtOf } from './call-seq.ts'
import { insertMany, query } from './many.ts'
import type { Db, OriginTable } from './schema.ts'

const COLUMNS = ['sequence', 'at', 'tenant', 'provider', 'model', 'credential', 'ids', 'due', 'settled']
const PAGE = 2_000

/** What calls left at vendors, in the order in which it was stored. */
export type StoredOrigins = {
  readonly made: readonly Made[]
  /** Where to go on reading. */
  readonly sequence: number
}

export const originsIn = (db: Db) => ({
  /**
   * Adds what these calls left. Call in the transaction that adds their records, with those that were new: writers wait for each other, so
   * that whoever reads on from a sequence misses none.
   */
  async add(calls: readonly StoredCall[]): Promise<void> {
    const rows = calls.flatMap(({ made, row }) => (made ? [{ made, at: startedAtOf(row[AT.seq]) }] : []))
    if (rows.length === 0) return
    const { value } = (await db.executeQuery(query<{ value: string }>(TAKE, [rows.length]))).rows[0]!
    let sequence = Number(value) - rows.length
    await insertMany(
      db,
      `insert into origin (${COLUMNS.join(',')})`,
      '',
      rows.map(({ made, at }) => [
        ++sequence,
        at,
        made.tenant,
        made.provider,
        made.model,
        made.credential,
        JSON.stringify(made.ids),
        made.due ? JSON.stringify(made.due) : null,
        made.settled ? 1 : 0,
      ]),
    )
  },

  /** The youngest entries that hold `ids` ids together, the oldest first. */
  async youngest(ids: number): Promise<StoredOrigins> {
    const found: Made[] = []
    let before = Number.MAX_SAFE_INTEGER
    let sequence = 0
    for (let left = ids; left > 0;) {
      const rows = await db
        .selectFrom('origin')
        .selectAll()
        .where('sequence', '<', before)
        .orderBy('sequence', 'desc')
        .limit(PAGE)
        .execute()
      for (const row of rows) {
        if (left <= 0) break
        const made = toMade(row)
        left -= made.ids.length
        found.push(made)
        sequence ||= row.sequence
        before = row.sequence
      }
      if (rows.length < PAGE) break
    }
    return { made: found.toReversed(), sequence }
  },

  async since(sequence: number): Promise<StoredOrigins> {
    const rows = await db
      .selectFrom('origin')
      .selectAll()
      .where('sequence', '>', sequence)
      .orderBy('sequence')
      .limit(PAGE)
      .execute()
    return { made: rows.map(toMade), sequence: rows.at(-1)?.sequence ?? sequence }
  },

  /** Removes at most `chunk` entries that are older than `time`, and resolves to how many. */
  async deleteBefore(time: number, chunk: number): Promise<number> {
    const { numDeletedRows } = await db
      .deleteFrom('origin')
      .where('sequence', 'in', (e) =>
        e.selectFrom('origin').select('sequence').where('at', '<', time).orderBy('sequence').limit(chunk),
      )
      .executeTakeFirst()
    return Number(numDeletedRows)
  },
})

const TAKE =
  "insert into state (name, value) values ('origin_sequence', cast($1 as text)) on conflict (name) do update set value = cast(cast(state.value as bigint) + $1 as text) returning value"

function toMade({ tenant, provider, model, credential, ids, due, settled }: Selectable<OriginTable>): Made {
  return {
    tenant,
    provider,
    model,
    credential,
    ids: JSON.parse(ids) as string[],
    ...(due === null ? {} : { due: JSON.parse(due) as Due }),
    ...(settled === 1 ? { settled: true as const } : {}),
  }
}
