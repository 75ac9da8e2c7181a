import { describe, expect, test } from 'bun:test'
import { array, assert, constantFrom, double, property } from 'fast-check'
import { callRecord } from '../../test/records.ts'
import { onEveryStore } from '../../test/stores.ts'
import { newId } from '../lib/id.ts'
import { callKindsIn } from './call-kind.ts'
import { callsIn } from './call.ts'
import type { CallQuery } from './call-search.ts'
import { seqFrom } from './call-seq.ts'
import { binOf, percentile } from './histogram.ts'
import { outcomeOf } from './outcome.ts'
import { rollupsIn } from './rollup.ts'

const START = 1_800_000_000_000
const HOUR = 3_600_000

const RECORDS = [
  callRecord({ id: 'a', started_at: START, team: 'web', total_ms: 10 }),
  callRecord({ id: 'b', started_at: START + 1, key_id: 'key_2', stream: true, guards: { pii: 2 }, dropped: ['top_k'] }),
  callRecord({
    id: 'c',
    started_at: START + 1,
    status: 429,
    error_code: 'rate_limited',
    usage: null,
    cost_micros: null,
  }),
  callRecord({ id: 'd', started_at: START + HOUR, status: 200, error_code: 'upstream_failed', stream: true }),
  callRecord({ id: 'e', started_at: START + HOUR, status: 499, error_code: 'client_closed', total_ms: 90_000 }),
  callRecord({ id: 'f', started_at: START + 2 * HOUR, provider: 'local', model_served: 'llama', cost_micros: null }),
  callRecord({
    id: 'g',
    started_at: START + 3 * HOUR,
    key_id: null,
    key_name: null,
    provider: null,
    model_served: null,
    status: 401,
    error_code: 'invalid_api_key',
    usage: null,
    attempts: [],
  }),
]

