import { expect, test } from 'bun:test'
import { formatters } from './format.ts'
import { microsOf } from './money.ts'

const en = formatters('en')
const zh = formatters('zh-CN')

test.each([
  [null, '–', '–'],
  [0, '$0.00', '$0.00'],
  [214, '$0.000214', '$0.000214'],
  [1_234_500, '$1.2345', '$1.2345'],
  [98_765_432_100, '$98,765.43', '$98,765.43'],
])('money %p', (micros, english, chinese) => {
  expect(en.money(micros)).toBe(english)
  expect(zh.money(micros)).toBe(chinese)
})

test.each([
  [null, '–'],
  [0.42, '0.4 ms'],
  [842, '842 ms'],
  [1234, '1.23 s'],
  [180_000, '3 min'],
])('duration %p', (ms, english) => {
  expect(en.duration(ms)).toBe(english)
})

test('times are told as the reader says them', () => {
  const now = Date.UTC(2026, 10, 23, 12)
  expect(en.relative(now - 3 * 60_000, now)).toBe('3 min. ago')
  expect(zh.relative(now - 3 * 60_000, now)).toBe('3分钟前')
  expect(en.relative(now + 2 * 86_400_000, now)).toBe('in 2 days')
})

test.each([
  ['2.50', 2_500_000],
  ['$ 0,000001', null],
  ['0,000001', 1],
  ['12', 12_000_000],
  ['.5', null],
  ['1e3', null],
  ['-1', null],
  ['0.1234567', null],
])('%s dollars', (text, micros) => {
  expect(microsOf(text)).toBe(micros)
})
