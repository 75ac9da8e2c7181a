// Responses that vendors keep, through OpenAI's own client: fetched, streamed, cancelled and deleted by those who had them made.
import { afterAll, beforeEach, describe, expect, test } from 'bun:test'
import OpenAI, { type APIError, BadRequestError, NotFoundError } from 'openai'
import { Configuration } from '../../src/contract/configuration.ts'
import { SECRET, sourceKey, sourceProvider, startTestGateway } from '../helpers/gateway.ts'
import { ResponsesVendor } from '../helpers/responses-vendor.ts'

const [FRIEND, OTHER] = ['f', 's'].map((letter) => `prk_live_${letter.repeat(43)}`) as [string, string]
const vendor = new ResponsesVendor()
const credentials = ['one', 'two', 'three'].map((id) => ({ id, secret: id, weight: 1, expiresAt: null }))
const SOURCE = {
  providers: [sourceProvider('kept', `${vendor.origin}/v1`, { type: 'openai', credentials })],
  prices: [{ provider: 'kept', model: 'm', input: 1_000_000, output: 2_000_000 }],
  keys: [
    sourceKey(SECRET, { name: 'own', team: 'search' }),
    sourceKey(FRIEND, { name: 'friend', team: 'search' }),
    sourceKey(OTHER, { name: 'other', team: 'sales' }),
  ],
}
const budgets = [{ name: 'all', for: {}, amount_micros: 1_000_000 }]
const gateway = startTestGateway({ ...SOURCE, traffic: Configuration.parse({ budgets }) })
const clientOf = (apiKey: string) => new OpenAI({ apiKey, baseURL: `${gateway.url}/v1`, maxRetries: 0 })
const [own, friend, other] = [SECRET, FRIEND, OTHER].map(clientOf) as [OpenAI, OpenAI, OpenAI]

afterAll(async () => {
  await gateway.stop()
  await vendor.stop()
})
beforeEach(() => {
  vendor.asked.length = 0
  gateway.records.length = 0
})

const make = (more: object = {}) =>
  own.responses.create({ model: 'kept/m', input: 'q', ...more } as OpenAI.Responses.ResponseCreateParamsNonStreaming)
const failure = (promise: PromiseLike<unknown>) =>
  Promise.resolve(promise).then(
    () => 'nothing',
    (error: unknown) => error,
  )
/** What 100 tokens in and 50 out cost. */
const COST = 200
const spent = () => {
  const { budgets } = gateway.gateway.traffic.for(gateway.gateway.snapshot())
  const caller = { key: 'own', application: null, team: 'search', model: 'kept/m', end_user: null, provider: null }
  return budgets.states(caller, Date.now())[0]!.spentMicros
}