onEveryStore('calls', (store) => {
  test('are added once, however often they arrive', async () => {
    const calls = callsIn(store().db)
    expect((await calls.ingest(RECORDS.slice(0, 3))).map(({ id }) => id)).toEqual(['a', 'b', 'c'])
    expect((await calls.ingest([...RECORDS, ...RECORDS])).map(({ id }) => id).toSorted()).toEqual(['d', 'e', 'f', 'g'])
    expect(await calls.ingest(RECORDS)).toEqual([])
    const [sums] = await rollupsIn(store().db).sum({ grain: 'day', from: 0, to: START * 2 })
    expect(sums).toMatchObject({ calls: 7, ok: 3, rate_limited: 1, server_errors: 1, cancelled: 1, client_errors: 1 })
  })

  test.each(RECORDS.map((record) => [record.id, record] as const))('come back whole: %s', async (id, record) => {
    expect(await callsIn(store().db).get(id)).toEqual(record)
  })

  test.each([
    [{}, 'gfedcba'],
    [{ from: START + HOUR }, 'gfed'],
    [{ from: START + 1, to: START + HOUR }, 'cb'],
    [{ outcome: 'error' }, 'gedc'],
    [{ outcome: 'ok' }, 'fba'],
    [{ outcome: 'rate-limited' }, 'c'],
    [{ outcome: 'server-error' }, 'd'],
    [{ outcome: 'cancelled' }, 'e'],
    [{ status: 401 }, 'g'],
    [{ error_code: 'upstream_failed' }, 'd'],
    [{ key_id: 'key_2' }, 'b'],
    [{ team: 'web' }, 'a'],
    [{ provider: 'openai', model: 'gpt-4o-mini', stream: true }, 'db'],
    [{ provider: 'local' }, 'f'],
    [{ min_ms: 1000 }, 'e'],
    [{ min_cost_micros: 1, outcome: 'ok' }, 'ba'],
    [{ team: "web' or 1=1 --" }, ''],
  ] as [CallQuery, string][])('filter %j', async (query, ids) => {
    const calls = callsIn(store().db)
    expect((await calls.list(query, { limit: 50 })).map(({ id }) => id).join('')).toBe(ids)
  })

  test('page through without gap or repeat, also among calls of the same millisecond', async () => {
    const calls = callsIn(store().db)
    let seen = ''
    for (let after; ;) {
      const page = await calls.list({}, { limit: 2, after })
      const last = page.at(-1)
      if (!last) break
      seen += page.map(({ id }) => id).join('')
      after = { startedAt: last.started_at, id: last.id }
    }
    expect(seen).toBe('gfedcba')
  })

  test('are summed by model, key and hour', async () => {
    const rollups = rollupsIn(store().db)
    const range = { grain: 'hour', from: START, to: START + 4 * HOUR } as const
    const byModel = await rollups.sum(range, 'provider', 'model')
    expect(
      byModel
        .map(({ provider, model, calls, unpriced_calls }) => [provider, model, calls, unpriced_calls].join(' '))
        .toSorted(),
    ).toEqual(['  1 0', 'local llama 1 1', 'openai gpt-4o-mini 5 0'])
    const byHour = await rollups.sum({ ...range, keyId: 'key_1', provider: 'openai' }, 'starts_at')
    expect(
      byHour.map(({ starts_at, calls }) => [starts_at - START, calls]).toSorted(([a = 0], [b = 0]) => a - b),
    ).toEqual([
      [0, 2],
      [HOUR, 2],
    ])
    const used = await rollups.ofKeys(['key_1', 'key_2', 'key_9'])
    expect([...used].map(([id, { calls, input_tokens }]) => `${id} ${calls} ${input_tokens}`).toSorted()).toEqual([
      'key_1 5 400',
      'key_2 1 100',
    ])
  })

  test('mark their key as used', async () => {
    const { db } = store()
    await db
      .insertInto('api_key')
      .values({
        id: 'key_7',
        name: 'x',
        hash: 'h',
        hint: '',
        body: '{}',
        created_at: 0,
        updated_at: 0,
        version: 1,
        previous_hash: null,
        previous_until: null,
        team: null,
        expires_at: null,
        revoked_at: null,
        last_used_at: null,
        created_by: null,
      })
      .execute()
    await callsIn(db).ingest([
      callRecord({ id: 'k2', key_id: 'key_7', started_at: 9 }),
      callRecord({ id: 'k1', key_id: 'key_7', started_at: 5 }),
    ])
    await callsIn(db).ingest([callRecord({ id: 'k0', key_id: 'key_7', started_at: 3 })])
    expect(await db.selectFrom('api_key').select('last_used_at').where('id', '=', 'key_7').executeTakeFirst()).toEqual({
      last_used_at: 9,
    })
  })

  test('that would have the same place in the order have each its own, also when they arrive again', async () => {
    const calls = callsIn(store().db)
    const same = ['x1', 'x2', 'x3', 'x4'].map((id) => callRecord({ id, started_at: START + 9 * HOUR, key_id: null }))
    expect(await calls.ingest(same.slice(0, 2))).toHaveLength(2)
    expect((await calls.ingest([...same, ...same])).map(({ id }) => id)).toEqual(['x3', 'x4'])
    expect(await calls.ingest(same)).toEqual([])
    const listed: string[] = []
    for (let after; ;) {
      const [record] = await calls.list({ from: START + 9 * HOUR }, { limit: 1, after })
      if (!record) break
      listed.push(record.id)
      after = { startedAt: record.started_at, id: record.id }
    }
    expect(listed.toSorted()).toEqual(['x1', 'x2', 'x3', 'x4'])
    for (const record of same) expect(await calls.get(record.id)).toEqual(record)
    await store()
      .db.deleteFrom('call_row')
      .where('seq', '>=', seqFrom(START + 9 * HOUR))
      .execute()
  })

  test('are found by an id of ours, whenever they say that they began', async () => {
    const calls = callsIn(store().db)
    const id = newId('call')
    const records = [
      callRecord({ id, started_at: Date.now() }),
      callRecord({ id: newId('call'), started_at: START - HOUR }),
    ]
    await calls.ingest(records)
    for (const record of records) expect(await calls.get(record.id)).toEqual(record)
    expect(await calls.get(newId('call'))).toBeUndefined()
    await store()
      .db.deleteFrom('call_row')
      .where(
        'id',
        'in',
        records.map((record) => record.id),
      )
      .execute()
  })

  test('are found among many by what few of them are', async () => {
    const calls = callsIn(store().db)
    const from = START + 20 * HOUR
    const records = Array.from({ length: 9_000 }, (_, index) =>
      callRecord({
        id: `m${index}`,
        started_at: from + index,
        model_served: index < 40 ? 'rare' : 'common',
        end_user: index % 3_000 === 5 ? 'ann' : null,
        total_ms: index % 1_000 === 7 ? 50 : 1,
      }),
    )
    await calls.ingest(records)
    const to = from + 10_000
    const cases: [CallQuery, (record: (typeof records)[number]) => boolean][] = [
      [{ model: 'rare' }, (record) => record.model_served === 'rare'],
      [{ model: 'rare', min_ms: 50 }, (record) => record.model_served === 'rare' && record.total_ms >= 50],
      [{ model: 'common', min_ms: 50 }, (record) => record.model_served === 'common' && record.total_ms >= 50],
      [{ end_user: 'ann' }, (record) => record.end_user === 'ann'],
      [{ end_user: 'ann', model: 'rare' }, (record) => record.end_user === 'ann' && record.model_served === 'rare'],
      [{ min_ms: 50 }, (record) => record.total_ms >= 50],
    ]
    for (const [query, matches] of cases) {
      const found = await calls.list({ ...query, from, to }, { limit: 100 })
      expect(found.map(({ id }) => id)).toEqual(
        records
          .filter(matches)
          .map(({ id }) => id)
          .toReversed()
          .slice(0, 100),
      )
    }
    await store().db.deleteFrom('call_row').where('seq', '>=', seqFrom(from)).execute()
  })

  test('are removed in chunks, the oldest first', async () => {
    const calls = callsIn(store().db)
    expect(await calls.deleteBefore(START + 2, 2)).toBe(2)
    expect(await calls.deleteBefore(START + 2, 100)).toBe(4)
    expect(await calls.deleteBefore(START + 2, 100)).toBe(0)
    expect((await calls.list({}, { limit: 50 })).map(({ id }) => id).join('')).toBe('gfed')
  })

  test('leave no kind behind of which none is kept', async () => {
    const { db } = store()
    const kinds = async () => (await db.selectFrom('call_kind').select('id').execute()).length
    await callsIn(db).ingest([callRecord({ id: 'old', started_at: START - 10 * HOUR, model_asked: 'gone' })])
    const before = await kinds()
    await callsIn(db).deleteBefore(START - HOUR, 100)
    await callKindsIn(db).deleteUnused(Date.now())
    expect(await kinds()).toBe(before)
    await callKindsIn(db).deleteUnused(Date.now() + 4 * 24 * HOUR)
    expect(await kinds()).toBeLessThan(before)
    expect((await callsIn(db).list({}, { limit: 50 })).length).toBe(4)
  })
})

