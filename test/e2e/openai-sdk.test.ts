import { afterAll, beforeEach, describe, expect, test } from 'bun:test'
import OpenAI, {
  APIConnectionTimeoutError,
  APIError,
  AuthenticationError,
  BadRequestError,
  InternalServerError,
  NotFoundError,
  PermissionDeniedError,
  RateLimitError,
} from 'openai'
import { FakeVendor } from '../fake-vendor/vendor.ts'
import { SECRET, sourceKey, sourceProvider, startTestGateway } from '../helpers/gateway.ts'

const TEXT = 'The harbour opens at dawn – naïve façade, 日本語, 🚢 and a déjà vu.'
const REVOKED = `prk_live_${'r'.repeat(43)}`
const EXPIRED = `prk_live_${'e'.repeat(43)}`
const NARROW = `prk_live_${'n'.repeat(43)}`

const vendor = new FakeVendor()
const gateway = startTestGateway({
  providers: [
    sourceProvider('fake', `${vendor.origin}/v1`, { models: ['m-1'] }),
    sourceProvider('demo', '', { type: 'demo', credentials: [], base_url: undefined }),
  ],
  // The gateway's own repetitions would hide what these tests look at.
  aliases: [{ name: 'fast', targets: [{ provider: 'fake', model: 'm-1' }], retries: { attempts: 1 } }],
  keys: [
    sourceKey(SECRET),
    sourceKey(REVOKED, { name: 'revoked', revokedAt: 1 }),
    sourceKey(EXPIRED, { name: 'expired', expiresAt: 1 }),
    sourceKey(NARROW, { name: 'narrow', models: ['fast', 'fake/other-*'] }),
  ],
})
const client = new OpenAI({ apiKey: SECRET, baseURL: `${gateway.url}/v1`, maxRetries: 0 })

afterAll(async () => {
  await gateway.stop()
  await vendor.stop()
})

beforeEach(() => {
  vendor.reset()
  gateway.records.length = 0
})

const messages = [{ role: 'user' as const, content: 'When does the harbour open?' }]
const tools = ['tide', 'wind'].map((name) => ({
  type: 'function' as const,
  function: { name, parameters: { type: 'object', properties: { place: { type: 'string' } } } },
}))

/** The error that the SDK raised. */
async function failure(promise: PromiseLike<unknown>): Promise<APIError> {
  try {
    await promise
  } catch (error) {
    return error as APIError
  }
  throw new Error('nothing was raised')
}

