// Streams without an end mark: whole only when each answer told why it stopped, and not waited for any longer then.
import { afterAll, beforeEach, expect, test } from 'bun:test'
import { chunk, head, LAST_CHUNK, type Step } from '../../test/fake-vendor/steps.ts'
import { FakeVendor } from '../../test/fake-vendor/vendor.ts'
import { sourceProvider, startTestGateway } from '../../test/helpers/gateway.ts'

const vendor = new FakeVendor()
const timeouts = { connect_ms: 2_000, first_byte_ms: 2_000, total_ms: 60_000 }
const price = { model: 'm', input: 1_000_000, output: 1_000_000 }
const start = (idle_ms: number) =>
  startTestGateway(
    {
      providers: [
        sourceProvider('chat', `${vendor.origin}/v1`, { timeouts: { ...timeouts, idle_ms } }),
        sourceProvider('gemini', `${vendor.origin}/v1beta`, {
          type: 'gemini-compatible',
          timeouts: { ...timeouts, idle_ms },
        }),
      ],
      prices: ['chat', 'gemini'].map((provider) => ({ provider, ...price })) as never,
      aliases: ['chat', 'gemini'].map((provider) => ({
        name: `held-${provider}`,
        strategy: 'priority',
        targets: [{ provider, model: 'm' }],
        fallbacks: [{ provider, model: 'other' }],
        hold_back: 100,
      })),
    },
    { endGraceMs: 60 },
  )
const hasty = start(150)
/** Waits for its vendors for longer than any test. */
const patient = start(60_000)
let gateway = hasty
afterAll(async () => {
  await hasty.stop()
  await patient.stop()
  await vendor.stop()
})
beforeEach(() => {
  vendor.reset()
  gateway = hasty
  hasty.records.length = 0
  patient.records.length = 0
})

const said = [{ role: 'user', content: 'hi' }]
const contents = [{ role: 'user', parts: [{ text: 'hi' }] }]
const path = (provider: string) => `/v1beta/models/${provider}/m:streamGenerateContent?alt=sse`
type Client = 'chat' | 'completions' | 'prompts' | 'gemini'
const ASKS = {
  chat: (provider, n) =>
    gateway.post('/v1/chat/completions', { messages: said, model: `${provider}/m`, stream: true, n }),
  completions: (provider, n) =>
    gateway.post('/v1/completions', { prompt: 'hi', model: `${provider}/m`, stream: true, n }),
  prompts: (provider, n) =>
    gateway.post('/v1/completions', { prompt: Array(n).fill('hi'), model: `${provider}/m`, stream: true }),
  gemini: (provider, n) => gateway.post(path(provider), { contents, generationConfig: { candidateCount: n } }),
} satisfies Record<Client, (provider: string, n: number) => Promise<Response>>

const event = (value: object) => `data: ${JSON.stringify(value)}\n\n`
/** What a vendor says of one answer: a piece of its text, or why it stopped. */
const WORDS = {
  chat: {
    text: (index: number, content = 'a') =>
      event({ id: 'c', choices: [{ index, delta: { content }, finish_reason: null }] }),
    stop: (index: number) => event({ id: 'c', choices: [{ index, delta: {}, finish_reason: 'stop' }] }),
  },
  completions: {
    text: (index: number, text = 'a') => event({ id: 'c', choices: [{ index, text, finish_reason: null }] }),
    stop: (index: number) => event({ id: 'c', choices: [{ index, text: '', finish_reason: 'stop' }] }),
  },
  gemini: {
    text: (index: number, text = 'a') =>
      event({
        candidates: [{ index, content: { role: 'model', parts: [{ text }] } }],
        usageMetadata: { promptTokenCount: 1 },
      }),
    stop: (index: number) =>
      event({
        candidates: [{ index, finishReason: 'STOP' }],
        usageMetadata: { promptTokenCount: 1, candidatesTokenCount: 2 },
      }),
  },
}
const wordsOf = (client: Client, provider: string) =>
  provider === 'gemini'
    ? WORDS.gemini
    : client === 'completions' || client === 'prompts'
      ? WORDS.completions
      : WORDS.chat

const begin: Step = { write: head(200, { 'content-type': 'text/event-stream', 'transfer-encoding': 'chunked' }) }
/** How the vendor stops: the body ends properly, the connection is cut, or nothing comes any more. */
const STOPS = { ends: LAST_CHUNK, cut: { close: 'fin' }, silent: { hold: true } } as const satisfies Record<
  string,
  Step
>

const answer = (events: readonly string[], how: keyof typeof STOPS) =>
  vendor.next({ steps: () => [begin, chunk(events.join('')), { wait: 5 }, STOPS[how]] })

/** The same answers on the way through, and translated. */
const WAYS: readonly (readonly [Client, string])[] = [
  ['chat', 'chat'],
  ['completions', 'chat'],
  ['prompts', 'chat'],
  ['gemini', 'gemini'],
  ['chat', 'gemini'],
  ['gemini', 'chat'],
]

