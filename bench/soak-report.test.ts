import { expect, test } from 'bun:test'
import { linesOf, wrongsOf, type Found } from './soak-report.ts'

const flat = { slope: 0.4, lowest: [180, 181], plainSlope: 2, least: 180, most: 220 }
const alive = { heap: 25e6, extra: 10e6, native: 100e6, counts: { Call: 2 } }
const right: Found = {
  load: {
    made: 1000,
    answered: 895,
    failed: 5,
    left: 100,
    failures: new Map([['503 overloaded', 5]]),
    seconds: 10,
    share: 0.4,
    honestMs: 5,
  },
  records: [
    { status: 200, error_code: null, calls: 899 },
    { status: 499, error_code: 'client_closed', calls: 99 },
  ],
  seen: { requests: 1200, holding: 0, left: 110, heldTooLong: 0, open: 3 },
  memory: flat,
  windowSeconds: 30,
  descriptors: { ...flat, atStart: 18, atRest: 21 },
  before: alive,
  after: alive,
  held: { slots: 0, reserved: 0 },
  restMs: 5,
  code: 0,
  cut: false,
}

test('a soak in which nothing is wrong', () => {
  expect(wrongsOf(right, true)).toEqual([])
  expect(linesOf(right).join('\n')).toContain('left 99 (9.9 %)')
})

test.each<[string, Partial<Found>]>([
  ['memory grows', { memory: { ...flat, slope: 1.2 } }],
  ['memory grows', { memory: { ...flat, slope: Number.NaN } }],
  ['descriptors grow', { descriptors: { ...right.descriptors, slope: 14 } }],
  ['descriptors leak', { descriptors: { ...right.descriptors, atRest: 26 } }],
  ['slots leak', { held: { slots: 1, reserved: 0 } }],
  ['reservations leak', { held: { slots: 0, reserved: -1 } }],
  ['calls live on', { after: { ...alive, counts: { StreamRelay: 5 } } }],
  ['upstream calls live on', { seen: { ...right.seen, holding: 1 } }],
  ['upstream calls outlive their clients', { seen: { ...right.seen, heldTooLong: 1 } }],
  ['too few calls were left', { records: [{ status: 200, error_code: null, calls: 1000 }] }],
  ['records are too many', { records: [...right.records, { status: 200, error_code: null, calls: 3 }] }],
  ['records are missing', { records: [right.records[1]!, { status: 200, error_code: null, calls: 890 }] }],
  ['calls failed: there was no room for half the load, or worse', { load: { ...right.load, failed: 11 } }],
  ['the gateway did not end well', { code: 1 }],
  ['calls were still in flight at the end', { cut: true }],
  ['nothing was answered', { load: { ...right.load, answered: 0 } }],
])('%s', (what, different) => {
  expect(wrongsOf({ ...right, ...different }, true)).toEqual([what])
})

test('a short run judges no growth', () => {
  const growing = { memory: { ...flat, slope: 50 }, descriptors: { ...right.descriptors, slope: 14 } }
  expect(wrongsOf({ ...right, ...growing }, false)).toEqual([])
})
