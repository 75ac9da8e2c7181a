import { expect, test } from 'bun:test'
import { Overload } from '../contract/routing.ts'
import { LoadWatch, type Priority } from './overload.ts'

/** A watch after four ticks that were each late by `lag`. */
function watch(lag: number, memory = 0): LoadWatch {
  let now = 0
  const load = new LoadWatch(
    () => now,
    () => memory,
  )
  for (let tick = 0; tick < 4; tick++) {
    now += 50 + lag
    load.tick()
  }
  return load
}

const SETTINGS = Overload.parse({ max_lag_ms: 100, max_memory_bytes: 100_000_000, max_in_flight: 100 })

test.each<[string, number, number, number, Priority[]]>([
  ['calm', 0, 0, 0, ['low', 'normal', 'high']],
  ['a little late', 99, 0, 0, ['low', 'normal', 'high']],
  ['late', 100, 0, 0, ['normal', 'high']],
  ['very late', 200, 0, 0, ['high']],
  ['too late', 400, 0, 0, []],
  ['memory near its bound', 0, 85_000_000, 0, ['normal', 'high']],
  ['memory at its bound', 0, 100_000_000, 0, []],
  ['many calls', 0, 0, 85, ['normal', 'high']],
  ['too many calls', 0, 0, 101, []],
])('%s', (_, lag, memory, inFlight, admitted) => {
  const load = watch(lag, memory)
  const passes = (['low', 'normal', 'high'] as const).filter((priority) => {
    try {
      load.check(priority, inFlight, SETTINGS)
      return true
    } catch {
      return false
    }
  })
  expect(passes).toEqual(admitted)
})

test('one long pause is no overload', () => {
  let now = 0
  const load = new LoadWatch(() => now)
  for (const late of [0, 3_000, 0]) {
    now += 50 + late
    load.tick()
    expect(load.lagAt(now)).toBe(0)
  }
})

test('the end of a batch knows what its beginning took', () => {
  let now = 0
  let over = () => {}
  const load = new LoadWatch(
    () => now,
    () => 0,
    (callback) => void (over = callback),
  )
  for (const late of [0, 100]) {
    now += 50 + late
    load.tick()
  }
  // Nothing ran for a while: that is nobody's load.
  now += 400
  load.check('low', 0, SETTINGS)
  expect(load.lagAt(now)).toBe(0)
  expect(load.lagAt(now + 300)).toBe(300)
  over()
  expect(load.lagAt(now + 300)).toBe(0)
})

type Answered = { offered: number; good: number }

/**
 * A loop that serves calls on one core, as an event loop does: all that has come since it last looked, one after the other, and then its timers.
 * Calls come at `times` the capacity for ten seconds and at half of it for five; who is answered within two seconds is answered in time.
 */
function serve(times: number, callMs: number, refusalMs: number, callers: readonly Priority[]) {
  const settings = Overload.parse({})
  let now = 0
  let over = () => {}
  const load = new LoadWatch(
    () => now,
    () => 0,
    (callback) => void (over = callback),
  )
  const slices = Array.from({ length: 60 }, (): Answered => ({ offered: 0, good: 0 }))
  const by: Record<Priority, Answered> = {
    low: { offered: 0, good: 0 },
    normal: { offered: 0, good: 0 },
    high: { offered: 0, good: 0 },
  }
  let [arrival, tickAt, number] = [0, 50, 0]
  while (now < 15_000) {
    const begun = now
    while (arrival <= begun && arrival < 15_000) {
      const at = arrival
      arrival += callMs / (at < 10_000 ? times : 0.5)
      const priority = callers[number++ % callers.length]!
      const counts = [slices[Math.floor(at / 250)]!, by[priority]]
      for (const each of counts) each.offered++
      try {
        load.check(priority, 1, settings)
        now += callMs
        if (now - at <= 2_000) for (const each of counts) each.good++
      } catch {
        now += refusalMs
      }
    }
    over()
    if (now === begun) now = Math.min(arrival, tickAt)
    if (now < tickAt) continue
    load.tick()
    tickAt = now + 50
  }
  // The first second is the one in which it is found out.
  const during = slices.slice(4, 40)
  const goodput = during.reduce((sum, { good }) => sum + good, 0) / (during.length * (250 / callMs))
  const after = slices.slice(40)
  const share = (priority: Priority) => by[priority].good / by[priority].offered
  return { goodput, normalAfterMs: (after.findLastIndex(({ good, offered }) => good < offered) + 1) * 250, share }
}

test.each<[string, number, number, number, Priority[]]>([
  ['all of one priority', 3, 1, 0.03, ['normal']],
  ['all of low priority', 3, 1, 0.03, ['low']],
  ['all of high priority', 3, 1, 0.03, ['high']],
  ['all priorities', 3, 1, 0.03, ['low', 'normal', 'high']],
  ['dear calls', 3, 5, 0.05, ['normal']],
  ['ten times too many', 10, 5, 0.05, ['normal']],
  ['a little too many', 1.2, 1, 0.03, ['normal']],
])('goodput stays, and is normal soon: %s', (_, times, callMs, refusalMs, callers) => {
  const { goodput, normalAfterMs } = serve(times, callMs, refusalMs, callers)
  expect(goodput).toBeGreaterThan(0.89)
  expect(normalAfterMs).toBeLessThanOrEqual(5_000)
})

test('whoever has priority is answered first', () => {
  const { share } = serve(3, 1, 0.03, ['low', 'normal', 'high'])
  expect(share('high')).toBeGreaterThan(0.7)
  expect(share('high')).toBeGreaterThan(share('normal') * 1.5)
  expect(share('normal')).toBeGreaterThan(share('low') * 1.2)
})
