// Compaction and counting below /responses, through OpenAI's own client.
import { afterAll, beforeEach, expect, test } from 'bun:test'
import OpenAI, { BadRequestError } from 'openai'
import { SECRET, sourceKey, sourceProvider, startTestGateway } from '../helpers/gateway.ts'
import { ResponsesVendor } from '../helpers/responses-vendor.ts'

const OTHER = `prk_live_${'o'.repeat(43)}`
const vendor = new ResponsesVendor()
const gateway = startTestGateway({
  providers: [
    sourceProvider('kept', `${vendor.origin}/v1`, {
      type: 'openai',
      credentials: ['one', 'two', 'three'].map((id) => ({ id, secret: id, weight: 1, expiresAt: null })),
    }),
    sourceProvider('demo', '', { type: 'demo', credentials: [], base_url: undefined }),
  ],
  prices: [{ provider: 'kept', model: 'm', input: 1_000_000, output: 2_000_000 }],
  keys: [sourceKey(SECRET, { name: 'own', team: 'search' }), sourceKey(OTHER, { name: 'other', team: 'sales' })],
})
const clientOf = (apiKey: string) => new OpenAI({ apiKey, baseURL: `${gateway.url}/v1`, maxRetries: 0 })
const [own, other] = [SECRET, OTHER].map(clientOf) as [OpenAI, OpenAI]

afterAll(async () => {
  await gateway.stop()
  await vendor.stop()
})
beforeEach(() => {
  vendor.asked.length = gateway.records.length = 0
})

const failure = (promise: PromiseLike<unknown>) => Promise.resolve(promise).then(String, (error: unknown) => error)

test('a conversation is compacted by the vendor, charged and recorded', async () => {
  const compacted = await own.responses.compact({ model: 'kept/m', input: 'a long story' })
  expect(compacted).toMatchObject({ object: 'response.compaction', output: [{ type: 'compaction' }] })
  expect(vendor.asked.map(({ method, target }) => `${method} ${target}`)).toEqual(['POST /v1/responses/compact'])
  expect(gateway.records).toMatchObject([
    { endpoint: 'responses.compact', status: 200, usage: { input: 100, output: 50 }, cost_micros: 200 },
  ])
  const input = [...compacted.output, { role: 'user', content: 'q' }] as OpenAI.Responses.ResponseInput
  const next = await own.responses.create({ model: 'kept/m', input })
  expect(next.status).toBe('completed')
})

test('tokens are counted by the vendor, and cost nothing', async () => {
  const counted = await own.responses.inputTokens.count({ model: 'kept/m', input: 'a long story' })
  expect(counted).toEqual({ object: 'response.input_tokens', input_tokens: 11 } as never)
  expect(gateway.records).toMatchObject([{ endpoint: 'responses.input_tokens', status: 200, usage: null }])
})

test('where the vendor has another format, they are guessed, and nothing is compacted', async () => {
  const counted = await own.responses.inputTokens.count({ model: 'demo/parley', input: 'a long story' })
  expect(counted).toEqual({ object: 'response.input_tokens', input_tokens: expect.any(Number) })
  expect(await failure(own.responses.compact({ model: 'demo/parley', input: 'a long story' }))).toMatchObject({
    status: 400,
    param: 'model',
    message: expect.stringContaining('does not serve responses.compact'),
  })
})

test('what is kept is asked where it is, by its tenant only', async () => {
  for (let round = 0; round < 5; round++) {
    vendor.asked.length = 0
    const { id } = await own.responses.create({ model: 'kept/m', input: 'q' })
    const more = { model: 'kept/m', previous_response_id: id }
    await own.responses.compact(more)
    await own.responses.inputTokens.count(more)
    expect(new Set(vendor.asked.map(({ credential }) => credential)).size).toBe(1)
    vendor.asked.length = 0
    expect(await failure(other.responses.compact(more))).toBeInstanceOf(BadRequestError)
    expect(await failure(other.responses.inputTokens.count(more))).toBeInstanceOf(BadRequestError)
    expect(vendor.asked).toEqual([])
  }
})
