import { createHash } from 'node:crypto'
import { sql } from 'kysely'
import { SEQ_PLACES, seqFrom, startedAtOf } from './call-seq.ts'
import { insertMany, query } from './many.ts'
import type { Db, LedgerHeadTable } from './schema.ts'
import type { Tally } from './tally.ts'

const DAY_MS = 86_400_000
const HEAD = 'head'
const GENESIS = '0'.repeat(64)
const PAGE = 2_000

/** Who calls belong to, as budgets see them. `day` is the first millisecond of the day (UTC) on which they began. */
export type LedgerParty = {
  readonly day: number
  readonly key_name: string | null
  readonly application: string | null
  readonly team: string | null
  readonly model_asked: string | null
}

/** What some calls of one party cost together. */
export type LedgerSum = LedgerParty & { readonly calls: number; readonly amount_micros: number }

/** What does not add up. */
export type LedgerFault = { readonly kind: 'chain' | 'sum'; readonly message: string }

export type LedgerReport = {
  readonly entries: number
  readonly calls: number
  readonly amount_micros: number
  /** First day whose records are all still kept, so that sums could be compared; null without any. */
  readonly comparedFrom: number | null
  readonly faults: readonly LedgerFault[]
}

const COLUMNS = ['sequence', 'day', 'key_name', 'application', 'team', 'model_asked', 'calls', 'amount_micros', 'hash']

/** Locks the end of the ledger, or makes it, and says where it is. Written by hand: it runs for every batch of calls. */
const BEGIN = `insert into ledger_head (id, sequence, hash) values ('${HEAD}', 0, '${GENESIS}') on conflict (id) do update set id = excluded.id returning sequence, hash`