describe('how a call ended', () => {
  test.each([
    [200, null, 'ok'],
    [200, 'upstream_timeout', 'server-error'],
    [200, 'made_up', 'server-error'],
    [200, 'client_closed', 'cancelled'],
    [404, 'model_not_found', 'client-error'],
    [429, 'quota_exceeded', 'rate-limited'],
    [502, 'upstream_failed', 'server-error'],
  ] as const)('%d with %p is %s', (status, error_code, outcome) =>
    expect(outcomeOf({ status, error_code })).toBe(outcome),
  )
})

describe('latency bins', () => {
  test('a percentile is within one bin of the true one, whatever the latencies', () => {
    assert(
      property(
        array(double({ min: 2, max: 600_000, noNaN: true }), { minLength: 1, maxLength: 300 }),
        constantFrom(0.5, 0.95, 0.99),
        (values, share) => {
          const counts = Array.from({ length: 40 }, () => 0)
          for (const value of values) counts[binOf(value)]!++
          const sorted = values.toSorted((a, b) => a - b)
          const exact = sorted[Math.ceil(share * values.length) - 1] ?? 0
          const estimate = percentile(counts, share) ?? 0
          expect(estimate / exact).toBeGreaterThan(0.7)
          expect(estimate / exact).toBeLessThan(1.43)
        },
      ),
    )
  })
  test('nothing counted has no percentile', () => expect(percentile([0, 0], 0.5)).toBeNull())
})
