import { expect, test } from 'bun:test'
import { newId } from '../lib/id.ts'
import { SEQ_PLACES, seqAfter, seqFrom, seqOf, startedAtOf, timeOfId } from './call-seq.ts'

const T = 1_800_000_000_000

test.each([0, T, T + 1, 1_577_836_799_999, 3_000_000_000_000])('the time %d comes back', (time) => {
  for (const id of ['a', 'call_1', newId('call'), 'ffffffffffffffffffffffffffffff']) {
    const seq = seqOf(time, id)
    expect(startedAtOf(seq)).toBe(time)
    expect(seq).toBeGreaterThanOrEqual(seqFrom(time))
    expect(seq).toBeLessThan(seqFrom(time + 1))
  }
})

test('calls of a process keep the order in which they began', () => {
  const ids = Array.from({ length: 50 }, () => newId('call'))
  const seqs = ids.map((id) => seqOf(T, id))
  // The counter starts anywhere and may pass its end once.
  expect(seqs.filter((seq, index) => index > 0 && seq < seqs[index - 1]!).length).toBeLessThanOrEqual(1)
})

test('every place of a millisecond is tried once', () => {
  const first = seqOf(T, 'any')
  const tried = new Set([first])
  for (let seq = seqAfter(first); seq !== first; seq = seqAfter(seq)) tried.add(seq)
  expect(tried.size).toBe(SEQ_PLACES)
  expect([...tried].every((seq) => startedAtOf(seq) === T)).toBe(true)
})

test('times out of reach are before or after every call', () => {
  expect(seqFrom(-8.64e15)).toBe(Number.MIN_SAFE_INTEGER)
  expect(seqFrom(8.64e15)).toBe(Number.MAX_SAFE_INTEGER)
})

test('an id says when it was made', () => {
  expect(Math.abs(timeOfId(newId('call'))! - Date.now())).toBeLessThan(1_000)
  expect(timeOfId('call_1')).toBeUndefined()
})
