import { expect, test } from 'bun:test'
import type { CallAttributes } from './attributes.ts'
import { Remembered } from './remembered.ts'

const CALL: CallAttributes = { key: 'k', application: 'a', team: 't', model: 'm', end_user: null, provider: null }

test.each([
  ['the same caller', {}, 'found'],
  ['another end user', { end_user: 'u' }, 'found'],
  ['another key', { key: 'other' }, undefined],
  ['no key', { key: null }, undefined],
  ['another model', { model: 'other' }, undefined],
  ['no model', { model: null }, undefined],
  ['another team', { team: 'other' }, undefined],
  ['no team', { team: null }, undefined],
  ['another application', { application: null }, undefined],
  ['a target', { provider: 'p' }, undefined],
  ['a target whose names look like the model', { provider: '', model: 'm' }, undefined],
])('%s', (_, difference, found) => {
  const remembered = new Remembered<string>()
  expect(remembered.get(CALL)).toBeUndefined()
  remembered.set(CALL, 'found')
  expect(remembered.get({ ...CALL, ...difference })).toBe(found as never)
})

test('targets of one model are told apart, and what is new replaces what was', () => {
  const remembered = new Remembered<number>()
  remembered.set({ ...CALL, provider: 'p' }, 1)
  remembered.set({ ...CALL, provider: 'q' }, 2)
  remembered.set({ ...CALL, provider: 'q' }, 3)
  expect(['p', 'q', 'r'].map((provider) => remembered.get({ ...CALL, provider }))).toEqual([1, 3, undefined])
})

test('it begins anew when it is full', () => {
  const remembered = new Remembered<number>()
  for (let count = 0; count < 10_000; count++) remembered.set({ ...CALL, model: `m${count}` }, count)
  const known = Array.from({ length: 10_000 }, (_, count) => remembered.get({ ...CALL, model: `m${count}` }))
  expect(known.at(-1)).toBe(9_999)
  expect(known.filter((count) => count !== undefined).length).toBeLessThanOrEqual(4_096)
})