describe('a kept response', () => {
  test('is fetched where it was made, at no further cost, and recorded', async () => {
    for (let round = 0; round < 5; round++) {
      vendor.asked.length = gateway.records.length = 0
      const before = spent()
      const made = await make()
      for (const client of [own, friend]) expect(await client.responses.retrieve(made.id)).toEqual(made as never)
      const items = await own.responses.inputItems.list(made.id, { limit: 5, order: 'asc' })
      expect(items.data).toHaveLength(1)
      expect(new Set(vendor.asked.map(({ credential }) => credential)).size).toBe(1)
      expect(vendor.asked.map(({ method, target }) => `${method} ${target}`)).toEqual([
        'POST /v1/responses',
        `GET /v1/responses/${made.id}`,
        `GET /v1/responses/${made.id}`,
        `GET /v1/responses/${made.id}/input_items?limit=5&order=asc`,
      ])
      expect(
        gateway.records.map(({ endpoint, cost_micros, usage }) => [endpoint, cost_micros, usage === null]),
      ).toEqual([
        ['responses', COST, false],
        ['responses.retrieve', 0, true],
        ['responses.retrieve', 0, true],
        ['responses.input_items', 0, true],
      ])
      expect(gateway.records[2]).toMatchObject({ key_name: 'friend', status: 200, provider: 'kept', model_served: 'm' })
      expect(spent() - before).toBe(COST)
    }
  })

  test('is told as a stream', async () => {
    const made = await make()
    const stream = await own.responses.retrieve(made.id, { stream: true })
    const events = []
    for await (const event of stream) events.push(event)
    expect(events.map(({ type }) => type).slice(0, 2)).toEqual(['response.created', 'response.output_item.added'])
    expect(events.at(-1)).toMatchObject({ type: 'response.completed', response: { id: made.id } })
    const rest = []
    for await (const event of await own.responses.retrieve(made.id, { stream: true, starting_after: 4 }))
      rest.push(event)
    expect(rest).toEqual(events.slice(5))
    expect(gateway.records.slice(1).map(({ stream, cost_micros, usage }) => [stream, cost_micros, usage])).toEqual([
      [true, 0, null],
      [true, 0, null],
    ])
  })

  test('is deleted, and gone', async () => {
    const made = await make()
    expect(await failure(other.responses.delete(made.id))).toBeInstanceOf(NotFoundError)
    await friend.responses.delete(made.id)
    expect(vendor.kept.has(made.id)).toBe(false)
    expect(await failure(own.responses.retrieve(made.id))).toBeInstanceOf(NotFoundError)
    expect(gateway.records.map(({ endpoint, status }) => [endpoint, status])).toEqual([
      ['responses', 200],
      ['responses.delete', 404],
      ['responses.delete', 200],
      ['responses.retrieve', 404],
    ])
  })

  test('is not there for another tenant, whatever is asked; the vendor hears nothing', async () => {
    const made = await make({ background: true })
    vendor.asked.length = 0
    const theirs = new OpenAI({ apiKey: OTHER, baseURL: `${gateway.url}/openai/v1`, maxRetries: 0 })
    const asks = (id: string) => [
      theirs.responses.retrieve(id),
      theirs.responses.retrieve(id, { stream: true }),
      theirs.responses.delete(id),
      theirs.responses.cancel(id),
      theirs.responses.inputItems.list(id),
    ]
    const errors = (await Promise.all([...asks(made.id), ...asks('resp_nobody')].map(failure))) as NotFoundError[]
    for (const error of errors) expect(error).toBeInstanceOf(NotFoundError)
    const words = errors.map(({ error }) => JSON.stringify(error).replaceAll(made.id, 'resp_nobody'))
    expect(new Set(words).size).toBe(1)
    expect(errors[0]!.error).toMatchObject({ type: 'invalid_request_error', param: 'response_id' })
    expect(vendor.asked).toEqual([])
    expect(vendor.kept.has(made.id)).toBe(true)
  })

  test('that was not to be kept is not there', async () => {
    const made = await make({ store: false })
    expect(await failure(own.responses.retrieve(made.id))).toBeInstanceOf(NotFoundError)
  })

  test('cannot be cancelled when it is done: the vendor says so', async () => {
    const made = await make()
    expect(await failure(own.responses.cancel(made.id))).toBeInstanceOf(BadRequestError)
  })

  test.each<[string, string, number, string | null]>([
    ['GET', '/v1/responses/..', 404, null],
    ['GET', '/v1/responses/%2e%2e%2fmodels', 404, null],
    ['GET', '/responses/a%00b', 404, null],
    ['PUT', '/v1/responses/resp_1', 405, 'GET, DELETE'],
    ['GET', '/v1/responses/resp_1/cancel', 405, 'POST'],
    ['POST', '/openai/v1/responses/resp_1/input_items', 405, 'GET'],
    ['GET', '/v1/responses/compact', 405, 'POST'],
    ['GET', '/v1/responses/resp_1/other', 404, null],
  ])('%s %s is %d', async (method, path, status, allow) => {
    const answer = await fetch(gateway.url + path, { method, headers: { authorization: `Bearer ${SECRET}` } })
    const { error } = (await answer.json()) as { error: Record<string, unknown> }
    expect([answer.status, answer.headers.get('allow'), Object.keys(error).toSorted()]).toEqual([
      status,
      allow,
      ['code', 'message', 'param', 'type'],
    ])
    expect(vendor.asked).toEqual([])
  })

  test('without a key is refused', async () => {
    expect((await fetch(`${gateway.url}/v1/responses/resp_1`)).status).toBe(401)
  })
})

