import { describe, expect, test } from 'bun:test'
import { formatReset, limitHeaders } from './headers.ts'
import type { LimitState } from './limits.ts'

const NOW = Date.UTC(2026, 10, 23, 12, 0, 0)
const STATES: LimitState[] = [
  { name: 'wide', measure: 'requests', limit: 1_000, remaining: 900, resetMs: 3_600_000, windowMs: 3_600_000 },
  { name: 'narrow', measure: 'requests', limit: 60, remaining: 12, resetMs: 1_500, windowMs: 60_000 },
  { name: 'narrow', measure: 'tokens', limit: 5_000, remaining: 4_000, resetMs: 360_000, windowMs: 60_000 },
  { name: 'narrow', measure: 'in_flight', limit: 4, remaining: 3, resetMs: 1_000, windowMs: 0 },
]

test.each([
  [0, '0ms'],
  [12, '12ms'],
  [1_500, '1.5s'],
  [59_900, '59.9s'],
  [59_940, '1m0s'],
  [360_000, '6m0s'],
  [3_723_000, '1h2m3s'],
])('%d ms is written %s', (ms, text) => expect(formatReset(ms)).toBe(text))

describe('headers of an answer', () => {
  test.each(['openai', 'anthropic'] as const)('%s', (dialect) => {
    expect(Object.fromEntries(limitHeaders(STATES, dialect, NOW))).toMatchSnapshot()
  })
  test('none without limits', () => expect(limitHeaders([], 'openai', NOW)).toEqual([]))
})
