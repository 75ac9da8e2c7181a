import { expect, test } from 'bun:test'
import { compileWildcard, compileWildcards } from './wildcard.ts'

test.each([
  ['a', 'a', true],
  ['a', 'ab', false],
  ['*', '', true],
  ['a*', 'abc', true],
  ['*c', 'abc', true],
  ['a*c', 'ac', true],
  ['ab*bc', 'abc', false],
  ['local/*', 'local/gpt', true],
  ['local/*', 'remote/gpt', false],
  ['a*b*c', 'a1b2c', true],
  ['a*b*c', 'a1c2b', false],
  ['a*b*b', 'ab', false],
])('%s on %s', (pattern, text, expected) => {
  expect(compileWildcard(pattern)(text)).toBe(expected)
})

test.each([
  [['*'], 'anything', true],
  [['fast', 'local/*'], 'fast', true],
  [['fast', 'local/*'], 'local/gpt', true],
  [['fast', 'local/*'], 'faster', false],
  [[], 'x', false],
] as const)('%j allows %s: %p', (patterns, name, expected) => {
  expect(compileWildcards(patterns)(name)).toBe(expected)
})
