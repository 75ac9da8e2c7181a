import { expect, test } from 'bun:test'
import { Rests } from './rests.ts'

test('a rest comes after each short piece of work, and none while the work falls behind', () => {
  let now = 0
  const slept: number[] = []
  const rests = new Rests(
    () => now,
    (ms) => {
      slept.push(now)
      now += ms
    },
  )
  const work = (pieces: number) => {
    for (let piece = 0; piece < pieces; piece++) {
      now += 0.0625
      rests.take()
    }
  }
  work(3)
  expect(slept).toHaveLength(0)
  work(37)
  expect(slept).toHaveLength(10)
  rests.hurried = true
  work(40)
  expect(slept).toHaveLength(10)
})