describe('chat', () => {
  test.each(['fake/m-1', 'fast'])('plain, as %s', async (model) => {
    const answer = await client.chat.completions.create({ model, messages, temperature: 0.5, seed: 7 })
    expect(answer.choices[0]!.message.content).toBe(TEXT)
    expect(answer.usage!.prompt_tokens_details!.cached_tokens).toBe(5)
    expect(answer._request_id).toBe((await gateway.record()).id)
    const sent = vendor.requests[0]!.json()
    expect(sent).toEqual({ model: 'm-1', messages, temperature: 0.5, seed: 7 })
    expect(vendor.requests[0]!.headers['authorization']).toBe('Bearer vendor-secret')
    expect(vendor.requests[0]!.rawHead).not.toContain(SECRET)
  })

  test.each([undefined, true])('streamed, include_usage %p', async (include_usage) => {
    const stream = await client.chat.completions.create({
      model: 'fast',
      messages,
      stream: true,
      ...(include_usage ? { stream_options: { include_usage } } : {}),
    })
    let text = ''
    const usages: unknown[] = []
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? ''
      if (chunk.choices.length === 0) usages.push(chunk.usage?.total_tokens)
    }
    expect(text).toBe(TEXT)
    expect(usages).toEqual(include_usage ? [35] : [])
    const record = await gateway.record()
    expect(record.usage).toMatchObject({ input: 16, cache_read: 5, output: 12, reasoning: 2 })
    expect([record.stream, record.finish_reason, record.model_served]).toEqual([true, 'stop', 'm-1'])
  })

  test('parameters that nobody knows reach the vendor untouched', async () => {
    const unknown = { tomorrow: { big: 12345678901234567890n.toString(), nested: [1, null, 'ü'] } }
    await client.chat.completions.create({ model: 'fast', messages, ...unknown } as never)
    expect(vendor.requests[0]!.json()).toEqual({ model: 'm-1', messages, ...unknown })
  })

  test('tools, streamed and plain, and their results in a second turn', async () => {
    const stream = client.chat.completions.stream({ model: 'fast', messages, tools })
    const streamed = (await stream.finalChatCompletion()).choices[0]!
    const plain = (await client.chat.completions.create({ model: 'fast', messages, tools })).choices[0]!
    for (const choice of [streamed, plain]) {
      expect(choice.finish_reason).toBe('tool_calls')
      const calls = choice.message.tool_calls!.map(
        (call) => call.type === 'function' && [call.id, call.function.name, call.function.arguments],
      )
      expect(calls).toEqual([
        ['call_0', 'tide', '{"place":"harbour 0"}'],
        ['call_1', 'wind', '{"place":"harbour 1"}'],
      ])
    }
    const second = await client.chat.completions.create({
      model: 'fast',
      tools,
      messages: [
        ...messages,
        plain.message,
        ...plain.message.tool_calls!.map(({ id }) => ({ role: 'tool' as const, tool_call_id: id, content: 'calm' })),
      ],
    })
    expect(second.choices[0]!.message.content).toBe(TEXT)
  })

  test('the built-in demo provider answers without a key: text, stream, tools', async () => {
    const plain = await client.chat.completions.create({ model: 'demo/parley', messages })
    expect(plain.choices[0]!.message.content!.length).toBeGreaterThan(10)
    expect(plain.usage!.completion_tokens).toBeGreaterThan(0)
    const stream = client.chat.completions.stream({ model: 'demo/parley', messages, tools })
    const choice = (await stream.finalChatCompletion()).choices[0]!
    expect(choice.message.tool_calls!.length).toBeGreaterThan(0)
  })
})

describe('beside chat', () => {
  test('completions', async () => {
    const plain = await client.completions.create({ model: 'fast', prompt: 'When' })
    expect(plain.choices[0]!.text).toBe(TEXT)
    let text = ''
    for await (const chunk of await client.completions.create({ model: 'fast', prompt: 'When', stream: true })) {
      text += chunk.choices[0]?.text ?? ''
    }
    expect(text).toBe(TEXT)
  })

  test('embeddings', async () => {
    const answer = await client.embeddings.create({ model: 'fast', input: ['a', 'b'], encoding_format: 'float' })
    expect(answer.data.map(({ embedding }) => embedding)).toEqual([
      [0.25, -0.5, 0],
      [0.25, -0.5, 1],
    ])
    expect((await gateway.record()).usage).toMatchObject({ input: 8, output: 0 })
  })

  test('models: those that the key may use', async () => {
    const all = await Array.fromAsync(client.models.list())
    expect(all.map(({ id }) => id)).toContain('fast')
    expect(all.map(({ id }) => id)).toContain('fake/m-1')
    const narrow = await Array.fromAsync(client.withOptions({ apiKey: NARROW }).models.list())
    expect(narrow.map(({ id }) => id)).toEqual(['fast'])
    const one = await client.models.retrieve('fake/m-1')
    expect([one.id, one.object]).toEqual(['fake/m-1', 'model'])
    expect((await failure(client.models.retrieve('nobody/knows'))).status).toBe(404)
    expect((await client.models.retrieve('demo/parley')).id).toBe('demo/parley')
    expect((await failure(client.models.retrieve('demo/nothing'))).status).toBe(404)
  })
})

