import { describe, expect, it } from 'bun:test'
import type { JsonObject } from '../../spec.ts'
import type { Quirks } from '../../target.ts'
import { adaptBody } from './adapt.ts'

const adapt = (body: JsonObject, quirks: Quirks, temperature?: boolean) =>
  adaptBody(body, { model: 'm', capabilities: temperature === undefined ? {} : { temperature }, quirks })

const CASES: readonly (readonly [string, JsonObject, Quirks, JsonObject])[] = [
  [
    'renames and keeps what nobody knows',
    { max_completion_tokens: 5, wonder: { a: 1 } },
    { rename: { max_completion_tokens: 'max_tokens' } },
    { max_tokens: 5, wonder: { a: 1 } },
  ],
  [
    'leaves the caller his own words',
    { max_tokens: 5, top_k: 3, messages: [{ role: 'user', content: 'x', note: 1 }] },
    { rename: { max_completion_tokens: 'max_tokens' } },
    { max_tokens: 5, top_k: 3, messages: [{ role: 'user', content: 'x', note: 1 }] },
  ],
  ['asks for usage', { stream: true }, { drop: ['store'] }, { stream: true, stream_options: { include_usage: true } }],
  [
    'asks nothing of those who refuse',
    { stream: true, stream_options: { include_usage: true } },
    { noStreamOptions: true },
    { stream: true },
  ],
  [
    'joins texts',
    {
      messages: [
        {
          role: 'system',
          content: [
            { type: 'text', text: 'a' },
            { type: 'text', text: 'b' },
          ],
        },
      ],
    },
    { textOnly: true },
    { messages: [{ role: 'system', content: 'a\nb' }] },
  ],
  ['says "any"', { tool_choice: 'required' }, { toolChoiceRequired: 'any' }, { tool_choice: 'any' }],
  [
    'gives thinking another name',
    { reasoning_effort: 'high' },
    { reasoningControl: 'thinking' },
    { thinking: { type: 'enabled' } },
  ],
  [
    'lets the vendor’s own word win',
    { reasoning_effort: 'high', thinking: { type: 'disabled' } },
    { reasoningControl: 'thinking' },
    { thinking: { type: 'disabled' } },
  ],
  [
    'moves thoughts',
    { messages: [{ role: 'assistant', content: 'x', reasoning: 'hm' }] },
    { reasoningInput: 'reasoning_content' },
    { messages: [{ role: 'assistant', content: 'x', reasoning_content: 'hm' }] },
  ],
]

describe('a body for a vendor of the same format', () => {
  it.each(CASES)('%s', (_, body, quirks, expected) => {
    expect(adapt(body, quirks)?.body).toEqual({ model: 'm', ...expected })
  })

  it('gives ids that Mistral takes, the same for call and result', () => {
    const messages = [
      {
        role: 'assistant',
        content: null,
        tool_calls: [{ id: 'call_0123456789', type: 'function', function: { name: 'f', arguments: '{}' } }],
      },
      { role: 'tool', tool_call_id: 'call_0123456789', content: 'r' },
    ]
    const adapted = adapt({ messages }, { toolIds: 'nine-alphanumeric' })
    const [call, result] = (adapted?.body['messages'] ?? []) as any[]
    expect(call.tool_calls[0].id).toMatch(/^[A-Za-z0-9]{9}$/)
    expect(result.tool_call_id).toBe(call.tool_calls[0].id)
  })

  it('names what it leaves out, and says when it is not enough', () => {
    expect(adapt({ store: true }, { drop: ['store'] })?.dropped.map((drop) => drop.parameter)).toEqual(['store'])
    expect(adapt({ temperature: 1 }, {}, false)).toMatchObject({
      body: { model: 'm' },
      dropped: [{ parameter: 'temperature' }],
    })
    expect(adapt({ response_format: { type: 'json_schema' } }, { structured: 'json_object' })).toBeUndefined()
  })
})
