import { describe, expect, it } from 'bun:test'
import type { JsonObject } from '../spec.ts'
import { cohereV2 } from './cohere-v2.ts'
import { openaiChat } from './openai-chat.ts'

const encode = (body: object, model = 'command-a-03-2025') =>
  cohereV2.vendor.encodeRequest(
    openaiChat.client.decodeRequest({ model: 'x', messages: [{ role: 'user', content: 'Hi' }], ...body } as JsonObject),
    { model, capabilities: {}, quirks: {} },
  )
const tool = (name: string, strict?: boolean) => ({
  type: 'function',
  function: { name, strict, parameters: { type: 'object' } },
})
const sent = (name: string) => ({ type: 'function', function: { name, parameters: { type: 'object' } } })

describe('a request', () => {
  it('carries turns, tools and results', () => {
    const { body, path, dropped } = encode({
      messages: [
        { role: 'system', content: 'Be brief.' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'Look' },
            { type: 'image_url', image_url: { url: 'https://x/y.png' } },
          ],
        },
        {
          role: 'assistant',
          content: null,
          tool_calls: [{ id: 'c1', type: 'function', function: { name: 'f', arguments: '{}' } }],
        },
        { role: 'tool', tool_call_id: 'c1', content: 'done' },
      ],
      tools: [tool('f', true)],
      max_tokens: 10,
      top_p: 0.5,
      stop: 'END',
      logit_bias: { 1: 2 },
    })
    expect(path).toBe('/chat')
    expect(body).toEqual({
      model: 'command-a-03-2025',
      stream: false,
      messages: [
        { role: 'system', content: 'Be brief.' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'Look' },
            { type: 'image_url', image_url: { url: 'https://x/y.png' } },
          ],
        },
        { role: 'assistant', tool_calls: [{ id: 'c1', type: 'function', function: { name: 'f', arguments: '{}' } }] },
        { role: 'tool', tool_call_id: 'c1', content: 'done' },
      ],
      tools: [sent('f')],
      strict_tools: true,
      max_tokens: 10,
      p: 0.5,
      stop_sequences: ['END'],
    })
    expect(dropped.map(({ parameter }) => parameter)).toEqual(['logit_bias'])
  })

  it.each([
    ['required', ['a', 'b'], 'REQUIRED'],
    ['none', ['a', 'b'], 'NONE'],
    ['auto', ['a', 'b'], undefined],
    [{ type: 'function', function: { name: 'b' } }, ['b'], 'REQUIRED'],
  ])('chooses tools: %j', (tool_choice, names, choice) => {
    const { body } = encode({ tools: [tool('a'), tool('b')], tool_choice })
    expect(body['tools']).toEqual(names.map(sent))
    expect(body['tool_choice']).toEqual(choice as never)
  })

  it('asks for a schema natively, beside tools in words', () => {
    const response_format = { type: 'json_schema', json_schema: { name: 'n', schema: { type: 'object' } } }
    expect(encode({ response_format }).body['response_format']).toEqual({
      type: 'json_object',
      json_schema: { type: 'object' },
    })
    const { body } = encode({ response_format, tools: [tool('a')] })
    expect(body['response_format']).toBeUndefined()
    expect(JSON.stringify(body['messages'])).toContain('JSON Schema')
  })

  it('thinks where the model can', () => {
    expect(encode({ reasoning_effort: 'high' }, 'command-a-reasoning-08-2025').body['thinking']).toEqual({
      type: 'enabled',
      token_budget: 4096,
    })
    expect(encode({ reasoning_effort: 'none' }, 'command-a-reasoning-08-2025').body['thinking']).toEqual({
      type: 'disabled',
    })
    expect(encode({ reasoning_effort: 'high' }).dropped).toMatchObject([{ parameter: 'reasoning_effort' }])
  })
})

it('reads citations with their place in the text', () => {
  const { choices } = cohereV2.vendor.decodeResponse({
    id: '1',
    message: {
      role: 'assistant',
      content: [{ type: 'text', text: 'It is 4.' }],
      citations: [
        { start: 6, end: 7, text: '4', sources: [{ type: 'document', document: { title: 'Sums', url: 'https://x' } }] },
      ],
    },
    finish_reason: 'COMPLETE',
  })
  expect(choices[0]?.content[0]).toMatchObject({
    citations: [{ start: 6, end: 7, citedText: '4', title: 'Sums', url: 'https://x' }],
  })
})

it.each([
  ['{"message":"invalid api token"}', 401, 'upstream_unauthorized'],
  ['{"message":"too many tokens: the total must be less"}', 400, 'context_length_exceeded'],
  ['{"message":"slow down"}', 429, 'rate_limited'],
])('reads the error %s', (body, status, code) => {
  expect(cohereV2.vendor.decodeError(status, new Headers(), Buffer.from(body))).toMatchObject({ code })
})
