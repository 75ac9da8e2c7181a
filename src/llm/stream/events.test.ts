import * as fc from 'fast-check'
import { expect, test } from 'bun:test'
import { EventRest } from './event-rest.ts'
import {
  arePlain,
  endOfEvents,
  endsEvent,
  endsStream,
  IN_ORDER,
  judge,
  NOT_JSON,
  NOT_PLAIN,
  PLAIN,
  PLAIN_WITH_EMPTY_LIST,
  saysDone,
} from './events.ts'

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
      expect([event, judge(bytes(event), false) === IN_ORDER]).toEqual([event, judged])
      // Wherever it stands among others.
      const good = `data: {"b":[true,null]}${end}${end}`
      expect(judge(bytes(good + event + good), false) === IN_ORDER).toBe(judged)
      expect(judge(bytes(`"half"}${end}${end}${event}`), true) === IN_ORDER).toBe(judged)
    }
  }
})

test.each([
  ['a comment', ': ping\n\n'],
  ['an event without data', 'event: ping\n\n'],
  ['data over several lines', 'data: {"a":\ndata: 1}\n\n'],
  ['what is cut off at the end', `${chunk('a')}data: {"choices":[{"del`],
])('%s is not judged', (_, text) => expect(judge(bytes(text), false) === IN_ORDER).toBe(true))

test('two ruins are not one event because they would be one value', () => {
  expect(judge(bytes('data: {"a":\n\n1}\n\n'), false)).toBe(NOT_JSON)
  expect(judge(bytes('data: {"a":[\n\n"b"\n\n]}\n\n'), false)).toBe(NOT_JSON)
})

test('the rest of a cut event is not judged', () => {
  expect(judge(bytes('ta":{"content":"x"}}]}\n\n'), true) === IN_ORDER).toBe(true)
  expect(judge(bytes('ta":{"content":"x"}}]}\n\n'), false) === IN_ORDER).toBe(true)
  expect(judge(bytes('data: ta":{}\n\n'), false)).toBe(NOT_JSON)
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
      expect(judge(plain, false) === IN_ORDER).toBe(expected)
      expect(judge(shifted, false) === IN_ORDER).toBe(expected)
    }),
  )
})

test.each([
  ['data: {"error":{"message":"no"}}', true],
  ['data:{"error": {"message":"no"}}', true],
  ['data: {"error" : "no"}', true],
  ['event: error\ndata: {"type":"error","error":{}}', true],
  ['event: error\r\ndata: {"message":"no"}', true],
  ['data: {"type":"error","code":"server_error"}', true],
  ['data: {"type": "error"}', true],
  ['data: {"error":null,"choices":[]}', false],
  ['data: {"error":false}', false],
  ['data: {"choices":[{"delta":{"content":"{\\"error\\":{"}}]}', false],
  ['event: errors\ndata: {"type":"errors"}', false],
  ['data: {"type":"message_start"}', false],
])('%j tells of a failure: %p', (event, tells) => {
  const before = chunk('a')
  for (const end of ['\n\n', '\r\n\r\n']) {
    expect(judge(bytes(event + end), false)).toBe(tells ? 0 : IN_ORDER)
    expect(judge(bytes(before + event + end + before), false)).toBe(tells ? before.length : IN_ORDER)
  }
})

test('whatever the pieces, events leave whole, and nothing is lost', () => {
  const events = [chunk('a'), ': ping\n\n', named('b', '{"é":1}'), 'data: {"c":1}\r\n\r\n', chunk('x'.repeat(3000))]
  const all = Buffer.from(events.join(''))
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: all.length - 1 }), { maxLength: 40 }), (cuts) => {
      const bounds = [0, ...cuts.toSorted((a, b) => a - b), all.length]
      let rest: EventRest | undefined
      const out: Uint8Array[] = []
      for (let at = 1; at < bounds.length; at++) {
        const piece = all.subarray(bounds[at - 1], bounds[at])
        if (rest) out.push(rest.add(piece))
        else {
          const end = endOfEvents(piece)
          out.push(piece.subarray(0, end))
          rest = new EventRest(piece.subarray(end))
        }
        for (const whole of out) expect(whole.length === 0 || endsEvent(whole)).toBe(true)
      }
      expect(Buffer.concat(out).equals(all)).toBe(true)
      expect(rest?.size).toBe(0)
    }),
  )
})

test.each([
  ['an event', chunk('a'), PLAIN],
  ['several', chunk('a') + chunk('b'), PLAIN],
  ['a named one', named('ping', '{"type":"ping","at":1}'), PLAIN],
  ['no space behind the colon', 'data:{"a":null}\n\n', PLAIN],
  ['an empty list in it', 'data: {"choices":[ ],"usage":null}\n\n', PLAIN_WITH_EMPTY_LIST],
  ['an empty object in it', 'data: {"choices":[{}]}\n\n', PLAIN],
  ['a text about an empty list', chunk('"a":[]'), PLAIN],
  ['nothing', '', NOT_PLAIN],
  ['an event without its end', chunk('a').slice(0, -1), NOT_PLAIN],
  ['an object that goes on behind the end', 'data: {"a":1', NOT_PLAIN],
  ['lines that end in CR LF', 'data: {"a":1}\r\n\r\n', NOT_PLAIN],
  ['an object over two lines', 'data: {"a":\n1}\n\n', NOT_PLAIN],
  ['no JSON', 'data: {"a":x}\n\n', NOT_PLAIN],
  ['an end mark', 'data: [DONE]\n\n', NOT_PLAIN],
  ['the event that ends a message', named('message_stop', '{"type":"message_stop"}'), NOT_PLAIN],
  ['a failure', 'data: {"error":{"message":"no"}}\n\n', NOT_PLAIN],
  ['a failure behind an event', `${chunk('a')}${named('error', '{"type":"error","error":{}}')}`, NOT_PLAIN],
  ['a comment', ': a\n\n', NOT_PLAIN],
  ['an id', 'id: 1\ndata: {"a":1}\n\n', NOT_PLAIN],
  ['a name without end', `event: ${'x'.repeat(100)}\ndata: {"a":1}\n\n`, NOT_PLAIN],
])('of %s', (_, text, kind) => {
  expect(arePlain(bytes(text), 0, text.length)).toBe(kind)
  // What stands before and behind changes nothing, even where it would close what is open.
  for (const behind of ['', '\r\n', '}\n\n', '1}\n\n', chunk('z')])
    expect(arePlain(bytes(`1f\r\n${text}${behind}`), 4, 4 + text.length)).toBe(kind)
})
