import * as fc from 'fast-check'
import { expect, test } from 'bun:test'
import { createStreamEncoder } from '../llm/protocols/openai-responses/encode-stream.ts'
import { createResponseTap } from '../llm/protocols/openai-responses/tap.ts'
import { createChatTap } from '../llm/protocols/openai-chat/tap.ts'
import { createMessageTap } from '../llm/protocols/anthropic-messages/tap.ts'
import { PassThrough } from './pass-through.ts'
import { callErrorOf } from '../llm/errors.ts'
import { AppError } from '../errors.ts'

const event = (type: string, sequence: number) =>
  `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: sequence, response: { id: 'resp_1', output: [] } })}\n\n`

const BEGUN = event('response.created', 0) + event('response.in_progress', 1) + event('response.output_text.delta', 2)

test.each([
  { name: 'whole events', sent: [BEGUN], next: 3 },
  {
    name: 'a cut inside the next event',
    sent: [BEGUN, 'event: response.output_text.delta\ndata: {"type":"resp'],
    next: 3,
  },
  { name: 'a number cut in two', sent: [`${BEGUN}data: {"sequence_number":3`, '1,"delta":"a"}\n\n'], next: 32 },
  { name: 'nothing', sent: [], next: 0 },
])('an error in a Responses stream goes on counting after $name', ({ sent, next }) => {
  const stream = new PassThrough(createResponseTap(true), (resumed) =>
    createStreamEncoder({
      request: {
        dialect: 'openai-responses',
        model: 'm',
        system: [],
        messages: [],
        tools: [],
        stream: true,
        extra: {},
      },
      model: 'm',
      requestId: 'call_1',
      created: 0,
      resumed,
    }),
  )
  for (const text of sent) stream.push(Buffer.from(text))
  const bytes = stream.fail(callErrorOf(new AppError('upstream_failed', 'cut')))
  const events = [...bytes.matchAll(/^data: (.*)$/gm)].map(([, data]) => JSON.parse(data!))
  expect(events.map(({ type, sequence_number }) => [type, sequence_number])).toEqual([
    ['error', next],
    ['response.failed', next + 1],
  ])
  expect(events[1].response.id).toBe(sent.length > 0 ? 'resp_1' : 'resp_call_1')
})

const unwanted = () => {
  throw new Error('no error event is wanted')
}
const text = (content: string, end = '\n\n') =>
  `data: ${JSON.stringify({ choices: [{ delta: { content }, finish_reason: null }] })}${end}`
const delta = (words: string) =>
  `event: content_block_delta\ndata: ${JSON.stringify({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: words } })}\n\n`

test.each([
  ['data: [DONE]\n\n', true],
  ['data:[DONE]\n\n', true],
  ['data: [DONE]\r\n\r\n', true],
  [text('[DONE]'), false],
  [text('[DONE]', '\r\n\r\n'), false],
  ['data: {"choices":[],"text":"[DONE]"}\n\n', false],
])('after %j a chat completion is over: %p', (last, over) => {
  const stream = new PassThrough(createChatTap(true), unwanted)
  stream.push(Buffer.from(text('a')))
  expect(stream.finished).toBe(false)
  stream.push(Buffer.from(last))
  expect([stream.finished, stream.report().complete]).toEqual([over, over])
})

test('a message whose text names its last event goes on', () => {
  const stream = new PassThrough(createMessageTap(true), unwanted)
  for (const words of ['message_stop', '[DONE]', '"message_stop"']) stream.push(Buffer.from(delta(words)))
  expect([stream.finished, stream.report().complete]).toEqual([false, false])
  stream.push(Buffer.from('event: message_stop\ndata: {"type":"message_stop"}\n\n'))
  expect(stream.finished).toBe(true)
})

test.each([
  ['lines end in LF', [`${text('a')}data: {"cut\n\n`]],
  ['lines end in CRLF', [`${text('a', '\r\n\r\n')}data: {"cut\r\n\r\n`]],
  ['it follows the rest of a cut event', [text('a').slice(0, 20), `${text('a').slice(20)}data: {"cut\n\n`]],
])('an event that is no JSON is refused where %s', (_, sent) => {
  const stream = new PassThrough(createChatTap(true), unwanted)
  expect(() => sent.forEach((bytes) => stream.push(Buffer.from(bytes)))).toThrow('an event that is not JSON')
})

test('the report is made anew when more has come', () => {
  const stream = new PassThrough(createChatTap(true), unwanted)
  stream.push(Buffer.from(text('a')))
  expect(stream.report().complete).toBe(false)
  stream.push(Buffer.from('data: {"choices":[{"delta":{},"finish_reason":"stop"}]}\n\n'))
  expect(stream.report()).toMatchObject({ complete: true, finish: { unified: 'stop' } })
})

const failing = () => ({
  push: () => '',
  end: () => '',
  fail: ({ message }: { message: string }) => `data: {"error":{"message":"${message}"}}\n\n`,
})
const cut = callErrorOf(new AppError('upstream_failed', 'cut'))

test.each([
  ['is passed', false],
  ['is kept back', true],
])('an event that is cut never reaches the client where the usage chunk %s', (_, stripUsage) => {
  const stream = new PassThrough(createChatTap(true, { stripUsage }), failing)
  const sent = [stream.push(Buffer.from(`${text('a')}data: {"choi`)), stream.end(), stream.fail(cut)].map(String)
  expect(sent.join('')).toBe(`${text('a')}data: {"error":{"message":"cut"}}\n\n`)
})

