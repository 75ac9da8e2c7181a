import { EventStreamCodec } from '@smithy/eventstream-codec'
import { fromUtf8, toUtf8 } from '@smithy/util-utf8'
import { describe, expect, it } from 'bun:test'
import { array, assert, dictionary, property, string, uint8Array } from 'fast-check'
import { anthropicMessages } from './anthropic-messages.ts'
import { BrokenFrame, createFrameParser, writeFrame } from './bedrock-converse/frames.ts'
import { bedrockConverse } from './bedrock-converse.ts'
import { openaiChat } from './openai-chat.ts'
import type { JsonObject } from '../spec.ts'
import type { Target } from '../target.ts'

const codec = new EventStreamCodec(toUtf8, fromUtf8)
const names = string({ minLength: 1, maxLength: 20, unit: 'grapheme-ascii' }).filter((name) => name !== '__proto__')

describe('frames', () => {
  it('are those of the SDK, however they are cut', () => {
    const frames = array(dictionary(names, string({ maxLength: 30 }), { maxKeys: 3 }), { minLength: 1, maxLength: 4 })
    assert(
      property(frames, uint8Array({ maxLength: 80 }), (list, payload) => {
        const theirs = list.map((headers) => {
          const typed = Object.fromEntries(
            Object.entries(headers).map(([name, value]) => [name, { type: 'string' as const, value }]),
          )
          return Buffer.from(codec.encode({ headers: typed, body: payload }))
        })
        const ours = list.map((headers) => writeFrame(headers, payload))
        expect(ours).toEqual(theirs)
        const bytes = Buffer.concat(theirs)
        for (const size of [1, 5, bytes.length]) {
          const seen: Record<string, string>[] = []
          const parser = createFrameParser((headers, body) => {
            expect(Buffer.from(payload).equals(body)).toBe(true)
            seen.push(headers)
          })
          for (let at = 0; at < bytes.length; at += size) parser.push(bytes.subarray(at, at + size))
          expect(seen).toEqual(list)
          expect(parser.rest()).toHaveLength(0)
        }
      }),
      { numRuns: 50 },
    )
  })

  it('that were changed on the way are noticed', () => {
    const frame = writeFrame({ a: 'b' }, Buffer.from('{"x":1}'))
    for (let at = 0; at < frame.length; at++) {
      const broken = Buffer.from(frame)
      broken[at]! ^= 1
      expect(() => createFrameParser(() => {}).push(broken)).toThrow(BrokenFrame)
    }
  })
})

const CLAUDE = 'us.anthropic.claude-sonnet-4-5-20250929-v1:0'
const target = (model = CLAUDE, capabilities: Target['capabilities'] = {}): Target => ({
  model,
  capabilities,
  quirks: {},
})
const fromChat = (body: object, to = target()) =>
  bedrockConverse.vendor.encodeRequest(
    openaiChat.client.decodeRequest({ model: 'x', messages: [{ role: 'user', content: 'Hi' }], ...body } as JsonObject),
    to,
  )
const PNG = 'iVBORw0KGgo='

