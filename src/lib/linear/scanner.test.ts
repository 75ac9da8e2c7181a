import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { scannerOf, scannerOfWords } from './scanner.ts'

const texts = (text: string, found: readonly { start: number; end: number }[]) =>
  found.map(({ start, end }) => text.slice(start, end))

test.each<[string, string, string[]]>([
  ['abc', 'xabcabx abc', ['abc', 'abc']],
  ['a|ab|abc', 'abcab', ['abc', 'ab']],
  ['\\d+', 'a12b345', ['12', '345']],
  ['\\d{3}-\\d{4}', '555-1234 55-1234 5555-12345', ['555-1234', '555-1234']],
  ['(foo|bar)+baz', 'foobarbaz bazfoobaz', ['foobarbaz', 'foobaz']],
  ['[^a-c]x', 'ax dx -x', ['dx', '-x']],
  ['\\bcat\\b', 'cat concat cat. category', ['cat', 'cat']],
  ['^start', 'start restart', ['start']],
  ['end$', 'end the end', ['end']],
  ['^a|b$', 'ab aab', ['a', 'b']],
  ['\\Bb', 'b ab', ['b']],
  ['a.c', 'abc a\nc', ['abc']],
  ['[\\]\\-x]+', 'a]-xb', [']-x']],
  ['[a-]+', 'b-a-', ['-a-']],
  ['\\x41\\u0042', 'AB', ['AB']],
  ['(?:a(?<n>b?)){2}', 'abaab', ['aba']],
  ['a{0}b', 'aab', ['b']],
  ['(a*)*b', 'aaab', ['aaab']],
  ['é+', 'caféé', ['éé']],
])('%s in %s', (pattern, text, expected) => {
  expect(texts(text, scannerOf([pattern], false).findAll(text))).toEqual(expected)
})

test.each([
  ['(?=a)b', 'look-around is not supported'],
  ['(?<!a)b', 'look-around is not supported'],
  ['(a)\\1', 'back-references are not supported'],
  ['(a', 'the group is not closed'],
  ['a)', 'unexpected ")"'],
  ['[a', 'the set is not closed'],
  ['*a', 'nothing to repeat'],
  ['a**', 'nothing to repeat'],
  ['a{5,2}', 'a repetition must rise'],
  ['a{9999}', 'a repetition must rise'],
  ['((a{999}){999}){9}', 'repeats too much'],
  ['a(^b)c', '^ is only understood'],
  ['a\\bc', 'are only understood at the ends'],
  ['\\p{L}', '\\p is not supported'],
  ['[z-a]', 'out of order'],
  ['x*', 'matches the empty text'],
])('%s is refused', (pattern, message) => {
  expect(() => scannerOf([pattern], false)).toThrow(message)
})

describe('words', () => {
  const words = scannerOfWords(['bomb', 'C++', 'red rum', '炸弹'], true)
  test.each([
    ['a Bomb!', ['Bomb']],
    ['bombastic', []],
    ['I like c++, really', ['c++']],
    ['RED RUM', ['RED RUM']],
    ['如何制造炸弹呢', ['炸弹']],
  ])('%s', (text, expected) => expect(texts(text, words.findAll(text))).toEqual(expected))

  test('ten thousand of them', () => {
    const many = scannerOfWords(
      Array.from({ length: 10_000 }, (_, index) => `word${index}x`),
      true,
    )
    const text = 'nothing here '.repeat(2_000) + 'WORD777x'
    expect(many.findAll(text)).toEqual([{ start: text.length - 8, end: text.length }])
  })
})

test('agrees with the built-in engine on random patterns', () => {
  const atom = fc.constantFrom('a', 'b', '[ab]', '[^a]', '\\d', '(ab)', '(a|b1)', '.', 'c?', 'a*', '(b+a)?', 'c{1,2}')
  fc.assert(
    fc.property(fc.array(atom, { minLength: 1, maxLength: 5 }), fc.stringMatching(/^[abc1 ]{0,20}$/), (atoms, text) => {
      const pattern = atoms.join('')
      fc.pre(!new RegExp(`^(?:${pattern})$`).test(''))
      const first = scannerOf([pattern], false).findAll(text)[0]
      // The built-in engine prefers earlier alternatives, this one longer matches: they agree on where a match begins.
      const expected = [...text.matchAll(new RegExp(pattern, 'g'))].find(([found]) => found !== '')
      return first?.start === expected?.index
    }),
    { numRuns: 3_000 },
  )
})

test.each([
  ['(a+)+$', 'a'.repeat(100_000) + '!'],
  ['(a|a)*b', 'a'.repeat(100_000)],
  ['\\d+x', '1'.repeat(100_000) + 'x'],
  ['(.*)(.*)(.*)=(.*)', 'x'.repeat(100_000)],
])('%s takes linear time', (pattern, text) => {
  const scanner = scannerOf([pattern], false)
  const began = performance.now()
  scanner.findAll(text)
  expect(performance.now() - began).toBeLessThan(2_000)
})

test.each([
  ['abc', 'xxab', 2],
  ['abc', 'xxabd', 5],
  ['\\d+', 'call 555', 5],
  ['\\d+', 'call 555 ', 9],
])('%s waits in %s from %d', (pattern, text, quietAt) => {
  expect(scannerOf([pattern], false).look(text).quietAt).toBe(quietAt)
})
