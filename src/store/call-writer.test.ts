import { expect, test } from 'bun:test'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { callRecord } from '../../test/records.ts'
import { callsIn } from './call.ts'
import { splitCall } from './call-parts.ts'
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