describe('a request', () => {
  it('encodes the model once in the path', () => {
    expect(fromChat({}).path).toBe('/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse')
    const arn = 'arn:aws:bedrock:us-east-1:1:inference-profile/x'
    expect(fromChat({ stream: true }, target(arn)).path).toBe(`/model/${encodeURIComponent(arn)}/converse-stream`)
  })

  it('carries turns, tools, results and images', () => {
    const { body, dropped } = fromChat({
      messages: [
        { role: 'system', content: 'Be brief.' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'Look' },
            { type: 'image_url', image_url: { url: `data:image/png;base64,${PNG}` } },
          ],
        },
        {
          role: 'assistant',
          content: null,
          tool_calls: [
            { id: 'call.1', type: 'function', function: { name: 'get weather', arguments: '{"city":"Paris"}' } },
          ],
        },
        { role: 'tool', tool_call_id: 'call.1', content: '18 °C' },
        { role: 'user', content: 'And?' },
      ],
      tools: [
        {
          type: 'function',
          function: { name: 'get weather', description: '', parameters: { type: 'object', properties: {} } },
        },
      ],
      tool_choice: 'required',
      max_completion_tokens: 50,
      temperature: 0.2,
      stop: ['END'],
      seed: 7,
    })
    expect(body).toEqual({
      system: [{ text: 'Be brief.' }],
      messages: [
        { role: 'user', content: [{ text: 'Look' }, { image: { format: 'png', source: { bytes: PNG } } }] },
        {
          role: 'assistant',
          content: [{ toolUse: { toolUseId: 'call_1', name: 'get_weather', input: { city: 'Paris' } } }],
        },
        {
          role: 'user',
          content: [{ toolResult: { toolUseId: 'call_1', content: [{ text: '18 °C' }] } }, { text: 'And?' }],
        },
      ],
      inferenceConfig: { maxTokens: 50, temperature: 0.2, stopSequences: ['END'] },
      toolConfig: {
        tools: [{ toolSpec: { name: 'get_weather', inputSchema: { json: { type: 'object', properties: {} } } } }],
        toolChoice: { any: {} },
      },
    } as never)
    expect(dropped.map(({ parameter }) => parameter)).toEqual(['seed'])
  })

  it('hands on what Converse knows itself', () => {
    const guardrailConfig = { guardrailIdentifier: 'g', guardrailVersion: '1' }
    const { body, dropped } = fromChat({ guardrailConfig, metadata: { team: 'a' } })
    expect(body).toMatchObject({ guardrailConfig, requestMetadata: { team: 'a' } })
    expect(dropped).toEqual([])
  })

  it('turns cache markers into cache points', () => {
    const request = anthropicMessages.client.decodeRequest({
      model: 'x',
      max_tokens: 10,
      system: [{ type: 'text', text: 'Long', cache_control: { type: 'ephemeral', ttl: '1h' } }],
      tools: [{ name: 't', input_schema: { type: 'object' }, cache_control: { type: 'ephemeral' } }],
      messages: [{ role: 'user', content: [{ type: 'text', text: 'Hi', cache_control: { type: 'ephemeral' } }] }],
    })
    const { body } = bedrockConverse.vendor.encodeRequest(request, target())
    expect(body['system']).toEqual([{ text: 'Long' }, { cachePoint: { type: 'default', ttl: '1h' } }])
    expect(body['messages']).toEqual([{ role: 'user', content: [{ text: 'Hi' }, { cachePoint: { type: 'default' } }] }])
    expect(body['toolConfig']).toMatchObject({
      tools: [{ toolSpec: { name: 't' } }, { cachePoint: { type: 'default' } }],
    })
  })

  it('gives signed thoughts back byte for byte', () => {
    const content = [
      { type: 'thinking', thinking: '', signature: 'EqQB+/=' },
      { type: 'redacted_thinking', data: 'abc==' },
      { type: 'tool_use', id: 't1', name: 'f', input: {} },
    ]
    const request = anthropicMessages.client.decodeRequest({
      model: 'x',
      max_tokens: 4000,
      thinking: { type: 'enabled', budget_tokens: 2000 },
      messages: [
        { role: 'user', content: 'Hi' },
        { role: 'assistant', content },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't1', content: 'ok' }] },
      ],
    })
    const { body } = bedrockConverse.vendor.encodeRequest(request, target())
    expect((body['messages'] as JsonObject[])[1]).toEqual({
      role: 'assistant',
      content: [
        { reasoningContent: { reasoningText: { text: '', signature: 'EqQB+/=' } } },
        { reasoningContent: { redactedContent: 'abc==' } },
        { toolUse: { toolUseId: 't1', name: 'f', input: {} } },
      ],
    })
    expect(body['additionalModelRequestFields']).toEqual({ thinking: { type: 'enabled', budget_tokens: 2000 } })
    // The history calls a tool, so there must be one to call.
    expect(body['toolConfig']).toEqual({
      tools: [{ toolSpec: { name: 'f', inputSchema: { json: { type: 'object' } } } }],
    })
  })

  const schema = { type: 'object', properties: { a: { type: 'string' } }, required: ['a'] }
  const asked = { response_format: { type: 'json_schema', json_schema: { name: 'n', schema } } }

  it('asks for a schema natively, by a tool, or in words', () => {
    const native = fromChat(asked)
    expect(native.body['outputConfig']).toEqual({
      textFormat: { type: 'json_schema', structure: { jsonSchema: { name: 'n', schema: JSON.stringify(schema) } } },
    })
    const tool = fromChat(asked, target('amazon.nova-pro-v1:0'))
    expect(tool.body['toolConfig']).toMatchObject({ toolChoice: { tool: { name: 'json_response' } } })
    expect(tool.context.jsonTool).toBe('json_response')
    const words = fromChat(asked, target('meta.llama3-70b-instruct-v1:0'))
    expect(JSON.stringify(words.body['system'])).toContain('JSON Schema')
  })

  it.each([
    [
      { reasoning_effort: 'high' },
      'us.anthropic.claude-opus-4-6-v1',
      { thinking: { type: 'adaptive' }, output_config: { effort: 'high' } },
    ],
    [
      { reasoning_effort: 'low' },
      'amazon.nova-2-lite-v1:0',
      { reasoningConfig: { type: 'enabled', maxReasoningEffort: 'low' } },
    ],
    [{ reasoning_effort: 'minimal' }, 'openai.gpt-oss-120b-1:0', { reasoning_effort: 'low' }],
    [{ reasoning_effort: 'none' }, CLAUDE, undefined],
  ])('thinks: %j at %s', (body, model, fields) => {
    expect(fromChat(body, target(model)).body['additionalModelRequestFields']).toEqual(fields as never)
  })

  it.each([
    [
      { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'https://x/y.png' } }] }] },
      'messages[0].content[0]',
    ],
    [{ tools: [{ type: 'function', function: { name: 'f' } }], parallel_tool_calls: false }, 'parallel_tool_calls'],
    [{ reasoning_effort: 'high', max_completion_tokens: 100 }, 'reasoning_effort'],
    [{ temperature: 1.5 }, 'temperature'],
    [{ n: 2 }, 'n'],
    [{ metadata: { a: '«' } }, 'metadata'],
    [{ unheard_of: 1 }, 'unheard_of'],
  ])('names what it cannot carry: %j', (body, parameter) => {
    expect(fromChat(body).dropped.map((drop) => drop.parameter)).toEqual([parameter])
  })
})

