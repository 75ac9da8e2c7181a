import { expect, test } from 'bun:test'
import { mergePatch, patchBetween } from './merge-patch.ts'

test.each([
  [{}, { a: 1 }],
  [{ a: 1, b: 2 }, { b: 3 }],
  [{ a: { b: 1, c: 2 } }, { a: { c: 2 } }],
  [{ a: { b: 1 } }, { a: [1] }],
  [{ a: [{ b: 1 }] }, { a: [{ c: 1 }] }],
  [{ a: 'x' }, { a: { b: 1 } }],
])('the patch between %j and %j makes the one of the other', (before, after) =>
  expect(mergePatch(before, patchBetween(before, after))).toEqual(after),
)
