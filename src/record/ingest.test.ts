import { expect, test } from 'bun:test'
import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { callRecord } from '../../test/records.ts'
import { onEveryStore } from '../../test/stores.ts'
import { callsIn } from '../store/call.ts'
import { AT, joinCall, type StoredCall } from '../store/call-parts.ts'
import { refusesData } from '../store/data-error.ts'
import { createIngester } from './ingest.ts'
import { createTail } from './tail.ts'

const lines = (...ids: string[]) => ids.map((id) => `${JSON.stringify(callRecord({ id }))}\n`).join('')

function setUp(add: (calls: readonly StoredCall[]) => Promise<readonly StoredCall[]>) {
  const folder = mkdtempSync(join(tmpdir(), 'ingest-'))
  const problems: string[] = []
  const seen: string[] = []
  const tail = createTail()
  tail.subscribe(({ id }) => seen.push(id))
  const ingester = createIngester(folder, {
    add,
    blamesRecord: refusesData,
    onAdded: (added) => tail.publish(added.map(joinCall)),
    onProblem: (message) => problems.push(message),
  })
  return {
    folder,
    ingester,
    problems,
    seen,
    write: (name: string, text: string) => writeFileSync(join(folder, name), text),
  }
}

onEveryStore('ingesting', (store) => {
  test('takes closed segments in order, drops a torn end, leaves open ones, and repeats nothing', async () => {
    const calls = callsIn(store().db)
    const { folder, ingester, seen, problems, write } = setUp(calls.add)
    write('calls-a-1.ndjson', lines('1', '2'))
    write('calls-a-2.ndjson', `${lines('2', '3')}{"id":"4","started_a`)
    write('calls-a-3.ndjson.open', lines('9'))
    expect(ingester.waiting()).toBe(2)
    expect(await ingester.run()).toBe(3)
    expect(seen).toEqual(['1', '2', '3'])
    expect(problems).toEqual([])
    expect(readdirSync(folder)).toEqual(['calls-a-3.ndjson.open'])
    write('calls-a-4.ndjson', lines('1', '2', '3'))
    expect(await ingester.run()).toBe(0)
    expect((await calls.list({}, { limit: 50 })).length).toBe(3)
  })

  test('a record that the database refuses does not hold up the others', async () => {
    const calls = callsIn(store().db)
    const { folder, ingester, problems, write } = setUp(calls.add)
    const poison = JSON.stringify({ ...callRecord({ id: '6' }), endpoint: null })
    write(
      'calls-b-1.ndjson',
      `${JSON.stringify(callRecord({ id: '5', end_user: 'a\u0000b' }))}\n${poison}\n${lines('7')}nonsense\n`,
    )
    expect(await ingester.run()).toBe(2)
    expect(problems).toHaveLength(2)
    expect((await calls.get('5'))?.end_user).toBe('ab')
    expect(readFileSync(join(folder, 'rejected.jsonl'), 'utf8').split('\n').slice(0, 2)).toEqual([poison, 'nonsense'])
    expect(existsSync(join(folder, 'calls-b-1.ndjson'))).toBe(false)
  })
})

test('while the store is away nothing is lost and nothing set aside', async () => {
  const { folder, ingester, problems, write } = setUp(async () => {
    throw Object.assign(new Error('database is locked'), { code: 'SQLITE_BUSY' })
  })
  write('calls-a-1.ndjson', lines('1'))
  expect(await ingester.run().catch((error: Error) => error.message)).toBe('database is locked')
  expect(readdirSync(folder)).toEqual(['calls-a-1.ndjson'])
  expect(problems).toEqual([])
})

test('each segment is counted once, also while the store is away or fails again and again', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ingest-'))
  const read: string[] = []
  let away = true
  const ingester = createIngester(folder, {
    add: async (calls) => {
      if (away) throw new Error('the store is away')
      return calls
    },
    blamesRecord: () => false,
    onRead: (calls, segment) => void read.push(...calls.map(({ row }) => `${segment} ${row[AT.id]}`)),
  })
  const many = Array.from({ length: 5_000 }, (_, n) => String(n))
  writeFileSync(join(folder, 'a.ndjson'), lines(...many))
  writeFileSync(join(folder, 'b.ndjson'), lines('x'))
  ingester.look()
  expect(read.length).toBe(5_001)
  writeFileSync(join(folder, 'c.ndjson'), lines('y'))
  for (let n = 0; n < 3; n++) await ingester.run().catch(() => {})
  expect(read.slice(5_000)).toEqual(['b.ndjson x', 'c.ndjson y'])
  away = false
  expect(await ingester.run()).toBe(5_002)
  expect(read.length).toBe(5_002)
  writeFileSync(join(folder, 'a.ndjson'), lines('z'))
  await ingester.run()
  expect(read.at(-1)).toBe('a.ndjson z')
})

test('small segments are added together, and deleted only after that', async () => {
  const batches: number[] = []
  const { folder, ingester, write } = setUp(async (calls) => {
    batches.push(calls.length)
    expect(readdirSync(folder)).toHaveLength(3)
    return calls
  })
  for (const name of ['a', 'b', 'c']) write(`calls-${name}-1.ndjson`, lines(`${name}1`, `${name}2`))
  expect(await ingester.run()).toBe(6)
  expect(batches).toEqual([6])
  expect(readdirSync(folder)).toEqual([])
})

test('runs that overlap are one', async () => {
  let added = 0
  const { ingester, write } = setUp(async (records) => {
    added += records.length
    return records
  })
  write('calls-a-1.ndjson', lines('1', '2'))
  await Promise.all([ingester.run(), ingester.run(), ingester.run()])
  expect(added).toBe(2)
})

test('a listener that throws is dropped; the others go on', () => {
  const tail = createTail()
  const seen: string[] = []
  tail.subscribe(() => {
    throw new Error('gone')
  })
  const end = tail.subscribe(({ id }) => seen.push(id))
  tail.publish([callRecord({ id: '1' })])
  end()
  tail.publish([callRecord({ id: '2' })])
  expect(seen).toEqual(['1'])
})