for (const [client, provider] of WAYS) {
  const { text, stop } = wordsOf(client, provider)
  const long = 'x'.repeat(9_000)
  test.each([
    ['both told their reason', 'ends', [text(0), text(1), stop(0), stop(1)], true],
    ['both told their reason', 'cut', [text(0), text(1), stop(0), stop(1)], true],
    ['both told their reason', 'silent', [text(0), text(1), stop(1), stop(0)], true],
    ['the first told it long before', 'ends', [text(0), stop(0), ...Array(9).fill(text(1, long)), stop(1)], true],
    ['one told its reason', 'ends', [text(0), text(1), stop(0), text(1)], false],
    ['one told its reason', 'cut', [text(0), text(1), stop(0), text(1)], false],
    ['one told its reason', 'silent', [text(0), text(1), stop(1), text(0)], false],
    ['one spoke long before', 'ends', [text(1), ...Array(9).fill(text(0, long)), stop(0)], false],
    ['one never spoke', 'cut', [text(0), stop(0)], false],
    ['one never spoke', 'silent', [text(0), stop(0)], false],
  ] as const)(`${client} of ${provider}, two answers: %s, %s`, async (_, how, events, whole) => {
    answer(events, how)
    const body = await (await ASKS[client](provider, 2)).text()
    const record = await gateway.record()
    expect([record.error_code === null, body.includes('"error"')]).toEqual([whole, !whole])
    if (client !== 'gemini') expect(body.endsWith('data: [DONE]\n\n')).toBe(whole)
    vendor.release()
  })

  test(`${client} of ${provider}: one answer that told its reason is whole`, async () => {
    for (const how of ['ends', 'cut', 'silent'] as const) {
      answer([text(0), stop(0)], how)
      const body = await (await ASKS[client](provider, 1)).text()
      expect([how, body.includes('"error"')]).toEqual([how, false])
      vendor.release()
    }
    expect(gateway.records.map((record) => record.error_code)).toEqual([null, null, null])
  })
}

test('an answer that was not asked for, and spoke, must tell its reason too', async () => {
  const { text, stop } = WORDS.chat
  answer([text(0), text(1), stop(0)], 'ends')
  const body = await (await ASKS.chat('chat', 1)).text()
  expect(body).toContain('"error"')
})

test('what was cut behind the reason never reaches the client, and costs what was said', async () => {
  const { text, stop } = WORDS.chat
  for (const stream_options of [undefined, { include_usage: true }]) {
    answer([text(0), text(0), stop(0), 'data: {"choices":[],"usage":{"prompt_tok'], 'cut')
    const ask = { messages: said, model: 'chat/m', stream: true, stream_options }
    const body = await (await gateway.post('/v1/chat/completions', ask)).text()
    expect(body).toBe(`${text(0)}${text(0)}${stop(0)}data: [DONE]\n\n`)
  }
  const record = await gateway.record(1)
  expect(record).toMatchObject({ error_code: null, price_source: expect.stringContaining('estimated') })
})

/** Answers, and leaves the connection open. */
const stay = (...steps: readonly Step[]) => vendor.next({ steps: () => [begin, ...steps, { hold: true }] })
const spoken = WAYS.filter(([client]) => client !== 'prompts')

test.each(spoken)('%s of %s: a vendor that told its reason and stays is not waited for', async (client, provider) => {
  gateway = patient
  const { text, stop } = wordsOf(client, provider)
  stay(chunk(text(0) + stop(0)))
  const body = await (await ASKS[client](provider, 1)).text()
  expect(body.includes('"error"')).toBe(false)
  if (client !== 'gemini') expect(body.endsWith('data: [DONE]\n\n')).toBe(true)
  expect((await gateway.record()).error_code).toBeNull()
  expect((await vendor.requests[0]!.closed).by).toBe('peer')
  expect(gateway.gateway.pool.active).toBe(0)
})

test('what is counted a little later counts', async () => {
  gateway = patient
  const { text, stop } = WORDS.chat
  const usage = event({ choices: [], usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 } })
  stay(chunk(text(0) + stop(0)), { wait: 20 }, chunk(usage))
  await (await ASKS.chat('chat', 1)).text()
  expect(await gateway.record()).toMatchObject({ cost_micros: 5, error_code: null })
})

test.each(['chat', 'gemini'] as const)(
  'a stream of %s that is held back ends so too, with one end mark',
  async (provider) => {
    gateway = patient
    const { text, stop } = WORDS[provider]
    stay(chunk(text(0) + stop(0)))
    const ask = { messages: said, model: `held-${provider}`, stream: true }
    const body = await (await gateway.post('/v1/chat/completions', ask)).text()
    expect([body.split('[DONE]').length, body.includes('"error"')]).toEqual([2, false])
    expect((await gateway.record()).attempts).toHaveLength(1)
  },
)

test('a vendor that pauses in the middle is waited for until the idle timeout', async () => {
  const { text, stop } = WORDS.chat
  vendor.next({
    steps: () => [begin, chunk(text(0)), { wait: 110 }, chunk(text(0)), { wait: 110 }, chunk(stop(0)), LAST_CHUNK],
  })
  expect((await (await ASKS.chat('chat', 1)).text()).endsWith('data: [DONE]\n\n')).toBe(true)
  stay(chunk(text(0)))
  const body = await (await ASKS.chat('chat', 1)).text()
  expect(body).toContain('fell silent in the middle of its answer within 150 ms')
  expect((await gateway.record(1)).error_code).toBe('upstream_timeout')
})
