import { describe, expect, it } from 'bun:test'
import type { JsonObject, StreamPart } from '../spec.ts'
import { ollama } from './ollama.ts'
import { openaiChat } from './openai-chat.ts'

const encode = (body: object, model = 'qwen3') =>
  ollama.vendor.encodeRequest(
    openaiChat.client.decodeRequest({ model: 'x', messages: [{ role: 'user', content: 'Hi' }], ...body } as JsonObject),
    { model, capabilities: {}, quirks: {} },
  )

it('writes a request', () => {
  const { body, path, dropped } = encode({
    messages: [
      { role: 'system', content: 'Be brief.' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'Look' },
          { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } },
        ],
      },
      {
        role: 'assistant',
        content: 'Wait',
        tool_calls: [{ id: 'c1', type: 'function', function: { name: 'f', arguments: '{"a":1}' } }],
      },
      { role: 'tool', tool_call_id: 'c1', content: 'done' },
    ],
    tools: [{ type: 'function', function: { name: 'f', parameters: { type: 'object' } } }],
    max_tokens: 10,
    temperature: 0,
    response_format: { type: 'json_schema', json_schema: { name: 'n', schema: { type: 'object' } } },
    reasoning_effort: 'high',
    keep_alive: '5m',
    logit_bias: { 1: 2 },
  })
  expect(path).toBe('/api/chat')
  expect(body).toEqual({
    model: 'qwen3',
    stream: false,
    messages: [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'Look', images: ['AAAA'] },
      { role: 'assistant', content: 'Wait', tool_calls: [{ function: { name: 'f', arguments: { a: 1 } } }] },
      { role: 'tool', content: 'done', tool_name: 'f' },
    ],
    tools: [{ type: 'function', function: { name: 'f', parameters: { type: 'object' } } }],
    format: { type: 'object' },
    think: true,
    options: { temperature: 0, num_predict: 10 },
    keep_alive: '5m',
  })
  expect(dropped.map(({ parameter }) => parameter)).toEqual(['logit_bias'])
})

it.each([
  ['gpt-oss:20b', 'minimal', 'low'],
  ['gpt-oss:20b', 'medium', 'medium'],
  ['qwen3', 'low', true],
  ['qwen3', 'none', false],
])('%s thinks %s: %p', (model, reasoning_effort, think) => {
  expect(encode({ reasoning_effort }, model).body['think']).toBe(think)
})

const LINES = [
  {
    model: 'qwen3',
    created_at: '2026-11-23T12:00:00Z',
    message: { role: 'assistant', content: '', thinking: 'Hm' },
    done: false,
  },
  { model: 'qwen3', message: { role: 'assistant', content: 'Gü' }, done: false },
  { model: 'qwen3', message: { role: 'assistant', content: 'ten' }, done: false },
  {
    model: 'qwen3',
    message: { role: 'assistant', content: '', tool_calls: [{ function: { name: 'f', arguments: { a: 1 } } }] },
    done: false,
  },
  {
    model: 'qwen3',
    message: { role: 'assistant', content: '' },
    done: true,
    done_reason: 'stop',
    prompt_eval_count: 7,
    eval_count: 9,
  },
]

describe('answers', () => {
  const read = (text: string, size = 1 << 20): StreamPart[] => {
    const decoder = ollama.vendor.createStreamDecoder()
    const bytes = Buffer.from(text)
    const parts: StreamPart[] = []
    for (let at = 0; at < bytes.length; at += size)
      parts.push(...decoder.push(Uint8Array.from(bytes.subarray(at, at + size))))
    return [...parts, ...decoder.end()]
  }
  const text = LINES.map((line) => `${JSON.stringify(line)}\n`).join('')

  it('stream the same however they arrive', () => {
    const parts = read(text)
    expect(parts.map(({ type }) => type)).toEqual([
      'response-start',
      'reasoning-start',
      'reasoning-delta',
      'reasoning-end',
      'text-start',
      'text-delta',
      'text-delta',
      'text-end',
      'tool-call-start',
      'tool-call-delta',
      'tool-call-end',
      'usage',
      'finish',
      'response-end',
    ])
    expect(parts).toContainEqual({ type: 'finish', reason: { unified: 'tool-calls', raw: 'stop' } })
    for (const size of [1, 3, 64]) expect(read(text, size)).toEqual(parts)
    expect(read(text.trimEnd())).toEqual(parts)
    expect(read(text.replaceAll('\n', '\r\n'), 1)).toEqual(parts)
  })

  it('say when they are cut or failed', () => {
    expect(read(text.slice(0, -40)).at(-1)).toMatchObject({ type: 'error', error: { code: 'upstream_failed' } })
    expect(read('{"error":"model not found"}\n').at(-1)).toMatchObject({
      type: 'error',
      error: { message: 'model not found' },
    })
    expect(read('<html>\n').at(-1)).toMatchObject({ type: 'error', error: { code: 'upstream_invalid' } })
  })

  it('read whole', () => {
    const result = ollama.vendor.decodeResponse({
      ...LINES[4]!,
      message: { role: 'assistant', content: 'Hi', thinking: 'Hm' },
    } as JsonObject)
    expect(result).toMatchObject({
      model: 'qwen3',
      choices: [
        {
          content: [
            { type: 'reasoning', text: 'Hm' },
            { type: 'text', text: 'Hi' },
          ],
          finish: { unified: 'stop' },
        },
      ],
      usage: { inputUncached: 7, output: 9 },
    })
  })
})
