import { expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { callRecord } from '../../test/records.ts'
import { AT } from '../store/call-parts.ts'
import { callsOf } from './line.ts'
import { adoptSegments, Spool } from './spool.ts'

const record = (id: string) => callRecord({ id })
const folder = () => mkdtempSync(join(tmpdir(), 'spool-'))
const idsIn = (path: string) => callsOf(readFileSync(path, 'utf8')).calls.map(({ row }) => row[AT.id])

test('a rotated segment holds its records in order; the next record opens another', async () => {
  const path = folder()
  const spool = new Spool(path, 'a')
  await Promise.all([spool.append(record('1')), spool.append(record('2'))])
  expect(readdirSync(path).every((name) => name.endsWith('.open'))).toBe(true)
  spool.rotate()
  await spool.append(record('3'))
  const closed = readdirSync(path).filter((name) => name.endsWith('.ndjson'))
  expect(closed).toHaveLength(1)
  expect(idsIn(join(path, closed[0]!))).toEqual(['1', '2'])
})

test('what a killed process left open is handed over', async () => {
  const path = folder()
  await new Spool(path, 'a').append(record('1'))
  adoptSegments(path)
  expect(readdirSync(path).map((name) => idsIn(join(path, name)))).toEqual([['1']])
})

test('rotating nothing leaves nothing', () => {
  const path = folder()
  new Spool(path, 'a').rotate()
  expect(readdirSync(path)).toEqual([])
})

test('records that wait are written before the segment is closed', async () => {
  const path = folder()
  const spool = new Spool(path, 'a')
  const written = spool.append(record('1'))
  spool.rotate()
  expect(readdirSync(path).map((name) => idsIn(join(path, name)))).toEqual([['1']])
  await written
})

test('a disk that refuses is told once, and tried until it takes records again', async () => {
  const path = folder()
  const heard: (string | undefined)[] = []
  const spool = new Spool(path, 'missing', (refusal) => heard.push(refusal?.code))
  rmSync(path, { recursive: true })
  const both = Promise.allSettled(['1', '2'].map((id) => spool.append(record(id))))
  spool.rotate()
  const refused = { status: 'rejected', reason: spool.refusal } as const
  expect(await both).toEqual([refused, refused])
  expect(spool.append(record('3'))).rejects.toThrow('its disk refuses them (ENOENT)')
  spool.recover()
  expect(heard).toEqual(['not_ready'])
  mkdirSync(path)
  spool.recover()
  expect(heard).toEqual(['not_ready', undefined])
  await spool.append(record('4'))
  expect(readdirSync(path).map((name) => idsIn(join(path, name)))).toEqual([['4']])
})
