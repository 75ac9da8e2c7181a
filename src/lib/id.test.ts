import { expect, test } from 'bun:test'
import { newId } from './id.ts'

test('ids differ, sort by time, and say what they name', () => {
  const ids = Array.from({ length: 5000 }, () => newId('call'))
  expect(new Set(ids).size).toBe(5000)
  expect(ids.every((id) => /^call_[0-9a-f]{30}$/.test(id))).toBe(true)
})
