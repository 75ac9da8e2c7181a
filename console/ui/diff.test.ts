import { expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { diffLines } from './diff.ts'

const side = (before: string, after: string, which: 'removed' | 'added') =>
  diffLines(before, after)
    .filter(({ kind }) => kind === 'same' || kind === which)
    .map(({ text }) => text)
    .join('\n')

test('both texts can be read back from the difference', () => {
  const text = fc.array(fc.constantFrom('a', 'b', 'c', '', '{'), { maxLength: 14 }).map((lines) => lines.join('\n'))
  fc.assert(
    fc.property(text, text, (before, after) => {
      expect(side(before, after, 'removed')).toBe(before)
      expect(side(before, after, 'added')).toBe(after)
    }),
  )
})

test('what is the same is shown once, with both line numbers', () => {
  expect(diffLines('a\nb\nc', 'a\nx\nc')).toEqual([
    { kind: 'same', text: 'a', before: 1, after: 1 },
    { kind: 'removed', text: 'b', before: 2 },
    { kind: 'added', text: 'x', after: 2 },
    { kind: 'same', text: 'c', before: 3, after: 3 },
  ])
})
