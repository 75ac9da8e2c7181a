import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { SlidingWindow } from './window.ts'

const MINUTE = 60_000
const START = 1_800_000_000_000

describe('sliding window', () => {
  test('admits the limit, then nothing until the first unit has left', () => {
    const window = new SlidingWindow(3, MINUTE)
    for (let n = 0; n < 3; n++) {
      expect(window.fits(START + n, 1)).toBe(true)
      window.take(START + n, 1)
    }
    expect(window.fits(START + 10, 1)).toBe(false)
    const wait = window.waitMs(START + 10, 1)
    expect(wait).toBeGreaterThan(MINUTE - 11)
    expect(wait).toBeLessThanOrEqual(MINUTE * 1.01)
    expect(window.fits(START + 10 + wait - MINUTE / 100, 1)).toBe(false)
    expect(window.fits(START + 10 + wait, 1)).toBe(true)
  })

  test('does not burst at the edge: no span of a window holds more than the limit', () => {
    const window = new SlidingWindow(100, MINUTE)
    const admitted: number[] = []
    for (let now = START; now < START + 10 * MINUTE; now += 37) {
      if (!window.fits(now, 1)) continue
      window.take(now, 1)
      admitted.push(now)
    }
    let from = 0
    for (let to = 0; to < admitted.length; to++) {
      while (admitted[to]! - admitted[from]! >= MINUTE) from++
      expect(to - from + 1).toBeLessThanOrEqual(100)
    }
    // and does not drift: what greedy callers get over time is within 1 % of the limit
    expect(admitted.length).toBeGreaterThanOrEqual(990)
  })

  test('an amount above the limit never fits', () => {
    const window = new SlidingWindow(10, MINUTE)
    expect(window.waitMs(START, 11)).toBe(Infinity)
    expect(window.waitMs(START, 10)).toBe(0)
  })

  test('settling corrects the estimate up and down', () => {
    const window = new SlidingWindow(100, MINUTE)
    const first = window.take(START, 80)
    window.settle(START + 1_000, first, 80, 20)
    expect(window.used(START + 1_000)).toBe(20)
    const second = window.take(START + 2_000, 10)
    window.settle(START + 3_000, second, 10, 60)
    expect(window.used(START + 3_000)).toBe(80)
    expect(window.resetMs(START + 3_000)).toBeGreaterThan(59_000)
  })

  test('a clock that steps back neither frees nor loses units', () => {
    const window = new SlidingWindow(5, MINUTE)
    window.take(START, 5)
    expect(window.fits(START - 10 * MINUTE, 1)).toBe(false)
    expect(window.used(START - MINUTE)).toBe(5)
  })

  test('random histories agree with a list of times', () => {
    const step = fc.record({
      wait: fc.integer({ min: 0, max: 40_000 }),
      amount: fc.integer({ min: 0, max: 30 }),
      used: fc.integer({ min: 0, max: 60 }),
      settle: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
        const window = new SlidingWindow(50, MINUTE)
        const exact: { at: number; amount: number }[] = []
        let now = START
        for (const { wait, amount, used, settle } of steps) {
          now += wait
          const count = (spanMs: number) =>
            exact.reduce((sum, entry) => (entry.at > now - spanMs ? sum + entry.amount : sum), 0)
          const seen = window.used(now)
          if (seen < count(MINUTE) - 1e-9 || seen > count(MINUTE * 1.01) + 1e-9 || seen < 0) return false
          if (!window.fits(now, amount)) {
            const waitMs = window.waitMs(now, amount)
            if (amount <= 50 && !(waitMs > 0 && waitMs <= MINUTE * 1.01 + 1)) return false
            continue
          }
          const ticket = window.take(now, amount)
          if (settle) {
            window.settle(now, ticket, amount, used)
            exact.push({ at: now, amount: used })
          } else exact.push({ at: now, amount })
        }
        return true
      }),
      { numRuns: 20_000 },
    )
  })
})
