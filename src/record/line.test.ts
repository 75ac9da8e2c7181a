import { describe, expect, test } from 'bun:test'
import { assert, constantFrom, integer, option, property, record as recordOf, string, array } from 'fast-check'
import { callRecord } from '../../test/records.ts'
import type { CallRecord } from '../contract/call.ts'
import { joinCall } from '../store/call-parts.ts'
import { callsOf, LineWriter } from './line.ts'

const plain = callRecord()
const attempt = plain.attempts[0]!
const usage = plain.usage!

function written(...records: readonly CallRecord[]): string {
  const writer = new LineWriter()
  for (const record of records) writer.add(record)
  return `${writer.take()}\n`
}
const read = (text: string) => callsOf(text).calls.map(joinCall)

describe('a call comes back as it was written', () => {
  test.each([
    ['plain', {}],
    ['streamed, by an end user', { stream: true, end_user: 'a "b" \\ \n ü' }],
    [
      'refused before any attempt',
      { attempts: [], provider: null, model_served: null, usage: null, cost_micros: null },
    ],
    ['with two attempts', { attempts: [{ ...attempt, status: 503, error_code: 'overloaded' }, attempt] }],
    ['with an attempt of another model', { attempts: [{ ...attempt, model: 'other' }] }],
    [
      'with an attempt that ended differently',
      { attempts: [{ ...attempt, status: null, error_code: 'client_closed' }] },
    ],
    ['with rare tokens', { usage: { ...usage, reasoning: 7, audio_output: 1 } }],
    ['with no tokens', { usage: { ...usage, input: 0, output: 0 } }],
    ['with what was dropped', { dropped: ['top_k', 'x]\n['], guards: { pii: 3 } }],
    ['without times', { first_byte_ms: null, overhead_ms: null }],
    ['from the cache', { cache: 'hit', attempts: [] }],
  ] as [string, Partial<CallRecord>][])('%s', (_, fields) => {
    const record = callRecord(fields)
    expect(read(written(record))).toEqual([record])
  })

  test('whatever calls are mixed', () => {
    const change = recordOf({
      id: string(),
      started_at: integer({ min: 1_600_000_000_000, max: 1_900_000_000_000 }),
      key_id: option(constantFrom('key_1', 'key_2')),
      model_asked: option(constantFrom('fast', 'x/y', '"')),
      status: constantFrom(200, 429, 502),
      error_code: constantFrom(null, 'rate_limited', 'upstream_failed'),
      stream: constantFrom(true, false),
      total_ms: integer({ min: 0, max: 1e9 }).map((micros) => micros / 1000),
      cost_micros: option(integer({ min: 0 })),
    })
    assert(
      property(array(change, { maxLength: 20 }), (changes) => {
        const records = changes.map((fields) => callRecord(fields as Partial<CallRecord>))
        expect(read(written(...records))).toEqual(records)
      }),
    )
  })
})

test('what a call left at its vendor goes with it', () => {
  const made = { tenant: 't', provider: 'p', model: 'm', credential: null, ids: ['resp_1'] }
  const { calls } = callsOf(written(plain, { ...plain, made } as CallRecord))
  expect(calls.map((call) => call.made)).toEqual([undefined, made])
  expect(calls.map(joinCall)).toEqual([plain, plain])
})

test('what calls have in common is written once a segment', () => {
  const writer = new LineWriter()
  for (let index = 0; index < 5; index++) writer.add(callRecord({ id: `${index}` }))
  const first = `${writer.take()}\n`
  writer.add(callRecord({ id: '5' }))
  const second = `${writer.take()}\n`
  expect([first, second].map((text) => text.match(/"says"/g)?.length ?? 0)).toEqual([1, 0])
  expect(read(first + second)).toHaveLength(6)
  writer.reset()
  writer.add(callRecord())
  expect(writer.take()).toContain('"says"')
})

test('a key that asks for ever new models is not looked for among ever more kinds', () => {
  const records = Array.from({ length: 100 }, (_, index) =>
    callRecord({ id: `${index}`, model_asked: `m${index % 50}` }),
  )
  const text = written(...records)
  expect(read(text)).toEqual(records)
  expect(text.match(/"says"/g)!.length).toBeLessThanOrEqual(100)
})

test('records of earlier versions are read, each a line', () => {
  const records = [callRecord({ id: '1' }), callRecord({ id: '2', status: 429, attempts: [] })]
  expect(read(records.map((record) => `${JSON.stringify(record)}\n`).join(''))).toEqual(records)
})

describe('what is broken is told and the rest read', () => {
  const good = written(plain)
  test.each([
    ['a torn end', `${good}[[0,1800`, 0],
    ['nonsense', `${good}nonsense\n`, 1],
    ['a row that is too short', `${good}[[0,1,2]]\n`, 1],
    ['a kind that was never said', `${good}${good.split('\n')[1]!.replace('[[0,', '[[7,')}\n`, 1],
    ['another object', `${good}{"a":1}\n`, 1],
    ['null', `${good}null\n`, 1],
  ])('%s', (_, text, broken) => {
    const found = callsOf(text)
    expect(found.calls.map(joinCall)).toEqual([plain])
    expect(found.broken).toHaveLength(broken)
  })
})
