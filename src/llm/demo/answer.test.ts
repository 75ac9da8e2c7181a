import { describe, expect, it } from 'bun:test'
import { assert, property, string } from 'fast-check'
import { z } from 'zod'
import { demoAnswer, type DemoAnswer } from './answer.ts'
import type { Pace } from './pace.ts'
import { sample } from './schema.ts'
import { pieces } from './tokens.ts'

const bytes = (value: unknown) => new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value))
const instant: Pace = { wait: async () => {} }
const ask = (path: string, body: unknown, signal = new AbortController().signal, pace = instant) =>
  demoAnswer({ method: 'POST', path, body: bytes(body), signal }, { pace, now: () => 1_700_000_000_000 })
const plain = (answer: DemoAnswer): any => JSON.parse(new TextDecoder().decode(answer.body as Uint8Array))

async function streamed(answer: DemoAnswer): Promise<any[]> {
  let text = ''
  for await (const part of answer.body as AsyncIterable<Uint8Array>) text += new TextDecoder().decode(part)
  const events = text.split('\n\n').filter(Boolean)
  expect(events.pop()).toBe('data: [DONE]')
  return events.map((event) => JSON.parse(event.slice('data: '.length)))
}

const user = (content: unknown) => [{ role: 'user', content }]
const weather = {
  type: 'function',
  function: {
    name: 'get_weather',
    description: 'Weather of a city',
    parameters: {
      type: 'object',
      properties: { city: { type: 'string' }, unit: { enum: ['celsius', 'fahrenheit'] } },
      required: ['city'],
    },
  },
}
const clock = {
  type: 'function',
  function: { name: 'get_time', description: 'Time of day', parameters: { type: 'object', properties: {} } },
}

describe('chat', () => {
  it('gives the same answer to the same question, another to another', () => {
    const say = (text: string) => plain(ask('/chat/completions', { model: 'parley', messages: user(text) })).choices[0]
    expect(say('Why is the sky blue?')).toEqual(say('Why is the sky blue?'))
    expect(say('Why is the sky blue?').message.content).toContain('Why is the sky blue?')
    expect(say('Why is the sky red?')).not.toEqual(say('Why is the sky blue?'))
  })

  it.each([
    ['text', { model: 'parley', messages: user('Hello') }],
    ['reasoning', { model: 'parley-reasoning', messages: user('What is 2 + 2?') }],
    ['a tool call', { model: 'parley', messages: user('What is the weather in Paris?'), tools: [weather] }],
    ['a length cut', { model: 'parley', messages: user('Hello'), max_tokens: 5 }],
    ['two choices', { model: 'parley', messages: user('Hello'), n: 2 }],
  ])('streams what it says plain: %s', async (_, request) => {
    const whole = plain(ask('/v1/chat/completions', request))
    const chunks = await streamed(
      ask('/v1/chat/completions', { ...request, stream: true, stream_options: { include_usage: true } }),
    )
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { ...whole.usage, prompt_tokens: expect.any(Number) } })
    for (const choice of whole.choices) {
      const deltas = chunks.flatMap((chunk) => chunk.choices).filter((each) => each.index === choice.index)
      const joined = (field: string) => deltas.map((each) => each.delta[field] ?? '').join('')
      expect(joined('content')).toBe(choice.message.content ?? '')
      expect(joined('reasoning_content')).toBe(choice.message.reasoning_content ?? '')
      expect(
        deltas
          .flatMap((each) => each.delta.tool_calls ?? [])
          .map((call) => call.function.arguments)
          .join(''),
      ).toBe((choice.message.tool_calls ?? []).map((call: any) => call.function.arguments).join(''))
      expect(deltas.at(-1).finish_reason).toBe(choice.finish_reason)
      expect(deltas.filter((each) => each.delta.role).length).toBe(1)
    }
  })

  it('calls the tool that fits, all that are named, the one that is forced, and none when told so', () => {
    const names = (extra: object, text = 'What is the weather in Paris in celsius?') =>
      (
        plain(ask('/chat/completions', { model: 'parley', messages: user(text), tools: [clock, weather], ...extra }))
          .choices[0].message.tool_calls ?? []
      ).map((call: any) => [call.function.name, call.function.arguments])
    expect(names({})).toEqual([['get_weather', '{"city":"Paris","unit":"celsius"}']])
    expect(names({}, 'Use get_time and get_weather for Oslo').map(([name]: string[]) => name)).toEqual([
      'get_time',
      'get_weather',
    ])
    expect(names({ tool_choice: { type: 'function', function: { name: 'get_time' } } })).toEqual([['get_time', '{}']])
    expect(names({ tool_choice: 'none' })).toEqual([])
  })

  it('answers in words once the tool has answered', () => {
    const messages = [
      ...user('What is the weather in Paris?'),
      {
        role: 'assistant',
        content: null,
        tool_calls: [{ id: 'c1', type: 'function', function: { name: 'get_weather', arguments: '{}' } }],
      },
      { role: 'tool', tool_call_id: 'c1', content: '18 °C and sunny' },
    ]
    const [choice] = plain(ask('/chat/completions', { model: 'parley', messages, tools: [weather] })).choices
    expect(choice.finish_reason).toBe('stop')
    expect(choice.message.content).toContain('get_weather answered 18 °C and sunny')
  })

  it('says how sure it was of each token, plain and streamed alike, when asked', async () => {
    const request = { model: 'parley', messages: user('Hello'), logprobs: true, top_logprobs: 2, max_tokens: 3 }
    const [choice] = plain(ask('/chat/completions', request)).choices
    const told = choice.logprobs.content
    expect(told.map(({ token }: { token: string }) => token).join('')).toBe(choice.message.content)
    expect(told[0].top_logprobs).toHaveLength(2)
    expect(told[0].top_logprobs[0]).toMatchObject({ token: told[0].token, logprob: told[0].logprob })
    const chunks = await streamed(ask('/chat/completions', { ...request, stream: true }))
    expect(chunks.flatMap((chunk) => chunk.choices[0].logprobs?.content ?? [])).toEqual(told)
  })

  it('stops reading at the signal, and paces by the clock it is given', async () => {
    const controller = new AbortController()
    const waits: number[] = []
    const pace: Pace = { wait: async (ms, signal) => (signal.throwIfAborted(), void waits.push(ms)) }
    const answer = ask(
      '/chat/completions',
      { model: 'parley', messages: user('Hello'), stream: true },
      controller.signal,
      pace,
    )
    const read = async () => {
      let seen = 0
      for await (const _ of answer.body as AsyncIterable<Uint8Array>)
        if (++seen === 4) controller.abort(new Error('left'))
    }
    expect(await read().catch((error: unknown) => error)).toEqual(new Error('left'))
    expect(waits[0]).toBe(120)
    expect(waits.slice(1).every((ms) => ms >= 20 && ms <= 40)).toBe(true)
  })
})