test('an event that comes in pieces leaves when it is whole; a large one flows', () => {
  const stream = new PassThrough(createChatTap(true), unwanted)
  const event = text('é'.repeat(10))
  const pieces = [...Buffer.from(event)].map((byte) => stream.push(Uint8Array.of(byte)))
  expect(pieces.map(({ length }) => length).filter((length) => length > 0)).toEqual([Buffer.byteLength(event)])
  const large = Buffer.from(text('x'.repeat(400_000)))
  const got = [large.subarray(0, 100_000), large.subarray(100_000, 300_000), large.subarray(300_000)].map((piece) =>
    stream.push(piece),
  )
  expect(got.map(({ length }) => length)).toEqual([0, 300_000, large.length - 300_000])
})

test("a vendor's error event ends the stream and is left for the gateway to tell", () => {
  const stream = new PassThrough(createChatTap(true), unwanted)
  const out = stream.push(Buffer.from(`${text('a')}data: {"error":{"message":"busy","code":503}}\n\n`))
  expect(String(out)).toBe(text('a'))
  expect([stream.finished, stream.untold]).toEqual([true, true])
  expect(stream.report()).toMatchObject({ complete: false, error: { code: 'overloaded', message: 'busy' } })
})

test('the last event counts without a blank line behind it', () => {
  const stream = new PassThrough(createChatTap(true), unwanted)
  stream.push(Buffer.from('data: {"choices":[{"delta":{},"finish_reason":"stop"}]}\n\n'))
  expect(String(stream.push(Buffer.from('data: [DONE]')))).toBe('')
  expect(String(stream.end())).toBe('data: [DONE]')
})

test.each([
  ['response.completed', true],
  ['response.incomplete', true],
  ['response.failed', false],
])('%s ends a Responses stream, whole: %p', (type, complete) => {
  const stream = new PassThrough(createResponseTap(true), unwanted)
  const last = `event: ${type}\ndata: {"type":"${type}","response":{"error":{"code":"server_error","message":"m"}}}\n\n`
  stream.push(Buffer.from(last.slice(0, 40)))
  expect(stream.finished).toBe(false)
  expect(Buffer.from(stream.push(Buffer.from(last.slice(40)))).toString()).toBe(last)
  expect([stream.finished, stream.untold, stream.report().complete]).toEqual([true, false, complete])
})

test('a flat error event of a Responses stream keeps its words', () => {
  const stream = new PassThrough(createResponseTap(true), unwanted)
  const event = `event: error\ndata: {"type":"error","sequence_number":3,"code":"server_error","message":"overloaded","param":null}\n\n`
  expect(stream.push(Buffer.from(event)).length).toBe(0)
  expect(stream.report().error).toMatchObject({ code: 'upstream_failed', message: 'overloaded' })
})

const USAGE = 'data: {"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}}\n\n'
const FAILURE = 'data: {"error":{"message":"slow down","code":"rate_limit_exceeded"}}\n\n'
const PIECES = [
  text('a'),
  text('two') + text('in one'),
  text('cr lf', '\r\n\r\n'),
  'data: {"choices":[{"delta":{},"finish_reason":"stop"}]}\n\n',
  USAGE,
  text('with usage') + USAGE,
  ': a comment\n\n',
  'data: {"choices":[],"prompt_filter_results":[]}\n\n',
  delta('named'),
  'event: message_stop\ndata: {"type":"message_stop"}\n\n',
  FAILURE,
  'data: {"half":',
  '1}\n\n',
  'data: no JSON\n\n',
  'data: [DONE]\n\n',
]

type Outcome = { readonly out: string; readonly finished: boolean; readonly report: unknown; readonly failure: unknown }

/** What becomes of the pieces; `quickly` lets those pass that may, each as a part of something larger. */
function passed(stream: PassThrough, pieces: readonly string[], quickly: boolean): Outcome {
  let out = ''
  try {
    for (const piece of pieces) {
      const around = Buffer.from(`1f\r\n${piece}\r\n"}]`)
      const to = 4 + Buffer.byteLength(piece)
      if (quickly && stream.passes(around, 4, to)) out += piece
      else out += Buffer.from(stream.push(Uint8Array.from(around.subarray(4, to)))).toString()
      if (stream.finished) break
    }
    if (!stream.finished) out += Buffer.from(stream.end()).toString()
    return { out, finished: stream.finished, report: stream.report(), failure: undefined }
  } catch (failure) {
    return { out, finished: stream.finished, report: undefined, failure: (failure as Error).message }
  }
}

test.each([
  ['a chat whose usage is kept back', () => createChatTap(true, { stripUsage: true })],
  ['a chat', () => createChatTap(true)],
  ['a chat with several answers', () => createChatTap(true, { asked: 2 })],
  ['a message', () => createMessageTap(true)],
  ['a response', () => createResponseTap(true)],
])('%s is the same whether its events pass quickly or are looked at', (_, tap) => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...PIECES), { maxLength: 12 }), (pieces) => {
      const [quick, slow] = [new PassThrough(tap(), unwanted), new PassThrough(tap(), unwanted)]
      expect(passed(quick, pieces, true)).toEqual(passed(slow, pieces, false))
    }),
    { numRuns: 2_000 },
  )
})

test('plain events pass quickly, and nothing else does', () => {
  const quick = (piece: string, tap = createChatTap(true, { stripUsage: true })) =>
    new PassThrough(tap, unwanted).passes(Buffer.from(piece), 0, Buffer.byteLength(piece))
  expect([text('a'), text('a') + text('b'), delta('a')].map((piece) => quick(piece))).toEqual([true, true, true])
  expect(quick(delta('a'), createMessageTap(true))).toBe(true)
  expect(
    [USAGE, FAILURE, 'data: [DONE]\n\n', ': hi\n\n', text('a').slice(0, -1), ''].some((piece) => quick(piece)),
  ).toBe(false)
})
