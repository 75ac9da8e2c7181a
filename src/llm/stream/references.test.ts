import { describe, expect, test } from 'bun:test'
import { MadeIds } from './made-ids.ts'
import { referencesIn } from './references.ts'
import { scanRequest } from './splice.ts'

const read = (body: object | string) => {
  const bytes = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
  return referencesIn(bytes, scanRequest(bytes)).map(({ field, id, kind }) => [field, id, kind])
}

describe('a request', () => {
  test.each<[string, object, unknown[]]>([
    ['nothing', { input: 'Hi' }, []],
    ['a plain list', { input: [{ role: 'user', content: 'my id" is' }] }, []],
    ['previous_response_id', { previous_response_id: 'resp_1' }, [['previous_response_id', 'resp_1', 'state']]],
    ['null', { previous_response_id: null, conversation: null, input: [{ id: null, role: 'user', content: 'a' }] }, []],
    ['a conversation', { conversation: 'co\\"nv' }, [['conversation', 'co\\"nv', 'state']]],
    ['a conversation object', { conversation: { id: 'conv_1' } }, [['conversation', 'conv_1', 'state']]],
    ['item_reference', { input: [{ type: 'item_reference', id: 'msg_1' }] }, [['input[0].id', 'msg_1', 'state']]],
    ['an id alone', { input: ['x', { id: 'msg_1' }] }, [['input[1].id', 'msg_1', 'state']]],
    ['one item', { input: { type: 'item_reference', id: 'msg_1' } }, [['input.id', 'msg_1', 'state']]],
    ['a container in words', { tools: [{ container: { id: 'c' } }] }, [['tools[0].container', 'c', 'state']]],
    ['type null', { input: [{ type: null, id: 'msg_1' }] }, [['input[0].id', 'msg_1', 'state']]],
    ['a whole message', { input: [{ id: 'm', role: 'assistant', content: 'a' }] }, [['input[0].id', 'm', 'echo']]],
    ['a message without words', { input: [{ id: 'm', role: 'assistant' }] }, [['input[0].id', 'm', 'item']]],
    ['an empty message', { input: [{ id: 'm', role: 'user', content: [] }] }, [['input[0].id', 'm', 'item']]],
    [
      'a call and its result',
      {
        input: [
          { type: 'function_call', id: 'fc', call_id: 'c', name: 'n', arguments: '' },
          { type: 'function_call_output', id: 'fo', call_id: 'c', output: '' },
        ],
      },
      [
        ['input[0].id', 'fc', 'echo'],
        ['input[1].id', 'fo', 'echo'],
      ],
    ],
    [
      'a sealed thought',
      { input: [{ type: 'reasoning', id: 'r', encrypted_content: 'x' }] },
      [['input[0].id', 'r', 'echo']],
    ],
    [
      'a thought in brief',
      { input: [{ type: 'reasoning', id: 'r', summary: [{ text: 's' }] }] },
      [['input[0].id', 'r', 'item']],
    ],
    ['a picture by id', { input: [{ type: 'image_generation_call', id: 'ig' }] }, [['input[0].id', 'ig', 'item']]],
    [
      "a vendor's tool",
      { input: [{ type: 'web_search_call', id: 'ws', action: {} }] },
      [['input[0].id', 'ws', 'item']],
    ],
    [
      'an approval',
      { input: [{ type: 'mcp_approval_response', approval_request_id: 'mcpr', approve: true }] },
      [['input[0].approval_request_id', 'mcpr', 'item']],
    ],
    [
      'containers',
      {
        tools: [
          { type: 'code_interpreter', container: 'cntr_1' },
          { type: 'code_interpreter', container: { type: 'auto' } },
          { type: 'shell', environment: { type: 'container_reference', container_id: 'cntr_2' } },
        ],
      },
      [
        ['tools[0].container', 'cntr_1', 'state'],
        ['tools[2].environment.container_id', 'cntr_2', 'state'],
      ],
    ],
  ])('with %s', (_, body, expected) => expect(read(body)).toEqual(expected as never))

  test('with an id that is spelt with escapes', () => {
    expect(read('{"input":[{"typ\\u0065":"item_reference","\\u0069\\u0064":"msg_\\u0031"}]}')).toEqual([
      ['input[0].id', 'msg_1', 'state'],
    ])
    expect(read('{"tools":[{"cont\\u0061iner":"cntr_1"}]}')).toEqual([['tools[0].container', 'cntr_1', 'state']])
  })

  test.each([
    ['an id twice', '{"input":[{"id":"mine","id":"theirs"}]}', 'input[0].id'],
    ['an id in capitals', '{"input":[{"ID":"theirs"}]}', 'input[0].id'],
    ['a type twice', '{"input":[{"id":"m","type":"message","type":"item_reference"}]}', 'input[0].type'],
    ['an id that is a number', '{"input":[{"id":5}]}', 'input[0].id'],
    ['a conversation with two ids', '{"conversation":{"id":"mine","Id":"theirs"}}', 'conversation.id'],
    ['a conversation without id', '{"conversation":{}}', 'conversation'],
    ['a conversation that is a number', '{"conversation":7}', 'conversation'],
    ['input twice', '{"input":[],"input":[{"id":"theirs"}]}', 'input'],
    ['input in disguise', '{"Input":[{"id":"theirs"}]}', 'input'],
  ])('with %s is refused', (_, body, field) => {
    expect(() => read(body)).toThrow(expect.objectContaining({ code: 'invalid_request', details: { field } }))
  })
})

const ANSWER = {
  id: 'resp_1',
  output: [
    { type: 'reasoning', id: 'rs_1' },
    { type: 'message', id: 'msg_1', content: [{ id: 'inner' }] },
    { type: 'code_interpreter_call', id: 'ci_1', container_id: 'cntr_1' },
  ],
  reasoning: { id: 'no' },
}

describe('an answer', () => {
  test.each([
    [true, ['resp_1', 'rs_1', 'msg_1', 'cntr_1', 'ci_1']],
    [false, ['rs_1', 'cntr_1', 'ci_1']],
  ])('that is stored (%p) gives %p', (stored, expected) => {
    const made = new MadeIds(stored)
    made.readAnswer(JSON.stringify(ANSWER))
    expect(made.ids).toEqual(expected)
  })

  test('may be no JSON, or not what it should be', () => {
    const made = new MadeIds(true)
    for (const body of ['', '[', '{"id":5,"output":[null,{"id":[]}]}', '{"output":{"id":"x"}}', 'data'])
      made.readAnswer(body)
    expect(made.ids).toEqual([])
  })

  const event = (type: string, fields: object) => `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`
  const stream =
    event('response.created', { response: { ...ANSWER, output: [] } }) +
    event('response.output_item.added', { item: ANSWER.output[0] }) +
    event('response.output_text.delta', { delta: 'ü "id":"no" '.repeat(20) }) +
    event('response.output_item.added', { item: ANSWER.output[1] }) +
    event('response.image.delta', { delta: 'x'.repeat(70_000) }) +
    event('response.output_item.added', { item: ANSWER.output[2] }) +
    event('response.completed', { response: { id: 'other' } })

  test.each([1, 7, 64, 4_096, 1_000_000])('comes in pieces of %d bytes', (size) => {
    const bytes = Buffer.from(stream)
    const made = new MadeIds(true)
    for (let at = 0; at < bytes.length; at += size) made.push(bytes.subarray(at, at + size))
    expect(made.ids).toEqual(['resp_1', 'rs_1', 'msg_1', 'cntr_1', 'ci_1'])
  })
})
