import { expect, test } from 'bun:test'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { callRecord } from '../../test/records.ts'
import { callsIn } from './call.ts'
import { AT, splitCall } from './call-parts.ts'
import { openCallWriter } from './call-writer.ts'
import { openStore } from './open.ts'

test('a writer beside the store adds each record once, with its sums', async () => {
  const url = `sqlite:${join(mkdtempSync(join(tmpdir(), 'writer-')), 'db')}`
  const store = await openStore(url)
  const writer = await openCallWriter(url)
  const records = [callRecord({ id: 'call_1' }), callRecord({ id: 'call_2' })]
  expect(await writer.add(records.map(splitCall))).toHaveLength(2)
  expect(await writer.add([...records, callRecord({ id: 'call_3' })].map(splitCall))).toHaveLength(1)
  expect(await callsIn(store.db).ingest(records)).toHaveLength(0)
  const all = await callsIn(store.db).list({}, { limit: 10 })
  expect(all.map(({ id }) => id).toSorted()).toEqual(['call_1', 'call_2', 'call_3'])
  await writer.close()
  await store.close()
})

test('rows that go in groups are told apart when one of them is there already, or its place is', async () => {
  const url = `sqlite:${join(mkdtempSync(join(tmpdir(), 'writer-')), 'db')}`
  const store = await openStore(url)
  const rests: number[] = []
  const writer = await openCallWriter(url, () => rests.push(1))
  const idOf = (counter: number, end = '0') =>
    `call_0123456789ab000${counter.toString(16).padStart(3, '0')}${end.repeat(12)}`
  const many = Array.from({ length: 50 }, (_, index) => callRecord({ id: idOf(index) }))
  expect(await writer.add(many.map(splitCall))).toHaveLength(50)
  expect(rests.length).toBeGreaterThan(1)
  // One known, one whose place another call has, the rest new.
  const next = Array.from({ length: 25 }, (_, index) => callRecord({ id: idOf(100 + index) }))
  const mixed = [...next.slice(0, 7), many[3]!, callRecord({ id: idOf(4, 'f') }), ...next.slice(7)]
  const added = await writer.add(mixed.map(splitCall))
  expect(added.map(({ row }) => row[AT.id]).toSorted()).toEqual([...next.map(({ id }) => id), idOf(4, 'f')].toSorted())
  const all = await callsIn(store.db).list({}, { limit: 100 })
  expect(new Set(all.map(({ id }) => id)).size).toBe(76)
  await writer.close()
  await store.close()
})
