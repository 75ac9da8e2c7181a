import { describe, expect, test } from 'bun:test'
import { array, assert, constantFrom, double, property } from 'fast-check'
import { callRecord } from '../../test/records.ts'
import { onEveryStore } from '../../test/stores.ts'
import { callsIn, type CallQuery } from './call.ts'
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

  test('are removed in chunks, the oldest first', async () => {
    const calls = callsIn(store().db)
    expect(await calls.deleteBefore(START + 2, 2)).toBe(2)
    expect(await calls.deleteBefore(START + 2, 100)).toBe(4)
    expect(await calls.deleteBefore(START + 2, 100)).toBe(0)
    expect((await calls.list({}, { limit: 50 })).map(({ id }) => id).join('')).toBe('gfed')
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