describe('errors are the SDK’s own classes', () => {
  const create = (apiKey: string, model = 'fast', extra: object = {}) =>
    client.withOptions({ apiKey }).chat.completions.create({ model, messages, ...extra } as never)

  test.each([
    ['an unknown key', () => create('prk_live_nobody'), AuthenticationError, 'invalid_api_key'],
    ['a revoked key', () => create(REVOKED), AuthenticationError, 'revoked_api_key'],
    ['an expired key', () => create(EXPIRED), AuthenticationError, 'expired_api_key'],
    ['a model that is not allowed', () => create(NARROW, 'fake/m-1'), PermissionDeniedError, 'model_not_allowed'],
    ['a model that does not exist', () => create(SECRET, 'nobody/knows'), NotFoundError, 'model_not_found'],
    ['no model', () => create(SECRET, undefined, { model: undefined }), BadRequestError, 'invalid_request'],
  ] as const)('%s', async (_, call, type, code) => {
    const error = await failure(call())
    expect(error).toBeInstanceOf(type)
    expect(error.code).toBe(code)
    expect(error.message.length).toBeGreaterThan(20)
    expect(error.requestID).toMatch(/^call_/)
    expect(vendor.requests).toHaveLength(0)
    expect((await gateway.record()).error_code).toBe(code)
  })

  test.each([
    ['rate-limited', RateLimitError, 'rate_limited'],
    ['context-too-long', BadRequestError, 'context_length_exceeded'],
    ['server-error', InternalServerError, 'upstream_failed'],
    ['reset-before-headers', InternalServerError, 'upstream_failed'],
  ] as const)('a vendor’s %s', async (fault, type, recorded) => {
    for (const stream of [false, true]) {
      vendor.reset()
      gateway.records.length = 0
      vendor.next({ fault, retryAfter: '7' })
      const error = await failure(create(SECRET, 'fast', { stream }))
      expect(error).toBeInstanceOf(type)
      if (fault === 'rate-limited') expect(error.headers!.get('retry-after')).toBe('7')
      expect((await gateway.record()).error_code).toBe(recorded)
    }
  })

  test.each(['cut', 'reset-mid-stream', 'error-in-200', 'truncated'] as const)(
    'a stream that dies by %s raises',
    async (fault) => {
      vendor.next({ fault })
      const stream = await client.chat.completions.create({ model: 'fast', messages, stream: true })
      let chunks = 0
      const error = await failure(
        (async () => {
          for await (const _ of stream) chunks++
        })(),
      )
      expect(chunks).toBe(3)
      expect(error).toBeInstanceOf(APIError)
    },
  )
})

describe('the SDK’s own retries and aborts', () => {
  test('it comes back after a 429 as told, and the second answer is good', async () => {
    vendor.next({ fault: 'rate-limited', retryAfter: '0' }, { fault: 'none' })
    const answer = await client.withOptions({ maxRetries: 2 }).chat.completions.create({ model: 'fast', messages })
    expect(answer.choices[0]!.message.content).toBe(TEXT)
    expect(vendor.requests).toHaveLength(2)
    expect(gateway.records.map(({ status }) => status)).toEqual([429, 200])
  })

  test('it does not come back for what would fail again', async () => {
    vendor.always({ fault: 'context-too-long' })
    await failure(client.withOptions({ maxRetries: 3 }).chat.completions.create({ model: 'fast', messages }))
    expect(vendor.requests).toHaveLength(1)
  })

  test('an abort in the middle of a stream reaches the vendor', async () => {
    vendor.next({ fault: 'stall' })
    const stream = await client.chat.completions.create({ model: 'fast', messages, stream: true })
    for await (const _ of stream) break
    const sent = await vendor.received()
    expect((await sent.closed).by).toBe('peer')
    expect((await gateway.record()).error_code).toBe('client_closed')
  })

  test('a timeout of the client’s is an abort too', async () => {
    vendor.next({ fault: 'silence' })
    const error = await failure(client.chat.completions.create({ model: 'fast', messages }, { timeout: 50 }))
    expect(error).toBeInstanceOf(APIConnectionTimeoutError)
    expect((await (await vendor.received()).closed).by).toBe('peer')
  })
})
