import { afterAll, beforeEach, expect, test } from 'bun:test'
import { sourceProvider, startTestGateway } from '../../test/helpers/gateway.ts'

/** What the vendor answers next, whoever asks. */
let next: { status?: number; type?: string; body: string; headers?: Record<string, string> }
const vendor = Bun.serve({
  port: 0,
  fetch: () =>
    new Response(next.body, {
      status: next.status ?? 200,
      headers: { 'content-type': next.type ?? 'application/json', ...next.headers },
    }),
})
const base = `http://127.0.0.1:${vendor.port}`
const prices = ['chat', 'responses', 'messages', 'gemini'].map((provider) => ({
  provider,
  model: 'm',
  input: 1_000_000,
  output: 1_000_000,
}))
const gateway = startTestGateway({
  providers: [
    sourceProvider('chat', `${base}/v1`),
    sourceProvider('responses', `${base}/v1`, { type: 'openai-responses-compatible' }),
    sourceProvider('messages', `${base}/v1`, { type: 'anthropic-compatible' }),
    sourceProvider('gemini', `${base}/v1beta`, { type: 'gemini-compatible' }),
  ],
  prices: prices as never,
})
afterAll(async () => {
  await gateway.stop()
  await vendor.stop(true)
})
beforeEach(() => void (gateway.records.length = 0))

const usage = { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 }
const chat = (message: object) => ({
  id: 'c1',
  object: 'chat.completion',
  created: 1,
  model: 'm',
  choices: [{ index: 0, message: { role: 'assistant', ...message }, finish_reason: 'stop' }],
  usage,
})
const call = { id: 't1', type: 'function', function: { name: 'f', arguments: '{"a":1}' } }
const response = {
  id: 'resp_1',
  object: 'response',
  created_at: 1,
  status: 'completed',
  model: 'm',
  output: [
    { id: 'm1', type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'Ahoy', annotations: [] }] },
  ],
  usage: { input_tokens: 3, output_tokens: 2, total_tokens: 5 },
}
const message = {
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'm',
  content: [{ type: 'text', text: 'Ahoy' }],
  stop_reason: 'end_turn',
  usage: { input_tokens: 3, output_tokens: 2 },
}
const content = {
  candidates: [{ content: { role: 'model', parts: [{ text: 'Ahoy' }] }, finishReason: 'STOP', index: 0 }],
  usageMetadata: { promptTokenCount: 3, candidatesTokenCount: 2, totalTokenCount: 5 },
}
const said = [{ role: 'user', content: 'hi' }]
const CALLS = {
  chat: ['/v1/chat/completions', { messages: said, stream: true }],
  completions: ['/v1/completions', { prompt: 'hi', stream: true }],
  responses: ['/v1/responses', { input: 'hi', stream: true, store: false }],
  messages: ['/v1/messages', { messages: said, stream: true, max_tokens: 9 }],
} as const
const ask = (client: keyof typeof CALLS | 'gemini', provider: string, change = {}) => {
  if (client === 'gemini')
    return gateway.post(`/v1beta/models/${provider}/m:streamGenerateContent?alt=sse`, {
      contents: [{ role: 'user', parts: [{ text: 'hi' }] }],
    })
  const [path, body] = CALLS[client]
  return gateway.post(path, { ...body, model: `${provider}/m`, ...change })
}

test.each([
  ['chat', 'chat', chat({ content: 'Ahoy' }), ['"content":"Ahoy"', '"finish_reason":"stop"', 'data: [DONE]']],
  [
    'chat',
    'chat',
    chat({ content: null, tool_calls: [call] }),
    ['"name":"f"', '{\\"a\\":1}', '"tool_calls"', 'data: [DONE]'],
  ],
  ['chat', 'messages', message, ['"content":"Ahoy"', '"finish_reason":"stop"', 'data: [DONE]']],
  [
    'completions',
    'chat',
    {
      id: 'x',
      object: 'text_completion',
      created: 1,
      model: 'm',
      choices: [{ index: 0, text: 'Ahoy', finish_reason: 'stop' }],
      usage,
    },
    ['"text":"Ahoy"', 'data: [DONE]'],
  ],
  [
    'responses',
    'responses',
    response,
    ['event: response.output_text.delta', '"delta":"Ahoy"', 'event: response.completed'],
  ],
  ['messages', 'messages', message, ['event: message_start', '"text":"Ahoy"', 'event: message_stop']],
  ['messages', 'gemini', content, ['event: message_start', '"text":"Ahoy"', 'event: message_stop']],
  ['gemini', 'gemini', content, ['"text":"Ahoy"', '"finishReason":"STOP"']],
] as const)('a client of %s gets a stream where %s answered in one piece', async (client, provider, body, wanted) => {
  next = { body: JSON.stringify(body) }
  const answer = await ask(client, provider)
  const text = await answer.text()
  expect([answer.status, answer.headers.get('content-type'), answer.headers.get('x-accel-buffering')]).toEqual([
    200,
    'text/event-stream; charset=utf-8',
    'no',
  ])
  for (const part of wanted) expect(text).toContain(part)
  expect(await gateway.record()).toMatchObject({ status: 200, error_code: null, cost_micros: 5 })
})

