import { expect, test } from 'bun:test'
import type { Made, SpooledCall } from '../contract/origin.ts'
import { callRecord } from '../../test/records.ts'
import { onEveryStore } from '../../test/stores.ts'
import { callsIn } from './call.ts'
import { originsIn } from './origin.ts'

const made = (...ids: string[]): Made => ({ tenant: '["a",null]', provider: 'p', model: 'm', credential: 'c', ids })
const due = {
  call: 'call_1',
  started_at: 1,
  key_id: 'k',
  key_name: 'n',
  team: null,
  application: null,
  end_user: null,
  model_asked: 'p/m',
  usage: null,
  cost_micros: 3,
}

onEveryStore('origins', (store) => {
  test('are stored with their calls, each once, and read in that order', async () => {
    const calls: SpooledCall[] = [
      { ...callRecord({ id: 'call_1' }), made: { ...made('resp_1', 'msg_1'), due } },
      callRecord({ id: 'call_2' }),
      { ...callRecord({ id: 'call_3' }), made: { ...made('resp_1'), credential: null, settled: true as const } },
    ]
    await callsIn(store().db).ingest(calls)
    await callsIn(store().db).ingest(calls)
    const all = await originsIn(store().db).since(0)
    expect(all).toEqual({ made: [calls[0]!.made, calls[2]!.made], sequence: 2 } as never)
    await callsIn(store().db).ingest([{ ...callRecord({ id: 'call_4' }), made: made('resp_4') }])
    expect(await originsIn(store().db).since(all.sequence)).toEqual({ made: [made('resp_4')], sequence: 3 })
    expect((await originsIn(store().db).since(3)).sequence).toBe(3)
  })

  test('the youngest come in their order, as many as hold enough ids', async () => {
    const origins = originsIn(store().db)
    expect(await origins.youngest(2)).toEqual({
      made: [{ ...made('resp_1'), credential: null, settled: true }, made('resp_4')],
      sequence: 3,
    })
    const { made: all } = await origins.youngest(1_000)
    expect(all.flatMap(({ ids }) => ids)).toEqual(['resp_1', 'msg_1', 'resp_1', 'resp_4'])
  })

  test('old ones go', async () => {
    const origins = originsIn(store().db)
    expect(await origins.deleteBefore(callRecord().started_at, 10)).toBe(0)
    expect(await origins.deleteBefore(callRecord().started_at + 1, 2)).toBe(2)
    expect((await origins.since(0)).made).toEqual([made('resp_4')])
  })

  test('writers at the same time leave no gap behind a reader', async () => {
    const batch = (from: number) =>
      Array.from({ length: 5 }, (_, index) => ({
        ...callRecord({ id: `w${from}_${index}` }),
        made: made(`r${from}_${index}`),
      }))
    const seen: string[] = []
    let { sequence } = await originsIn(store().db).since(0)
    const writers = Promise.all(Array.from({ length: 10 }, (_, from) => callsIn(store().db).ingest(batch(from))))
    let done = false
    void writers.then(() => (done = true))
    for (let last = false; !last;) {
      last = done
      const next = await originsIn(store().db).since(sequence)
      sequence = next.sequence
      seen.push(...next.made.flatMap(({ ids }) => ids))
    }
    await writers
    expect(new Set(seen).size).toBe(50)
  })
})