describe('structured answers', () => {
  const shape = {
    type: 'object',
    properties: {
      name: { type: 'string', minLength: 3, maxLength: 20 },
      age: { type: 'integer', minimum: 18, maximum: 99 },
      ratio: { type: 'number', exclusiveMinimum: 0, exclusiveMaximum: 1 },
      tags: { type: 'array', items: { enum: ['a', 'b', 'c'] }, minItems: 2, uniqueItems: true },
      email: { type: 'string', format: 'email' },
      parent: { anyOf: [{ type: 'null' }, { $ref: '#/$defs/person' }] },
    },
    required: ['name', 'age', 'ratio', 'tags', 'email', 'parent'],
    additionalProperties: false,
    $defs: {
      person: {
        type: 'object',
        properties: { name: { type: 'string' } },
        required: ['name'],
        additionalProperties: false,
      },
    },
  }

  it('satisfies the schema for any prompt', () => {
    const checker = z.fromJSONSchema(shape as never)
    assert(property(string(), (prompt) => checker.safeParse(sample(shape, prompt)).success))
  })

  it('writes an object for json_object and the schema for json_schema', () => {
    const content = (response_format: object) =>
      JSON.parse(
        plain(ask('/chat/completions', { model: 'parley', messages: user('Hi'), response_format })).choices[0].message
          .content,
      )
    expect(content({ type: 'json_object' })).toEqual({ answer: expect.any(String) })
    expect(
      z
        .fromJSONSchema(shape as never)
        .safeParse(content({ type: 'json_schema', json_schema: { name: 'x', schema: shape } })).success,
    ).toBe(true)
  })

  it('ends on a schema that refers to itself', () => {
    const tree = { type: 'object', properties: { next: { $ref: '#' }, list: { type: 'array', items: { $ref: '#' } } } }
    expect(sample(tree, 'x')).toBeObject()
    expect(sample({ $ref: '#' }, 'x')).toBeString()
  })
})