test.each([
  ['chat', 'chat', { choices: null }],
  ['chat', 'chat', { choices: [] }],
  ['completions', 'chat', { choices: null }],
  ['responses', 'responses', {}],
  ['messages', 'messages', {}],
  ['gemini', 'gemini', {}],
] as const)('what is no answer of %s is refused, streamed or not', async (client, provider, body) => {
  next = { body: JSON.stringify(body) }
  for (const stream of [true, false]) {
    const answer = await ask(client, provider, { stream })
    expect(answer.status).toBe(502)
  }
  expect((await gateway.record(1)).error_code).toBe('upstream_invalid')
})

test('an error inside a 200 of the Responses API is an error', async () => {
  next = { body: JSON.stringify({ error: { message: 'The server had an error', type: 'server_error', code: null } }) }
  const answer = await ask('responses', 'responses', { stream: false })
  expect([answer.status, ((await answer.json()) as { error: { message: string } }).error.message]).toEqual([
    500,
    'The server had an error',
  ])
})

test('an answer without the right type is JSON for the client, and a stream without one a stream', async () => {
  next = { body: JSON.stringify(chat({ content: 'Ahoy' })), type: 'text/plain' }
  expect((await ask('chat', 'chat', { stream: false })).headers.get('content-type')).toBe('application/json')
})

test.each([
  ['chat', 'chat', 'data: {"choices":[{"delta":{"role":"assistant","content":""}}]}\n\n'],
  ['chat', 'chat', 'data: {"error":{"message":"busy"}}\n\n'],
  [
    'messages',
    'messages',
    `event: message_start\ndata: ${JSON.stringify({ type: 'message_start', message: { ...message, content: [], stop_reason: null } })}\n\n`,
  ],
] as const)('a stream of %s that fails before it says anything costs nothing', async (client, provider, body) => {
  next = { body, type: 'text/event-stream' }
  const text = await (await ask(client, provider)).text()
  expect(text).toContain('"error"')
  expect(await gateway.record()).toMatchObject({ cost_micros: null, error_code: 'upstream_failed' })
})

test('a translated stream that is cut costs what was said', async () => {
  const delta = (words: string) =>
    `event: content_block_delta\ndata: ${JSON.stringify({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: words } })}\n\n`
  const begun = { ...message, content: [], usage: { input_tokens: 3, output_tokens: 1 } }
  const start = `event: message_start\ndata: ${JSON.stringify({ type: 'message_start', message: begun })}\n\nevent: content_block_start\ndata: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}\n\n`
  next = { body: start + ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map(delta).join(''), type: 'text/event-stream' }
  await (await ask('chat', 'messages')).text()
  expect(await gateway.record()).toMatchObject({ error_code: 'upstream_failed', cost_micros: 3 + 7 })
})

test("Gemini's clients read the error of a stream that passes through", async () => {
  const event = JSON.stringify({ candidates: [{ content: { role: 'model', parts: [{ text: 'A' }] }, index: 0 }] })
  next = { body: `data: ${event}\n\n`, type: 'text/event-stream' }
  const text = await (await ask('gemini', 'gemini')).text()
  expect(text.split('\n\n').at(-2)).toStartWith('data: {"error":{"code":502,')
})

test('a redirect is called one', async () => {
  next = { status: 302, body: '', headers: { location: 'http://127.0.0.1:9/' } }
  const answer = await ask('chat', 'chat', { stream: false })
  const { error } = (await answer.json()) as { error: { message: string } }
  expect([answer.status, error.message]).toEqual([
    502,
    'the provider answered 302, a redirect, which is never followed: its operator must check base_url',
  ])
})

test('the record has the status that the client saw', async () => {
  next = { status: 503, body: JSON.stringify({ error: { message: 'full' } }) }
  const answer = await gateway.post('/v1/messages', { ...CALLS.messages[1], model: 'messages/m', stream: false })
  expect([answer.status, (await gateway.record()).status]).toEqual([529, 529])
})
