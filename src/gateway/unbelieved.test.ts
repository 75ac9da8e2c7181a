// A vendor that counts absurdly, by mistake or to charge more, is not believed: the call is charged for what was said.
import { afterAll, beforeEach, expect, test } from 'bun:test'
import { chunk, head, LAST_CHUNK, whole, type Step } from '../../test/fake-vendor/steps.ts'
import { FakeVendor } from '../../test/fake-vendor/vendor.ts'
import { SECRET, sourceProvider, startTestGateway } from '../../test/helpers/gateway.ts'

const vendor = new FakeVendor()
const price = { model: 'm', input: 1_000_000, output: 1_000_000 }
const PROVIDERS = { chat: 'openai-compatible', gemini: 'gemini-compatible', anthropic: 'anthropic-compatible' } as const
type Provider = keyof typeof PROVIDERS
const gateway = startTestGateway({
  providers: Object.entries(PROVIDERS).map(([id, type]) =>
    sourceProvider(id, `${vendor.origin}/v1`, { type } as object),
  ),
  prices: Object.keys(PROVIDERS).map((provider) => ({ provider, ...price })) as never,
})
afterAll(async () => {
  await gateway.stop()
  await vendor.stop()
})
beforeEach(() => {
  vendor.reset()
  gateway.records.length = 0
})

const WORDS = 'all that was said, which is what will be paid for'
const LARGE = '1000000000000000000'
/** What each vendor answers with, whole and in events, when it counts so. */
const ANSWERS: Record<Provider, { plain: (count: string) => string; events: (count: string) => string[] }> = {
  chat: {
    plain: (count) =>
      `{"id":"c","model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"${WORDS}"},"finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":${count}}}`,
    events: (count) => [
      ...WORDS.split(' ').map((content) => `{"id":"c","choices":[{"index":0,"delta":{"content":"${content}"}}]}`),
      '{"id":"c","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}',
      `{"id":"c","choices":[],"usage":{"prompt_tokens":9,"completion_tokens":${count}}}`,
      '[DONE]',
    ],
  },
  gemini: {
    plain: (count) =>
      `{"candidates":[{"content":{"role":"model","parts":[{"text":"${WORDS}"}]},"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":9,"candidatesTokenCount":${count}}}`,
    events: (count) => [
      ...WORDS.split(' ').map((text) => `{"candidates":[{"content":{"role":"model","parts":[{"text":"${text}"}]}}]}`),
      `{"candidates":[{"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":9,"candidatesTokenCount":${count}}}`,
    ],
  },
  anthropic: {
    plain: (count) =>
      `{"id":"a","type":"message","role":"assistant","model":"m","content":[{"type":"text","text":"${WORDS}"}],"stop_reason":"end_turn","usage":{"input_tokens":9,"output_tokens":${count}}}`,
    events: (count) => [
      '{"type":"message_start","message":{"id":"a","type":"message","role":"assistant","model":"m","content":[],"usage":{"input_tokens":9,"output_tokens":1}}}',
      '{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}',
      ...WORDS.split(' ').map(
        (text) => `{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"${text}"}}`,
      ),
      '{"type":"content_block_stop","index":0}',
      `{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":${count}}}`,
      '{"type":"message_stop"}',
    ],
  },
}

const messages = [{ role: 'user', content: 'How much is it?' }]
const ask = (client: Provider, provider: Provider, stream: boolean) => {
  if (client === 'chat') return gateway.post('/v1/chat/completions', { messages, model: `${provider}/m`, stream, n: 1 })
  if (client === 'anthropic')
    return gateway.post('/v1/messages', { messages, model: `${provider}/m`, stream, max_tokens: 500 })
  const method = stream ? 'streamGenerateContent?alt=sse' : 'generateContent'
  return gateway.post(`/v1beta/models/${provider}/m:${method}`, {
    contents: [{ role: 'user', parts: [{ text: 'How much is it?' }] }],
  })
}

function answers(provider: Provider, stream: boolean, count: string): void {
  const type = stream ? 'text/event-stream' : 'application/json'
  const begin: Step = { write: head(200, { 'content-type': type, 'transfer-encoding': 'chunked' }) }
  const { plain, events } = ANSWERS[provider]
  const named = (event: string) =>
    provider === 'anthropic'
      ? `event: ${(JSON.parse(event) as { type: string }).type}\ndata: ${event}\n\n`
      : `data: ${event}\n\n`
  const body = stream ? events(count).map(named).join('') : plain(count)
  vendor.next({ steps: () => [begin, chunk(body), LAST_CHUNK] })
}

test('a file counts as what it may hold, not by its bytes', async () => {
  const usage = `{"type":"tokens","input_tokens":${LARGE},"output_tokens":3}`
  const body = `{"text":"${WORDS}","usage":${usage}}`
  vendor.next({ steps: () => [...whole(200, 'application/json', body)] })
  const form = new FormData()
  form.set('model', 'chat/m')
  form.set('file', new File([new Uint8Array(1_000_000)], 'a.wav'))
  const headers = { authorization: `Bearer ${SECRET}` }
  const response = await fetch(`${gateway.url}/v1/audio/transcriptions`, { method: 'POST', headers, body: form })
  expect(response.status).toBe(200)
  const record = await gateway.record()
  expect(record.price_source).toContain('cannot be believed')
  expect(record.usage!.input).toBeLessThan(100_000)
})

const CLIENTS = Object.keys(PROVIDERS) as Provider[]
const WAYS = CLIENTS.flatMap((client) =>
  CLIENTS.flatMap((provider) => [false, true].map((stream) => [client, provider, stream] as const)),
)

test.each(WAYS)('%s of %s, streamed %p: absurd counts are not charged', async (client, provider, stream) => {
  for (const count of [LARGE, '1e400', '-5', '7.5', '"7"']) {
    answers(provider, stream, count)
    const response = await ask(client, provider, stream)
    const body = await response.text()
    expect([response.status, body.includes(WORDS.split(' ').at(-1)!)]).toEqual([200, true])
  }
  for (const record of gateway.records) {
    expect(record.error_code).toBeNull()
    expect(record.price_source).toContain('tokens estimated: the counts of the provider cannot be believed')
    expect(record.usage!.input).toBeGreaterThan(5)
    expect(record.usage!.output).toBeGreaterThan(5)
    expect(record.usage!.output).toBeLessThan(500)
    expect(record.cost_micros).toBe(record.usage!.input + record.usage!.output)
  }
  expect(gateway.records.length).toBe(5)
  expect(gateway.problems).toEqual([])
})

test.each(WAYS)(
  '%s of %s, streamed %p: counts that can be are charged as they are',
  async (client, provider, stream) => {
    answers(provider, stream, '7')
    await (await ask(client, provider, stream)).text()
    expect(await gateway.record()).toMatchObject({ cost_micros: 16, usage: { input: 9, output: 7 } })
    expect((await gateway.record()).price_source).not.toContain('estimated')
  },
)