describe('a stream', () => {
  const event = (type: string, payload: object) =>
    writeFrame({ ':event-type': type, ':message-type': 'event' }, Buffer.from(JSON.stringify(payload)))
  const read = (...frames: Buffer[]) => {
    const decoder = bedrockConverse.vendor.createStreamDecoder()
    return [...frames.flatMap((frame) => decoder.push(frame)), ...decoder.end()]
  }
  const start = event('messageStart', { role: 'assistant' })

  it('reads thoughts with their proofs', () => {
    const parts = read(
      start,
      event('contentBlockDelta', { contentBlockIndex: 0, delta: { reasoningContent: { text: 'Hm' } } }),
      event('contentBlockDelta', { contentBlockIndex: 0, delta: { reasoningContent: { signature: 'sig==' } } }),
      event('contentBlockStop', { contentBlockIndex: 0 }),
      event('messageStop', { stopReason: 'stop_sequence', additionalModelResponseFields: { stop_sequence: 'X' } }),
      event('metadata', {
        usage: {
          inputTokens: 3,
          outputTokens: 4,
          cacheReadInputTokens: 5,
          cacheWriteInputTokens: 6,
          cacheDetails: [{ ttl: '1h', inputTokens: 2 }],
        },
      }),
    )
    expect(parts).toMatchObject([
      { type: 'response-start' },
      { type: 'reasoning-start', index: 0 },
      { type: 'reasoning-delta', text: 'Hm' },
      { type: 'reasoning-end', signature: 'sig==', origin: 'bedrock-converse' },
      { type: 'usage', usage: { inputUncached: 3, cacheRead: 5, cacheWrite5m: 4, cacheWrite1h: 2, output: 4 } },
      { type: 'finish', reason: { unified: 'stop', raw: 'stop_sequence', stopSequence: 'X' } },
      { type: 'response-end' },
    ])
  })

  it('reads citations', () => {
    const citation = { title: 'Tides', sourceContent: [{ text: 'at dawn' }], location: { web: { url: 'https://x' } } }
    const parts = read(
      start,
      event('contentBlockDelta', { contentBlockIndex: 0, delta: { text: 'Dawn' } }),
      event('contentBlockDelta', { contentBlockIndex: 0, delta: { citation } }),
      event('messageStop', { stopReason: 'end_turn' }),
    )
    expect(parts).toContainEqual({
      type: 'source',
      index: 0,
      source: { title: 'Tides', citedText: 'at dawn', url: 'https://x', origin: 'bedrock-converse', native: citation },
    })
    const { choices } = bedrockConverse.vendor.decodeResponse({
      output: { message: { content: [{ citationsContent: { content: [{ text: 'Dawn' }], citations: [citation] } }] } },
      stopReason: 'end_turn',
    })
    expect(choices[0]?.content[0]).toMatchObject({ type: 'text', text: 'Dawn', citations: [{ title: 'Tides' }] })
  })

  it.each([
    ['throttlingException', 'rate_limited'],
    ['validationException', 'invalid_request'],
    ['modelStreamErrorException', 'upstream_failed'],
    ['serviceUnavailableException', 'overloaded'],
  ])('ends in an error at %s', (type, code) => {
    const exception = writeFrame(
      { ':message-type': 'exception', ':exception-type': type },
      Buffer.from('{"message":"no"}'),
    )
    const last = read(start, exception, start).at(-1)
    expect(last).toMatchObject({ type: 'error', error: { code, message: 'no' } })
  })

  it('is honest about cuts, noise and errors in its place', () => {
    expect(read(start).at(-1)).toMatchObject({ type: 'error', error: { code: 'upstream_failed' } })
    expect(read(start, Buffer.from('garbage garbage')).at(-1)).toMatchObject({
      type: 'error',
      error: { code: 'upstream_invalid' },
    })
    expect(read(Buffer.from('{"__type":"ThrottlingException","message":"slow down"}'))).toMatchObject([
      { type: 'error', error: { code: 'rate_limited', message: 'slow down' } },
    ])
  })
})

it.each([
  [400, 'ValidationException:http://internal', 'Input is too long for requested model.', 'context_length_exceeded'],
  [
    400,
    'ValidationException',
    'input length and `max_tokens` exceed context limit: 200001 + 64000',
    'context_length_exceeded',
  ],
  [400, 'ValidationException', 'Malformed input request', 'invalid_request'],
  [403, 'AccessDeniedException', 'User is not authorized to perform bedrock:InvokeModel', 'upstream_unauthorized'],
  [404, 'ResourceNotFoundException', 'Could not resolve the model', 'model_not_found'],
  [408, 'ModelTimeoutException', 'timed out', 'upstream_timeout'],
  [424, 'ModelErrorException', 'the model failed', 'upstream_failed'],
  [429, 'ThrottlingException', 'Too many requests', 'rate_limited'],
  [503, 'ServiceUnavailableException', 'try again', 'overloaded'],
])('reads the error %i %s: %s', (status, type, message, code) => {
  const headers = new Headers({ 'x-amzn-errortype': type })
  expect(bedrockConverse.vendor.decodeError(status, headers, Buffer.from(JSON.stringify({ message })))).toMatchObject({
    code,
    message,
  })
})
