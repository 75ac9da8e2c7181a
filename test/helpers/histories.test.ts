import { expect, test } from 'bun:test'
import { playHistories, Random } from './histories.ts'

test('the same seed draws the same numbers, all of them within bounds', () => {
  const draw = (seed: number) => {
    const random = new Random(seed)
    return Array.from({ length: 1_000 }, () => random.upTo(9))
  }
  expect(draw(7)).toEqual(draw(7))
  expect(new Set(draw(7))).toEqual(new Set([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]))
})

test('a history that differs is told with no more steps than it takes', () => {
  const play = (steps: readonly number[]) =>
    steps.filter((step) => step > 90).length > 1 ? 'two are large' : undefined
  expect(() => playHistories({ runs: 1_000, steps: 20, seed: 1 }, (random) => random.upTo(99), play)).toThrow(
    /^history \d+ of seed 1: two are large\n {2}9\d\n {2}9\d$/,
  )
})
