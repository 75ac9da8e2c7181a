import { expect, test } from 'bun:test'
import { callRecord } from '../../test/records.ts'
import { onEveryStore } from '../../test/stores.ts'
import { callsIn } from './call.ts'
import { ledgerIn } from './ledger.ts'

const NOON = Date.UTC(2026, 10, 23, 12)
const DAY = 86_400_000

onEveryStore('ledger', (store) => {
  test('sums to the records exactly, however often they arrive', async () => {
    const calls = callsIn(store().db)
    const ledger = ledgerIn(store().db)
    const records = Array.from({ length: 300 }, (_, index) =>
      callRecord({
        id: `c${index}`,
        started_at: NOON + index * 1_000_000,
        key_name: index % 2 ? 'a' : null,
        team: index % 3 ? 'web' : null,
        cost_micros: index % 7 === 0 ? null : index,
      }),
    )
    for (let at = 0; at < 300; at += 50) await calls.ingest(records.slice(at, at + 80))
    const total = records.reduce((sum, { cost_micros }) => sum + (cost_micros ?? 0), 0)
    const report = await ledger.verify()
    expect(report).toMatchObject({ amount_micros: total, calls: 257, faults: [] })
    expect(report.comparedFrom).toBe(NOON - DAY / 2)
    const spent = await ledger.spentSince(NOON + DAY)
    const late = records.filter(({ started_at }) => started_at >= NOON + DAY / 2)
    expect(spent.reduce((sum, { amount_micros }) => sum + amount_micros, 0)).toBe(
      late.reduce((sum, { cost_micros }) => sum + (cost_micros ?? 0), 0),
    )
  })

  test('tells what was changed, and where', async () => {
    const { db } = store()
    const ledger = ledgerIn(db)
    const entry = await db.selectFrom('ledger_entry').selectAll().where('sequence', '=', 3).executeTakeFirstOrThrow()
    const change = (amount_micros: number) =>
      db.updateTable('ledger_entry').set({ amount_micros }).where('sequence', '=', 3).execute()
    await change(entry.amount_micros + 1)
    expect((await ledger.verify()).faults.map(({ kind }) => kind)).toEqual(['chain', 'sum'])
    await change(entry.amount_micros)
    expect((await ledger.verify()).faults).toEqual([])
    await db.updateTable('call_row').set({ cost_micros: 5_000 }).where('id', '=', 'c1').execute()
    expect((await ledger.verify()).faults.map(({ message }) => message)).toEqual([
      expect.stringContaining('records say') as unknown as string,
    ])
    await db.updateTable('call_row').set({ cost_micros: 1 }).where('id', '=', 'c1').execute()
    await db.deleteFrom('ledger_entry').where('sequence', '=', 3).execute()
    expect((await ledger.verify()).faults.map(({ message }) => message)[0]).toBe('entries 3 to 3 are missing')
    await db.insertInto('ledger_entry').values(entry).execute()
    const head = await db.selectFrom('ledger_head').selectAll().executeTakeFirstOrThrow()
    await db.updateTable('ledger_head').set({ hash: 'x' }).execute()
    expect((await ledger.verify()).faults.map(({ message }) => message)).toEqual([
      `the mark of the last entry was changed, or entry ${head.sequence}`,
    ])
    await db.updateTable('ledger_head').set(head).execute()
    expect((await ledger.verify()).faults).toEqual([])
  })

  test('does not mind records that were removed with their age', async () => {
    const report = async () => await ledgerIn(store().db).verify()
    await callsIn(store().db).deleteBefore(NOON + DAY, 1_000)
    expect((await report()).faults).toEqual([])
    await callsIn(store().db).deleteBefore(NOON + 10 * DAY, 1_000)
    expect(await report()).toMatchObject({ faults: [], comparedFrom: null })
  })
})
