import { describe, expect, test } from 'bun:test'
import { Glob } from 'bun'
import { join } from 'node:path'
import { fill, type Texts } from './text.ts'

const console = join(import.meta.dir, '..')

/** Texts that are the same in both languages: names, signs, units. */
const SAME = /^(CSV|HTTP|Top p|±|p95 .*|\{name\}|provider\/model|portreeve\.yaml|Amazon ECS)$/

describe('every text', async () => {
  const files = [...new Glob('**/{text,common,origin,rooms}.ts').scanSync(console)].filter(
    (path) => path !== 'i18n/text.ts',
  )
  const dictionaries: [string, Texts][] = []
  for (const file of files) {
    const exported = (await import(join(console, file))) as Record<string, unknown>
    for (const [name, value] of Object.entries(exported))
      if (/_TEXT$|^COMMON$|^ERROR_TITLES$/.test(name)) dictionaries.push([`${file} ${name}`, value as Texts])
  }
  test('is found', () => expect(dictionaries.length).toBeGreaterThan(12))
  test.each(dictionaries)('%s is written in both languages with the same values', (_name, texts) => {
    const wrong: string[] = []
    for (const [key, [en, zh]] of Object.entries(texts)) {
      const values = (text: string) =>
        [...text.matchAll(/\{(\w+)/g)]
          .map((match) => match[1] ?? '')
          .sort()
          .join(' ')
      if (values(en) !== values(zh)) wrong.push(`${key}: other values`)
      if (!/[一-鿿]/.test(zh) && !SAME.test(en)) wrong.push(`${key}: not Chinese`)
      if (/[一-鿿]/.test(en)) wrong.push(`${key}: not English`)
    }
    expect(wrong).toEqual([])
  })
})

test.each([
  ['{count|call|calls}', 'en', { count: 1 }, '1 call'],
  ['{count|call|calls}', 'en', { count: 12_345 }, '12,345 calls'],
  ['{count} 次调用', 'zh-CN', { count: 12_345 }, '12,345 次调用'],
  ['{name} is {state}', 'en', { name: '{state}', state: 'x' }, '{state} is x'],
  ['{missing}', 'en', {}, '{missing}'],
] as const)('%s in %s', (text, language, values, expected) => {
  expect(fill(text, language, values)).toBe(expected)
})
