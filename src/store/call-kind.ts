import { createHash } from 'node:crypto'
import { type CallKind, KIND_COLUMNS } from './call-parts.ts'
import { insertMany, query } from './many.ts'
import type { Db } from './schema.ts'

const DAY_MS = 86_400_000
/** How many values one statement asks for. */
const CHUNK = 256
const HEAD = `insert into call_kind (digest,recorded_on,${KIND_COLUMNS.join(',')})`

type Found = { readonly id: number; readonly digest: string; readonly recorded_on: number }

export const callKindsIn = (db: Db) => ({
  /**
   * The numbers of these kinds, new or known. Call in the transaction that adds their calls: it marks the kinds as used today, which
   * keeps `deleteUnused` of another node away from them.
   */
  async resolve(kinds: Iterable<CallKind>, now: number): Promise<Map<CallKind, number>> {
    const today = now - (now % DAY_MS)
    const digests = new Map([...kinds].map((kind) => [kind, digestOf(kind)]))
    // In one order everywhere, so that two nodes that add at once wait for each other instead of locking each other out.
    const wanted = [...new Set(digests.values())].toSorted()
    let found = await find(db, wanted)
    const stale = [...found.values()].filter(({ recorded_on }) => recorded_on < today).map(({ id }) => id)
    if (stale.length > 0) {
      for (let at = 0; at < stale.length; at += CHUNK)
        await db
          .updateTable('call_kind')
          .set({ recorded_on: today })
          .where('id', 'in', stale.slice(at, at + CHUNK))
          .execute()
      found = await find(db, wanted)
    }
    const missing = new Map([...digests].flatMap(([kind, digest]) => (found.has(digest) ? [] : [[digest, kind]])))
    if (missing.size > 0) {
      const rows = [...missing]
        .toSorted(([a], [b]) => (a < b ? -1 : 1))
        .map(([digest, kind]) => [digest, today, ...KIND_COLUMNS.map((name) => kind[name])])
      await insertMany(db, HEAD, 'on conflict (digest) do nothing', rows)
      found = await find(db, wanted)
    }
    return new Map(
      [...digests].map(([kind, digest]) => {
        const known = found.get(digest)
        if (!known) throw new Error('a kind of call was removed while its calls were added')
        return [kind, known.id]
      }),
    )
  },

  /** Removes kinds of which no call is kept any more. */
  async deleteUnused(now: number): Promise<void> {
    await db
      .deleteFrom('call_kind')
      .where('recorded_on', '<', now - 2 * DAY_MS)
      .where((e) =>
        e.not(e.exists(e.selectFrom('call_row').select('seq').whereRef('call_row.kind', '=', 'call_kind.id'))),
      )
      .execute()
  },
})

async function find(db: Db, digests: readonly string[]): Promise<Map<string, Found>> {
  const found = new Map<string, Found>()
  for (let at = 0; at < digests.length; at += CHUNK) {
    const part = digests.slice(at, at + CHUNK)
    const places = part.map((_, index) => `$${index + 1}`).join(',')
    const text = `select id, digest, recorded_on from call_kind where digest in (${places})`
    for (const row of (await db.executeQuery(query<Found>(text, part))).rows) found.set(row.digest, row)
  }
  return found
}

/** Names a kind by everything it says: to let it say more, a migration must name those that are there anew. */
export function digestOf(kind: CallKind): string {
  const text = JSON.stringify(KIND_COLUMNS.map((name) => kind[name]))
  return createHash('sha256').update(text).digest('base64url')
}
