// What a request says of the length of its answer, in each format's own words, decides what budgets and limits hold for it.
import { afterEach, expect, test } from 'bun:test'
import { Configuration } from '../../src/contract/configuration.ts'
import { FakeVendor } from '../fake-vendor/vendor.ts'
import { sourceProvider, startTestGateway, type TestGateway } from '../helpers/gateway.ts'

const vendor = new FakeVendor()
const open: TestGateway[] = []
afterEach(async () => {
  for (const gateway of open.splice(0)) await gateway.stop()
  vendor.reset()
})

function start(traffic: object): TestGateway {
  const price = { model: 'm', input: 1_000_000, output: 1_000_000 }
  const gateway = startTestGateway({
    providers: [
      sourceProvider('chat', `${vendor.origin}/v1`),
      sourceProvider('google', `${vendor.origin}/v1beta`, { type: 'google' }),
    ],
    prices: [
      { provider: 'chat', ...price },
      { provider: 'google', ...price },
    ],
    traffic: Configuration.parse(traffic),
  })
  open.push(gateway)
  return gateway
}

const CHAT = '/v1/chat/completions'
const GEMINI = '/v1beta/models/google/m:generateContent'
const contents = [{ role: 'user', parts: [{ text: 'Hi' }] }]
const chat = { model: 'chat/m', messages: [] }

// The budget pays for about 4,000 tokens.
test.each<[string, string, object, number]>([
  ['more than there is, in Gemini’s words', GEMINI, { contents, generationConfig: { maxOutputTokens: 9_000 } }, 402],
  ['the same in the other spelling', GEMINI, { contents, generation_config: { max_output_tokens: 9_000 } }, 402],
  ['several candidates', GEMINI, { contents, generationConfig: { maxOutputTokens: 900, candidateCount: 8 } }, 402],
  ['the larger of two maxima', CHAT, { ...chat, max_completion_tokens: 1, max_tokens: 9_000 }, 402],
  [
    'several tries for one answer',
    '/v1/completions',
    { model: 'chat/m', prompt: 'x', max_tokens: 900, best_of: 20 },
    402,
  ],
  ['less than nothing', CHAT, { ...chat, max_tokens: -9_000, n: -5 }, 200],
])('a budget is asked for %s', async (_, path, body, status) => {
  const gateway = start({ budgets: [{ name: 'b', amount_micros: 4_000 }] })
  expect((await gateway.post(path, body)).status).toBe(status)
  expect(vendor.requests.length).toBe(status === 200 ? 1 : 0)
})

test('a smaller maximum is left as it is, and one in words of another format is none', async () => {
  const gateway = start({ budgets: [{ name: 'b', amount_micros: 4_000 }] })
  await gateway.post(GEMINI, { contents, generationConfig: { maxOutputTokens: 50 } })
  await gateway.post(GEMINI, { contents, generation_config: { temperature: 1 }, max_tokens: 1 })
  await gateway.post(CHAT, { ...chat, max_output_tokens: 1 })
  const [small, open, chatted] = vendor.requests.map(({ text }) => JSON.parse(text))
  expect(small.generationConfig).toEqual({ maxOutputTokens: 50 })
  expect({ ...open.generationConfig, ...open.generation_config }.maxOutputTokens).toBeGreaterThan(3_000)
  expect(open.generationConfig === undefined || open.generation_config === undefined).toBe(true)
  expect(chatted.max_completion_tokens).toBeGreaterThan(3_000)
})

test('a maximum below nothing makes no room in a limit on tokens', async () => {
  const gateway = start({ limits: [{ name: 'l', tokens_per_minute: 1_000 }] })
  const held = Promise.withResolvers<void>()
  vendor.always({ steps: () => [{ wait: held.promise }, { close: 'reset' }] })
  const first = gateway.post(CHAT, { ...chat, max_tokens: -1_000_000 })
  await vendor.received(0)
  const second = gateway.post(CHAT, { ...chat, max_tokens: 900 })
  await vendor.received(1)
  expect((await gateway.post(CHAT, { ...chat, max_tokens: 900 })).status).toBe(429)
  expect((await gateway.post(GEMINI, { contents, generationConfig: { maxOutputTokens: 900 } })).status).toBe(429)
  held.resolve()
  await Promise.all([first, second])
})