describe('the rest', () => {
  it('embeds like texts alike, in the size and encoding asked for', () => {
    const answer = plain(
      ask('/embeddings', { model: 'embed', input: ['red apples', 'red apple', 'tax law'], dimensions: 64 }),
    )
    const [first, second, third] = answer.data.map((each: any) => each.embedding)
    const dot = (left: number[], right: number[]) => left.reduce((sum, each, at) => sum + each * right[at]!, 0)
    expect(first).toHaveLength(64)
    expect(dot(first, first)).toBeCloseTo(1, 5)
    expect(dot(first, second)).toBeGreaterThan(dot(first, third))
    const packed = plain(
      ask('/embeddings', { model: 'embed', input: 'red apples', dimensions: 64, encoding_format: 'base64' }),
    ).data[0].embedding
    expect([...new Float32Array(Uint8Array.fromBase64(packed).buffer)]).toEqual(first)
  })

  it('ranks, moderates, draws and completes', async () => {
    const ranked = plain(
      ask('/rerank', {
        model: 'embed',
        query: 'capital of France',
        documents: ['Bananas', 'Paris is the capital of France'],
        top_n: 1,
      }),
    )
    expect(ranked.results).toEqual([{ index: 1, relevance_score: expect.any(Number) }])
    const judged = plain(ask('/moderations', { model: 'parley', input: ['lovely day', 'I will kill you'] })).results
    expect(judged.map((each: any) => each.flagged)).toEqual([false, true])
    const drawn = plain(ask('/images/generations', { model: 'parley', prompt: 'a cat', size: '16x8' })).data[0].b64_json
    expect(Buffer.from(drawn, 'base64').subarray(1, 4).toString()).toBe('PNG')
    const completed = plain(ask('/completions', { model: 'parley', prompt: 'Once' })).choices[0].text
    const both = plain(ask('/completions', { model: 'parley', prompt: ['Once', 'Twice'] })).choices
    expect(both.map(({ index, text }: any) => [index, text === completed])).toEqual([
      [0, true],
      [1, false],
    ])
    const chunks = await streamed(ask('/completions', { model: 'parley', prompt: 'Once', stream: true }))
    expect(chunks.map((chunk) => chunk.choices[0].text).join('')).toBe(completed)
  })

  it.each([
    ['/chat/completions', '{"model":', 400, null],
    ['/chat/completions', { model: 'nothing', messages: user('x') }, 404, 'model_not_found'],
    ['/chat/completions', { model: 'embed', messages: user('x') }, 400, null],
    ['/chat/completions', { model: 'parley', messages: [] }, 400, null],
    ['/chat/completions', { model: 'unavailable', messages: user('x') }, 503, 'overloaded'],
    ['/embeddings', { model: 'parley', input: 'x' }, 400, null],
    ['/nowhere', { model: 'parley' }, 404, 'unknown_url'],
    ['/embeddings', { model: 'embed', input: 'x', dimensions: 0 }, 400, null],
    ['/images/generations', { model: 'parley', prompt: 'x', size: '9999x9999' }, 400, null],
  ])('refuses in the vendor’s envelope: %s %j', (path, body, status, code) => {
    const answer = ask(path, body)
    expect(answer.status).toBe(status)
    expect(plain(answer).error).toEqual({
      message: expect.any(String),
      type: expect.any(String),
      param: plain(answer).error.param,
      code,
    })
  })

  const say = (more: object) => ['/chat/completions', { model: 'parley', messages: user('x'), ...more }] as const
  const old = (more: object) => ['/completions', { model: 'parley', prompt: 'x', ...more }] as const
  const given = (message: object) => ({ messages: [message] })
  it.each([
    ['messages[0].role', ...say(given({ role: 'wizard', content: 'x' }))],
    ['messages[0].role', ...say(given({ content: 'x' }))],
    ['messages[0].content', ...say(given({ role: 'user' }))],
    ['messages[0].content', ...say(given({ role: 'user', content: 5 }))],
    ['messages[0].tool_call_id', ...say(given({ role: 'tool', content: 'x' }))],
    ['messages', ...say({ messages: 'x' })],
    ['messages[0]', ...say({ messages: ['x'] })],
    ['tools', ...say({ tools: 'x' })],
    ['tool_choice', ...say({ tool_choice: 'required' })],
    ['tool_choice', ...say({ tools: [weather], tool_choice: { type: 'function', function: { name: 'other' } } })],
    ['temperature', ...say({ temperature: 9 })],
    ['top_p', ...say({ top_p: 1.5 })],
    ['n', ...say({ n: 0 })],
    ['n', ...say({ n: 9 })],
    ['max_tokens', ...say({ max_tokens: -1 })],
    ['top_logprobs', ...say({ top_logprobs: 2 })],
    ['top_logprobs', ...say({ logprobs: true, top_logprobs: 21 })],
    ['response_format.type', ...say({ response_format: { type: 'xml' } })],
    ['response_format.json_schema', ...say({ response_format: { type: 'json_schema' } })],
    ['prompt', ...old({ prompt: { text: 'x' } })],
    ['n', ...old({ n: 9 })],
    ['encoding_format', '/embeddings', { model: 'embed', input: 'x', encoding_format: 'hex' }],
  ] as const)('names the field that is wrong: %s %s %j', (param, path, body) => {
    const answer = ask(path, body)
    expect(answer.status).toBe(400)
    expect(plain(answer).error).toMatchObject({ type: 'invalid_request_error', param })
  })

  it('splits a text into pieces that join to it', () => {
    assert(property(string({ unit: 'grapheme' }), (text) => pieces(text).join('') === text))
  })
})
