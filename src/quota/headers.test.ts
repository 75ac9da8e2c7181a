import { describe, expect, test } from 'bun:test'
import { formatReset, limitLines, rateField } from './headers.ts'
import type { LimitState, Measure } from './limits.ts'

const NOW = Date.UTC(2026, 10, 23, 12, 0, 0)
const state = (
  name: string,
  measure: Measure,
  limit: number,
  windowMs: number,
  rest: Partial<LimitState>,
): LimitState => ({
  name,
  measure,
  limit,
  windowMs,
  remaining: 0,
  resetMs: 0,
  field: rateField(name, measure, limit, windowMs),
  ...rest,
})
const STATES: LimitState[] = [
  state('wide', 'requests', 1_000, 3_600_000, { remaining: 900, resetMs: 3_600_000 }),
  state('narrow', 'requests', 60, 60_000, { remaining: 12, resetMs: 1_500 }),
  state('narrow', 'tokens', 5_000, 60_000, { remaining: 4_000, resetMs: 360_000 }),
  state('narrow', 'in_flight', 4, 0, { remaining: 3, resetMs: 1_000 }),
]

const pairs = (lines: string) =>
  lines
    .split('\r\n')
    .slice(0, -1)
    .map((line): [string, string] => [line.split(': ', 1)[0]!, line.slice(line.indexOf(': ') + 2)])

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
    expect(Object.fromEntries(pairs(limitLines(STATES, dialect, NOW)))).toMatchSnapshot()
  })
  test('none without limits', () => expect(limitLines([], 'openai', NOW)).toBe(''))
})
