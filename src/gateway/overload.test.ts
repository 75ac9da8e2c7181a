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
  for (const late of [0, 3_000, 0, 0]) {
    now += 50 + late
    load.tick()
  }
  expect(load.lagMs).toBe(0)
})
