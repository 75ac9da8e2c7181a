import { expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { PersonalData } from '../../contract/guard.ts'
import { scannerOf, scannerOfWords } from '../../lib/linear/scanner.ts'
import { findAll, type Finding, type Matcher } from './matcher.ts'
import { personalMatchers } from './personal.ts'
import { TextWindow } from './text-window.ts'
import { replaceFindings } from './vault.ts'

const MATCHERS: Matcher[] = [
  ...personalMatchers(PersonalData.options),
  { label: 'word', scanner: scannerOfWords(['falcon', 'red rum'], true) },
  { label: 'pattern', scanner: scannerOf(['x{2,5}y', '\\bab+c\\b'], false) },
]
const judge = (text: string, findings: readonly Finding[]) =>
  replaceFindings(text, findings, (_, { label }) => `<${label}>`)

function inPieces(text: string, sizes: readonly number[]): string {
  const window = new TextWindow(MATCHERS, judge)
  let out = ''
  let at = 0
  for (let index = 0; at < text.length; index++) {
    const size = Math.max(1, sizes[index % sizes.length] ?? 1)
    out += window.push(text.slice(at, at + size))
    at += size
  }
  return out + window.end()
}

test('pieces of any size are judged as the whole text is', () => {
  const piece = fc.constantFrom(
    'Hello ',
    'jane.doe@example.com',
    ' ',
    '4111 1111 1111 1111',
    ', ',
    '+1 415 555 2671',
    'GB82 WEST 1234 5698 7654 32',
    'falcon',
    'red rum',
    'xxxy',
    'abbc',
    '.',
    '1',
    'x',
    '@',
    '536-90-4399',
    '日本',
    '\n',
    'sk-abcdefghijklmnopqrstuvwx',
  )
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 12 }),
      fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 }),
      (pieces, sizes) => {
        const text = pieces.join('')
        expect(inPieces(text, sizes)).toBe(judge(text, findAll(MATCHERS, text)))
      },
    ),
    { numRuns: 2_000 },
  )
})

test('ordinary text goes on at once, and nothing is held without bound', () => {
  const window = new TextWindow(MATCHERS, judge)
  expect(window.push('Hello there, ')).toBe('Hello there, ')
  expect(window.push('jane')).toBe('')
  expect(window.push('@example')).toBe('')
  expect(window.push('.com ')).toBe('<email> ')
  let out = 0
  for (let n = 0; n < 300; n++) out += window.push('a'.repeat(100)).length
  expect(out).toBeGreaterThan(30_000 - 2 * 4_096 - 200)
})