export const ledgerIn = (db: Db) => ({
  /** Adds what these calls cost, one entry for each party. Call in the transaction that adds the records, with those that were new. */
  async append(tallies: readonly Tally[]): Promise<void> {
    const sums = sumByParty(tallies)
    if (sums.length === 0) return
    // The row is written before it is read, so that two writers wait for each other.
    const begun = await db.executeQuery(query<LedgerHeadTable>(BEGIN))
    const [head = { sequence: 0, hash: GENESIS }] = begun.rows
    let sequence = head.sequence
    let { hash } = head
    const rows = sums.map((sum) => {
      sequence++
      hash = hashOf(hash, sequence, sum)
      return [
        sequence,
        sum.day,
        sum.key_name,
        sum.application,
        sum.team,
        sum.model_asked,
        sum.calls,
        sum.amount_micros,
        hash,
      ]
    })
    await insertMany(db, `insert into ledger_entry (${COLUMNS.join(',')})`, '', rows)
    await db.executeQuery(
      query('update ledger_head set sequence = $1, hash = $2 where id = $3', [sequence, hash, HEAD]),
    )
  },

  /** What each party spent since the day that holds `from`, for budgets to begin with. */
  async spentSince(from: number): Promise<LedgerSum[]> {
    const rows = await db
      .selectFrom('ledger_entry')
      .select(['day', 'key_name', 'application', 'team', 'model_asked'])
      .select((e) => [
        e.fn.sum<number | string>('calls').as('calls'),
        e.fn.sum<number | string>('amount_micros').as('amount_micros'),
      ])
      .where('day', '>=', dayOf(from))
      .groupBy(['day', 'key_name', 'application', 'team', 'model_asked'])
      .execute()
    return rows.map((row) => ({ ...row, calls: Number(row.calls), amount_micros: Number(row.amount_micros) }))
  },

  /** Follows the chain from its beginning and compares its sums with the call records, day by day and party by party. */
  async verify(): Promise<LedgerReport> {
    const faults: LedgerFault[] = []
    let hash = GENESIS
    let entries = 0
    let calls = 0
    let amount = 0
    const sums = new Map<string, { calls: number; amount: number }>()
    for (;;) {
      const page = await db
        .selectFrom('ledger_entry')
        .selectAll()
        .where('sequence', '>', entries)
        .orderBy('sequence')
        .limit(PAGE)
        .execute()
      if (page.length === 0) break
      for (const entry of page) {
        if (entry.sequence !== entries + 1)
          faults.push({ kind: 'chain', message: `entries ${entries + 1} to ${entry.sequence - 1} are missing` })
        if (hashOf(hash, entry.sequence, entry) !== entry.hash)
          faults.push({ kind: 'chain', message: `entry ${entry.sequence} was changed, or one before it` })
        if (entry.amount_micros < 0) faults.push({ kind: 'chain', message: `entry ${entry.sequence} is negative` })
        hash = entry.hash
        entries = entry.sequence
        calls += entry.calls
        amount += entry.amount_micros
        const party = partyName(entry)
        const sum = sums.get(party) ?? { calls: 0, amount: 0 }
        sums.set(party, { calls: sum.calls + entry.calls, amount: sum.amount + entry.amount_micros })
      }
    }
    const head = await db.selectFrom('ledger_head').selectAll().where('id', '=', HEAD).executeTakeFirst()
    const last = head?.sequence ?? 0
    if (last > entries) faults.push({ kind: 'chain', message: `entries ${entries + 1} to ${last} are missing` })
    else if (last < entries)
      faults.push({ kind: 'chain', message: `entries ${last + 1} to ${entries} stand behind the last one` })
    else if ((head?.hash ?? GENESIS) !== hash)
      faults.push({ kind: 'chain', message: `the mark of the last entry was changed, or entry ${last}` })
    const comparedFrom = await this.compare(sums, faults)
    return { entries, calls, amount_micros: amount, comparedFrom, faults }
  },

  /** Records of the first kept day may have been removed in part: it is left out unless it is the ledger's first as well. */
  async compare(
    sums: ReadonlyMap<string, { calls: number; amount: number }>,
    faults: LedgerFault[],
  ): Promise<number | null> {
    const { first } = await db
      .selectFrom('call_row')
      .select((e) => e.fn.min('seq').as('first'))
      .executeTakeFirstOrThrow()
    if (first === null) return null
    const { begun } = await db
      .selectFrom('ledger_entry')
      .select((e) => e.fn.min('day').as('begun'))
      .executeTakeFirstOrThrow()
    const firstDay = dayOf(startedAtOf(first))
    const from = begun === null || firstDay <= begun ? firstDay : firstDay + DAY_MS
    const firstSeq = seqFrom(from)
    // Whole days since `from`: `seq` counts the time in equal steps.
    const days = sql<number>`(seq - ${sql.lit(firstSeq)}) / ${sql.lit(DAY_MS * SEQ_PLACES)}`
    const sumsOfKinds = db
      .selectFrom('call_row')
      .select([days.as('days'), 'kind'])
      .select((e) => [e.fn.countAll().as('calls'), e.fn.sum('cost_micros').as('amount_micros')])
      .where('cost_micros', '>', 0)
      .where('seq', '>=', firstSeq)
      .groupBy([days, 'kind'])
    const counted = await db
      .selectFrom(sumsOfKinds.as('sums'))
      .innerJoin('call_kind', 'call_kind.id', 'sums.kind')
      .select(['days', 'key_name', 'application', 'team', 'model_asked'])
      .select((e) => [
        e.fn.sum<number | string>('calls').as('calls'),
        e.fn.sum<number | string>('amount_micros').as('amount_micros'),
      ])
      .groupBy(['days', 'key_name', 'application', 'team', 'model_asked'])
      .execute()
    const rows = counted.map(({ days: since, ...row }) => ({ ...row, day: from + since * DAY_MS }))
    const left = new Map([...sums].filter(([party]) => Number(party.slice(0, party.indexOf('\0'))) >= from))
    for (const row of rows) {
      const name = partyName(row)
      const sum = left.get(name) ?? { calls: 0, amount: 0 }
      left.delete(name)
      if (sum.amount === Number(row.amount_micros) && sum.calls === Number(row.calls)) continue
      faults.push({
        kind: 'sum',
        message: `${describe(row)}: records say ${row.amount_micros} micro-dollars in ${row.calls} calls, the ledger ${sum.amount} in ${sum.calls}`,
      })
    }
    for (const [name, sum] of left)
      faults.push({
        kind: 'sum',
        message: `${name.split('\0').join(' ')}: no records for ${sum.amount} micro-dollars in ${sum.calls} calls`,
      })
    return from
  },
})

function sumByParty(tallies: readonly Tally[]): LedgerSum[] {
  const sums = new Map<string, LedgerSum>()
  for (const { kind, minute, paid, sums: counted } of tallies) {
    if (paid === 0) continue
    const { key_name, application, team, model_asked } = kind
    const party = { day: dayOf(minute), key_name, application, team, model_asked }
    const name = partyName(party)
    const before = sums.get(name)
    sums.set(name, {
      ...party,
      calls: (before?.calls ?? 0) + paid,
      amount_micros: (before?.amount_micros ?? 0) + counted.cost_micros,
    })
  }
  return [...sums.values()]
}

function dayOf(ms: number): number {
  return Math.floor(ms / DAY_MS) * DAY_MS
}

function partyName({ day, key_name, application, team, model_asked }: LedgerParty): string {
  return [day, key_name, application, team, model_asked].map((part) => part ?? '-').join('\0')
}

function describe({ day, key_name, application, team, model_asked }: LedgerParty): string {
  return [new Date(day).toISOString().slice(0, 10), key_name, application, team, model_asked]
    .map((part) => part ?? '-')
    .join(' ')
}

function hashOf(before: string, sequence: number, sum: LedgerSum): string {
  const { day, key_name, application, team, model_asked, calls, amount_micros } = sum
  const text = JSON.stringify([before, sequence, day, key_name, application, team, model_asked, calls, amount_micros])
  return createHash('sha256').update(text).digest('hex')
}
