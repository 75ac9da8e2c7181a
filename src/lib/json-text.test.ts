import { describe, expect, test } from 'bun:test'
import { array, assert, constantFrom, json, property } from 'fast-check'
import { parseJsonText } from './json-text.ts'

describe('a JSON text', () => {
  test('reads every document as JSON.parse does', () => {
    assert(
      property(json(), constantFrom(0, 2), (source, indent) => {
        const text = JSON.stringify(JSON.parse(source), null, indent)
        expect(JSON.stringify(parseJsonText(text).value)).toBe(JSON.stringify(JSON.parse(text)))
      }),
    )
  })

  test('accepts and refuses what JSON.parse does', () => {
    const pieces = [
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"a"',
      '"\\u00e9"',
      '1',
      '-0.5e3',
      'true',
      'null',
      ' ',
      '\n',
      '01',
      "'",
    ]
    assert(
      property(array(constantFrom(...pieces), { maxLength: 9 }), (parts) => {
        const text = parts.join('')
        expect(accepts(() => parseJsonText(text))).toBe(accepts(() => JSON.parse(text)))
      }),
      { numRuns: 2000 },
    )
  })

  test('knows where a value stands', () => {
    const text = parseJsonText('\u{feff}{\n  "a": [1,\n    {"b": null}]\n}')
    expect(text.placeAt(['a', 1, 'b'])).toEqual({ line: 3, column: 11 })
    expect(text.placeAt([])).toEqual({ line: 1, column: 1 })
    expect(text.placeAt(['a', 7, 'x'])).toEqual({ line: 2, column: 8 })
  })

  test('reports a repeated key and lets the last one count', () => {
    const text = parseJsonText('{"a": 1,\n "a": 2}')
    expect(text.value).toEqual({ a: 2 })
    expect(text.duplicates).toEqual([{ key: 'a', place: { line: 2, column: 2 }, first: { line: 1, column: 2 } }])
    expect(text.placeAt(['a'])).toEqual({ line: 2, column: 7 })
  })

  test('keeps a member named __proto__ a member', () => {
    expect(Object.keys(parseJsonText('{"__proto__": {"x": 1}}').value as object)).toEqual(['__proto__'])
  })

  test.each([
    ['', 'line 1, column 1: the document is empty'],
    ['\u{feff}', 'line 1, column 1: the document is empty'],
    ['{"a" 1}', 'line 1, column 6: expected ":" after the key "a", found "1"'],
    ['{\n "a": 1,\n}', 'line 3, column 1: expected a key in double quotes, found "}"'],
    ['[1 2]', 'line 1, column 4: expected "," or "]", found "2"'],
    ['[1', 'line 1, column 3: expected "," or "]", found the end'],
    ['{"a": "b', 'line 1, column 7: the string that starts here is never closed'],
    ['"a\tb"', 'line 1, column 3: a control character must be written as an escape'],
    ['\0', 'line 1, column 1: expected a value, found a control character'],
    ['"\\x"', 'line 1, column 2: unknown escape in a string'],
    ['1 1', 'line 1, column 3: expected the end of the document'],
    ['['.repeat(10_000_000), 'line 1, column 513: nested deeper than 512 levels'],
    ['{"a":'.repeat(1_000_000), 'nested deeper than 512 levels'],
  ])('%#: is refused with its place', (text, message) => {
    expect(() => parseJsonText(text)).toThrow(message)
  })
})

function accepts(parse: () => unknown): boolean {
  try {
    parse()
    return true
  } catch {
    return false
  }
}