describe('a response of the background', () => {
  test.each(['fetched', 'streamed'] as const)(
    'is charged once, to who asked for it, when its end is first %s',
    async (how) => {
      const look = async (client: OpenAI, id: string) => {
        if (how === 'fetched') return void (await client.responses.retrieve(id))
        for await (const _ of await client.responses.retrieve(id, { stream: true }));
      }
      const before = spent()
      const made = await make({ background: true })
      expect(made.status).toBe('queued')
      if (how === 'fetched') await look(own, made.id)
      expect([spent() - before, gateway.records[0]!.finish_reason, gateway.records[0]!.usage]).toEqual([0, null, null])
      vendor.finish(made.id)
      gateway.records.length = 1
      for (const client of [friend, own, friend]) await look(client, made.id)
      const charges = gateway.records.filter(({ endpoint }) => endpoint === 'responses.background')
      expect(charges).toEqual([
        expect.objectContaining({
          id: `${gateway.records[0]!.id}_end`,
          key_name: 'own',
          team: 'search',
          model_asked: 'kept/m',
          provider: 'kept',
          model_served: 'm',
          cost_micros: COST,
          usage: expect.objectContaining({ input: 100, output: 50 }),
        }),
      ])
      expect(spent() - before).toBe(COST)
      expect(
        gateway.records.filter(({ endpoint }) => endpoint === 'responses.retrieve').map((r) => r.cost_micros),
      ).toEqual([0, 0, 0])
    },
  )

  test('is not charged what cannot be believed', async () => {
    const before = spent()
    const made = await make({ background: true })
    vendor.finish(made.id, { output_tokens: 1e18 })
    await own.responses.retrieve(made.id)
    const charge = gateway.records.find(({ endpoint }) => endpoint === 'responses.background')
    expect(charge).toMatchObject({ cost_micros: null, usage: null })
    expect(charge!.price_source).toBe('not charged: the counts of the provider cannot be believed')
    expect(spent() - before).toBe(0)
  })

  test('is cancelled by its own tenant', async () => {
    const made = await make({ background: true })
    expect((await friend.responses.cancel(made.id)).status).toBe('cancelled')
    expect(gateway.records.at(-1)).toMatchObject({ endpoint: 'responses.cancel', status: 200, cost_micros: 0 })
  })

  test('that a client leaves can be resumed; what was charged is not charged again', async () => {
    const before = spent()
    const stream = await own.responses.create({ model: 'kept/m', input: 'q', background: true, stream: true })
    let id = ''
    const broken = await failure(
      (async () => {
        for await (const event of stream) if (event.type === 'response.created') id = event.response.id
      })(),
    )
    // The vendor's stream breaks off: the work goes on.
    expect(broken).not.toBe('nothing')
    const charged = spent() - before
    vendor.finish(id)
    for (let round = 0; round < 2; round++) await own.responses.retrieve(id)
    expect(charged).toBeGreaterThan(0)
    expect(spent() - before).toBe(COST)
    expect(gateway.records.reduce((sum, { cost_micros }) => sum + (cost_micros ?? 0), 0)).toBe(COST)
  })
})

test('a stream can be asked about while it runs', async () => {
  const stream = await own.responses.create({ model: 'kept/m', input: 'q', stream: true })
  for await (const event of stream)
    if (event.type === 'response.created')
      expect((await own.responses.retrieve(event.response.id)).id).toBe(event.response.id)
})

describe('guards', () => {
  test('read what is fetched, and refuse what they cannot read', async () => {
    const guarded = startTestGateway({
      ...SOURCE,
      traffic: Configuration.parse({
        guards: [{ name: 'g', kind: 'patterns', words: ['answer'], on: ['output'], action: 'mask' }],
      }),
    })
    const client = new OpenAI({ apiKey: SECRET, baseURL: guarded.url, maxRetries: 0 })
    const made = await client.responses.create({ model: 'kept/m', input: 'q' })
    for (const answer of [made, await client.responses.retrieve(made.id)])
      expect(answer.output_text).not.toContain('answer')
    expect(guarded.records[1]!.guards).toEqual({ g: 1 })
    expect(await failure(client.responses.retrieve(made.id, { stream: true }))).toBeInstanceOf(BadRequestError)
    const queued = await client.responses.create({ model: 'kept/m', input: 'q', background: true })
    expect((await client.responses.retrieve(queued.id)).status).toBe('queued')
    await guarded.stop()
  })
})

