import * as fc from 'fast-check'
import { expect, test } from 'bun:test'
import { areJson, endsEvent, endsStream, saysDone } from './events.ts'

const bytes = (text: string) => Uint8Array.from(Buffer.from(text))
const chunk = (content: string) => `data: ${JSON.stringify({ choices: [{ delta: { content } }] })}\n\n`
const named = (type: string, data: string) => `event: ${type}\ndata: ${data}\n\n`

test.each([
  ['{"a":1}', true],
  ['{"a":1', false],
  ['', false],
  ['hello', false],
  ['[DONE]', true],
  ['"[DONE]"', true],
  [`{"a":"${'é'.repeat(9000)}"}`, true],
  [`{"a":"${'x'.repeat(9000)}`, false],
  ['{"a":1}}', false],
])('the data %p is JSON: %p, in every spelling of an event', (data, judged) => {
  for (const end of ['\n', '\r\n']) {
    const spellings = [`data: ${data}`, `data:${data}`, `event: a${end}data: ${data}`, `id: 4${end}data: ${data}`]
    for (const spelling of spellings) {
      const event = spelling + end + end
      expect([event, areJson(bytes(event), false)]).toEqual([event, judged])
      // Wherever it stands among others.
      const good = `data: {"b":[true,null]}${end}${end}`
      expect(areJson(bytes(good + event + good), false)).toBe(judged)
      expect(areJson(bytes(`"half"}${end}${end}${event}`), true)).toBe(judged)
    }
  }
})

test.each([
  ['a comment', ': ping\n\n'],
  ['an event without data', 'event: ping\n\n'],
  ['data over several lines', 'data: {"a":\ndata: 1}\n\n'],
  ['what is cut off at the end', `${chunk('a')}data: {"choices":[{"del`],
])('%s is not judged', (_, text) => expect(areJson(bytes(text), false)).toBe(true))

test('the rest of a cut event is not judged', () => {
  expect(areJson(bytes('ta":{"content":"x"}}]}\n\n'), true)).toBe(true)
  expect(areJson(bytes('ta":{"content":"x"}}]}\n\n'), false)).toBe(true)
  expect(areJson(bytes('data: ta":{}\n\n'), false)).toBe(false)
})

test.each([
  ['data: {}\n\n', true],
  ['data: {}\r\n\r\n', true],
  ['data: {}\n', false],
  ['data: {}\r\n', false],
  ['data: {}', false],
  ['\n', false],
  ['', false],
])('%j ends an event: %p', (text, ends) => expect(endsEvent(bytes(text))).toBe(ends))

test.each([
  ['data: [DONE]\n\n', true],
  ['data:[DONE]\n\n', true],
  ['data: "[DONE]"\n\n', true],
  ['data: [DONE]\r\n\r\n', true],
  ['[DONE]\n\n', true],
  [`${chunk('a')}data: [DONE]\n\n`, true],
  [chunk('[DONE]'), false],
  [`data: {"delta":"[DONE]"}\n\n`, false],
  [`data: ["[DONE]"]\n\n`, false],
  ['data: "see data: [DONE]"\n\n', false],
  [chunk('data: [DONE]'), false],
  [named('message_stop', '{"type":"message_stop"}'), true],
  [named('message_stop', '{"type": "message_stop"}'), true],
  ['data: {"type":"message_stop"}\r\n\r\n', true],
  [named('content_block_delta', '{"type":"content_block_delta","delta":{"text":"message_stop"}}'), false],
  [named('a', JSON.stringify({ text: '{"type":"message_stop"}' })), false],
  [chunk('a'), false],
  ['\n\n', false],
])('%j ends a stream: %p', (text, ends) => expect(endsStream(bytes(text))).toBe(ends))

test('the mark of the end counts only among the last bytes', () => {
  expect(saysDone(bytes(`${chunk('a')}data: [DONE]\n\n`), 64)).toBe(true)
  expect(saysDone(bytes(`data: [DONE]\n\n${': rest\n\n'.repeat(9)}`), 64)).toBe(false)
  expect(saysDone(bytes(chunk('[DONE]')), 64)).toBe(false)
})

test('events are judged alike whatever surrounds them in memory', () => {
  const texts = fc.array(fc.oneof(fc.json(), fc.string()), { minLength: 1, maxLength: 4 })
  fc.assert(
    fc.property(texts, fc.nat(9), (data, shift) => {
      const whole = data.map((text) => `data: ${text.replaceAll(/[\r\n]/g, ' ')}\n\n`).join('')
      const plain = bytes(whole)
      const shifted = new Uint8Array(plain.length + shift + 5).fill(0x22).subarray(shift, shift + plain.length)
      shifted.set(plain)
      const expected = data.every((text) => {
        const line = text.replaceAll(/[\r\n]/g, ' ').replace(/^ /, '')
        if (line.startsWith('[')) return true
        try {
          JSON.parse(line)
          return true
        } catch {
          return false
        }
      })
      expect(areJson(plain, false)).toBe(expected)
      expect(areJson(shifted, false)).toBe(expected)
    }),
  )
})
