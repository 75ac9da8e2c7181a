import * as fc from 'fast-check'
import { describe, expect, it } from 'bun:test'
import { createSseParser, EventTooLarge } from './sse.ts'

/** Feeds `text` in pieces of the given sizes (the last one repeats) and gives the events. */
function read(text: string, sizes: readonly number[], limit?: number): [string, string][] {
  const events: [string, string][] = []
  const parser = createSseParser((data, event) => events.push([event, data]), limit)
  const bytes = Buffer.from(text)
  let at = 0
  for (let turn = 0; at < bytes.length; turn++) {
    const size = sizes[Math.min(turn, sizes.length - 1)] ?? bytes.length
    parser.push(Uint8Array.from(bytes.subarray(at, at + size)))
    at += size
  }
  parser.end()
  return events
}

const CASES: readonly (readonly [string, string, readonly (readonly [string, string])[]])[] = [
  ['one event', 'data: a\n\n', [['', 'a']]],
  ['no space', 'data:a\n\n', [['', 'a']]],
  ['only one space is taken', 'data:  a\n\n', [['', ' a']]],
  [
    'CRLF',
    'event: x\r\ndata: a\r\n\r\ndata: b\r\n\r\n',
    [
      ['x', 'a'],
      ['', 'b'],
    ],
  ],
  [
    'CR',
    'data: a\r\rdata: b\r\r',
    [
      ['', 'a'],
      ['', 'b'],
    ],
  ],
  [
    'mixed ends',
    'data: a\r\n\ndata: b\n\r\n',
    [
      ['', 'a'],
      ['', 'b'],
    ],
  ],
  [
    'CR then LF lines',
    'data: a\rdata: b\n\ndata: c\n\n',
    [
      ['', 'a\nb'],
      ['', 'c'],
    ],
  ],
  ['comments', ': keep-alive\n\n: x\ndata: a\n\n', [['', 'a']]],
  ['many lines', 'data: a\ndata\ndata: b\n\n', [['', 'a\n\nb']]],
  ['ids and retry', 'id: 1\nretry: 5\ndata: a\n\n', [['', 'a']]],
  ['byte order mark', '\uFEFFdata: a\n\n', [['', 'a']]],
  [
    'not closed',
    'data: a\n\ndata: b',
    [
      ['', 'a'],
      ['', 'b'],
    ],
  ],
  ['event without data', 'event: x\n\ndata: a\n\n', [['', 'a']]],
  ['wide letters', 'data: {"t":"héé 😀 日本"}\n\n', [['', '{"t":"héé 😀 日本"}']]],
]

describe('server-sent events', () => {
  it.each(CASES)('%s, whole and in pieces of 1, 2, 3 bytes', (_, text, events) => {
    for (const size of [1e6, 1, 2, 3]) expect(read(text, [size])).toEqual(events.map(([event, data]) => [event, data]))
  })

  it('gives the same events however the bytes are cut', () => {
    const end = fc.constantFrom('\n', '\r\n', '\r')
    const field = fc.oneof(
      fc.string({ unit: 'grapheme' }).map((value) => `data: ${value.replaceAll(/[\r\n]/g, ' ')}`),
      fc.constantFrom(': comment', 'event: x', 'id: 1', '', ''),
    )
    fc.assert(
      fc.property(
        fc.array(fc.tuple(field, end), { maxLength: 12 }),
        fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1 }),
        (lines, sizes) => {
          const text = lines.map(([line, close]) => line + close).join('')
          expect(read(text, sizes)).toEqual(read(text, [1e9]))
        },
      ),
    )
  })

  it('passes an event of 1 MiB and stops one that never ends', () => {
    const big = 'x'.repeat(1 << 20)
    expect(read(`data: ${big}\n\n`, [16384])[0]?.[1].length).toBe(1 << 20)
    expect(() => read(`data: ${'x'.repeat(6 << 20)}`, [65536])).toThrow(EventTooLarge)
    expect(() => read(`data: ${'x\ndata: '.repeat(1000)}`, [100], 512)).toThrow(EventTooLarge)
    expect(read('data: 1234567890\n\n'.repeat(400), [7000], 64)).toHaveLength(400)
  })

  it('keeps text that is no event stream', () => {
    const parser = createSseParser(() => {})
    parser.push(Buffer.from('{"error":{"message":"no"}}'))
    parser.end()
    expect(parser.stray()).toBe('{"error":{"message":"no"}}\n')
  })
})