describe('trouble', () => {
  test('a provider that is gone keeps nothing for anybody', async () => {
    const made = await make()
    const { origins } = gateway.gateway.traffic
    origins.apply({ ...origins.find(made.id)!, provider: 'gone', ids: [made.id] })
    expect(await failure(own.responses.retrieve(made.id))).toBeInstanceOf(NotFoundError)
  })

  test('a credential that was replaced may belong to the same account', async () => {
    const shared = new ResponsesVendor(() => 'the same')
    const renewed = startTestGateway({
      ...SOURCE,
      providers: [sourceProvider('kept', `${shared.origin}/v1`, { type: 'openai', credentials })],
    })
    const client = new OpenAI({ apiKey: SECRET, baseURL: `${renewed.url}/v1`, maxRetries: 0 })
    const { id } = await client.responses.create({ model: 'kept/m', input: 'q' })
    const { origins } = renewed.gateway.traffic
    origins.apply({ ...origins.find(id)!, credential: 'old', ids: [id] })
    expect((await client.responses.retrieve(id)).id).toBe(id)
    await renewed.stop()
    await shared.stop()
  })

  test('the vendor fails, or sends what is no JSON: said in the words of the format', async () => {
    const { id } = await make()
    for (const [status, body, code] of [
      [500, '{"error":{"message":"no"}}', 'upstream_failed'],
      [200, 'garbage', 'upstream_invalid'],
    ] as const) {
      vendor.failNext = new Response(body, { status, headers: { 'content-type': 'application/json' } })
      const error = (await failure(own.responses.retrieve(id))) as APIError
      expect([error.status, error.code]).toEqual([status === 500 ? 500 : 502, code])
    }
    vendor.failNext = new Response('event: response.created\ndata: {"type":"response.created"}\n\n', {
      headers: { 'content-type': 'text/event-stream' },
    })
    const text = await fetch(`${gateway.url}/v1/responses/${id}?stream=true`, {
      headers: { authorization: `Bearer ${SECRET}` },
    }).then((answer) => answer.text())
    expect(text.trimEnd().split('\n').at(-1)).toContain('"error"')
    expect(gateway.records.at(-1)!.error_code).toBe('upstream_failed')
    vendor.failNext = new Response('{}', { status: 401 })
    expect((await failure(own.responses.retrieve(id))) as APIError).toMatchObject({
      status: 502,
      code: 'upstream_unauthorized',
    })
  })
})

describe('money for the background', () => {
  const small = startTestGateway({
    ...SOURCE,
    traffic: Configuration.parse({
      budgets: [{ name: 'small', for: {}, amount_micros: 2_500, wait_ms: 0, reservation_ms: 60_000 }],
    }),
  })
  const client = new OpenAI({ apiKey: SECRET, baseURL: `${small.url}/v1`, maxRetries: 0 })
  afterAll(() => small.stop())

  test('stays reserved until the end is seen: no number of them costs more than there is', async () => {
    const ask = () =>
      client.responses.create({ model: 'kept/m', input: 'q', background: true, max_output_tokens: 400 }).then(
        ({ id }) => id,
        (error: unknown) => (error as APIError).status,
      )
    const all = await Promise.all(Array.from({ length: 10 }, ask))
    const ids = all.filter((one) => typeof one === 'string')
    expect([ids.length, new Set(all.slice(ids.length))]).toEqual([2, new Set([429])])
    for (const id of ids) {
      vendor.finish(id)
      await client.responses.retrieve(id)
    }
    // What was not used is free again.
    expect(typeof (await ask())).toBe('string')
    const spent = small.records.reduce((sum, { cost_micros }) => sum + (cost_micros ?? 0), 0)
    expect(spent).toBe(2 * COST)
  })
})

test("an idempotency key is the tenant's own: the vendor never sees one of two tenants twice", async () => {
  const seen = async (key: string, word: string) => {
    await fetch(`${gateway.url}/v1/responses`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', 'idempotency-key': word },
      body: JSON.stringify({ model: 'kept/m', input: 'q' }),
    })
    return vendor.lastIdempotencyKey
  }
  const [first, again, byFriend, byOther, different] = [
    await seen(SECRET, 'order-1'),
    await seen(SECRET, 'order-1'),
    await seen(FRIEND, 'order-1'),
    await seen(OTHER, 'order-1'),
    await seen(SECRET, 'order-2'),
  ]
  expect([again, byFriend]).toEqual([first, first])
  expect(new Set([first, byOther, different, 'order-1', undefined, null]).size).toBe(6)
})
