// Conversations that vendors keep, through OpenAI's own client: for the tenant that had them made, and for nobody else.
import { afterAll, beforeEach, describe, expect, test } from 'bun:test'
import OpenAI, { type APIError, BadRequestError, NotFoundError, PermissionDeniedError } from 'openai'
import { Configuration } from '../../src/contract/configuration.ts'
import { SECRET, sourceKey, sourceProvider, startTestGateway } from '../helpers/gateway.ts'
import { ResponsesVendor } from '../helpers/responses-vendor.ts'

const [FRIEND, OTHER, NARROW] = ['f', 's', 'n'].map((letter) => `prk_live_${letter.repeat(43)}`) as [
  string,
  string,
  string,
]
const vendor = new ResponsesVendor()
const provider = (id: string) =>
  sourceProvider(id, `${vendor.origin}/${id}/v1`, {
    type: 'openai',
    models: ['m'],
    credentials: ['one', 'two'].map((name) => ({ id: name, secret: `${id}-${name}`, weight: 1, expiresAt: null })),
  })
const SOURCE = {
  providers: [provider('east'), provider('west'), sourceProvider('plain', 'http://127.0.0.1:9', { models: ['m'] })],
  prices: [{ provider: 'east', model: 'm', input: 1_000_000, output: 2_000_000 }],
  keys: [
    sourceKey(SECRET, { name: 'own', team: 'search' }),
    sourceKey(FRIEND, { name: 'friend', team: 'search' }),
    sourceKey(OTHER, { name: 'other', team: 'sales' }),
    sourceKey(NARROW, { name: 'narrow', team: 'search', models: ['west/*', 'plain/*'] }),
  ],
}
const gateway = startTestGateway(SOURCE)
const clientOf = (apiKey: string, url = gateway.url) => new OpenAI({ apiKey, baseURL: `${url}/v1`, maxRetries: 0 })
const [own, friend, other, narrow] = [SECRET, FRIEND, OTHER, NARROW].map((key) => clientOf(key)) as [
  OpenAI,
  OpenAI,
  OpenAI,
  OpenAI,
]

afterAll(async () => {
  await gateway.stop()
  await vendor.stop()
})
beforeEach(() => {
  vendor.asked.length = 0
  gateway.records.length = 0
})

const failure = (promise: PromiseLike<unknown>): Promise<APIError> =>
  Promise.resolve(promise).then(
    () => new Error('nothing was raised') as APIError,
    (error: unknown) => error as APIError,
  )
const east = { query: { model: 'east/m' } }
const said = (content: string) => ({ type: 'message' as const, role: 'user' as const, content })

describe('a conversation', () => {
  test('is made, read, changed, gone on with and deleted by its tenant, always at one place', async () => {
    const { id } = await own.conversations.create({ metadata: { topic: 'tides' }, items: [said('a')] }, east)
    expect((await friend.conversations.retrieve(id)).metadata).toEqual({ topic: 'tides' })
    expect((await own.conversations.update(id, { metadata: { topic: 'wind' } })).metadata).toEqual({ topic: 'wind' })
    const added = await own.conversations.items.create(id, { items: [said('b')] })
    const [item] = added.data
    expect((await own.conversations.items.list(id, { limit: 10 })).data).toHaveLength(2)
    expect(await own.conversations.items.retrieve(item!.id!, { conversation_id: id })).toEqual(item!)
    for (const conversation of [id, { id }])
      expect((await friend.responses.create({ model: 'east/m', input: 'q', conversation })).status).toBe('completed')
    await own.conversations.items.delete(item!.id!, { conversation_id: id })
    expect(await own.conversations.delete(id)).toMatchObject({ deleted: true })
    expect(await failure(own.conversations.retrieve(id))).toBeInstanceOf(NotFoundError)
    expect(new Set(vendor.asked.map(({ credential }) => credential)).size).toBe(1)
    expect(vendor.asked.every(({ target }) => target.startsWith('/east/v1/') && !target.includes('model='))).toBe(true)
    expect(gateway.records.map(({ endpoint, cost_micros }) => [endpoint, cost_micros])).toEqual(
      [
        'conversations.create',
        'conversations.retrieve',
        'conversations.update',
        'conversations.items.create',
        'conversations.items.list',
        'conversations.items.retrieve',
        'responses',
        'responses',
        'conversations.items.delete',
        'conversations.delete',
        'conversations.retrieve',
      ].map((name) => [name, name === 'responses' ? 200 : 0]),
    )
  })

  test('is not there for another tenant, whatever is asked; the vendor hears nothing', async () => {
    const { id } = await own.conversations.create({}, east)
    vendor.asked.length = 0
    const asks = (conversation: string) => [
      other.conversations.retrieve(conversation),
      other.conversations.update(conversation, { metadata: {} }),
      other.conversations.delete(conversation),
      other.conversations.items.list(conversation),
      other.conversations.items.create(conversation, { items: [said('x')] }),
      other.conversations.items.retrieve('msg_1', { conversation_id: conversation }),
      other.conversations.items.delete('msg_1', { conversation_id: conversation }),
    ]
    const errors = await Promise.all([...asks(id), ...asks('conv_nobody')].map(failure))
    for (const error of errors) expect(error).toBeInstanceOf(NotFoundError)
    expect(new Set(errors.map(({ error }) => JSON.stringify(error).replaceAll(id, 'conv_nobody'))).size).toBe(1)
    const used = await failure(other.responses.create({ model: 'east/m', input: 'q', conversation: id }))
    expect([used.status, used.param]).toEqual([400, 'conversation'])
    expect(vendor.asked).toEqual([])
  })

  test('takes only items of its own tenant and place', async () => {
    const { id } = await own.conversations.create({}, east)
    const theirs = await other.responses.create({ model: 'east/m', input: 'q' })
    const elsewhere = await own.responses.create({ model: 'west/m', input: 'q' })
    const add = (item: object) => own.conversations.items.create(id, { items: [item as never] })
    vendor.asked.length = 0
    for (const item of [
      { type: 'item_reference', id: theirs.output[0]!.id },
      { type: 'item_reference', id: elsewhere.output[0]!.id },
      { type: 'item_reference', id: 'msg_nobody' },
      { ...said('a'), id: theirs.output[0]!.id },
    ]) {
      const error = await failure(add(item))
      expect([error.status, error.param]).toEqual([400, 'items[0].id'])
    }
    expect(vendor.asked).toEqual([])
    await add({ ...said('a'), id: 'msg_mine' })
  })
})

describe('a new one', () => {
  test('is made where the model leads, or at the only place there is', async () => {
    await own.conversations.create({}, { query: { model: 'west/m' } })
    await narrow.conversations.create()
    expect(vendor.asked.map(({ target }) => target)).toEqual(['/west/v1/conversations', '/west/v1/conversations'])
  })

  test.each<[OpenAI, string | null, new (...args: never[]) => Error, RegExp]>([
    [own, null, BadRequestError, /east, west.*\?model=/],
    [own, 'plain/m', BadRequestError, /keeps no conversations/],
    [narrow, 'east/m', PermissionDeniedError, /may not use/],
    [own, 'nobody/m', NotFoundError, /does not exist/],
  ])('%# is refused with the remedy', async (client, model, kind, words) => {
    const error = await failure(client.conversations.create({}, model === null ? {} : { query: { model } }))
    expect(error).toBeInstanceOf(kind)
    expect(error.message).toMatch(words)
    expect(vendor.asked).toEqual([])
  })
})

test('guards read what goes in and what comes out', async () => {
  const guarded = startTestGateway({
    ...SOURCE,
    traffic: Configuration.parse({
      guards: [
        { name: 'in', kind: 'patterns', words: ['secret'], on: ['input'], action: 'mask' },
        { name: 'out', kind: 'patterns', words: ['answer'], on: ['output'], action: 'mask' },
        { name: 'shape', kind: 'json_schema', schema: { type: 'object' } },
      ],
    }),
  })
  const client = clientOf(SECRET, guarded.url)
  const { id } = await client.conversations.create({ items: [said('a secret and an answer')] }, east)
  const [kept] = vendor.kept.get(id)!.input
  expect(kept.content).toMatch(/^a \[\w+\] and an answer$/)
  const { data } = await client.conversations.items.list(id)
  expect(JSON.stringify(data)).not.toContain('answer')
  await guarded.stop()
})

test.each<[string, string, number, string | null]>([
  ['GET', '/v1/conversations', 405, 'POST'],
  ['PUT', '/v1/conversations/conv_1', 405, 'GET, POST, DELETE'],
  ['DELETE', '/conversations/conv_1/items', 405, 'GET, POST'],
  ['POST', '/openai/v1/conversations/conv_1/items/i', 405, 'GET, DELETE'],
  ['GET', '/v1/conversations/conv_1/else', 404, null],
  ['GET', '/v1/conversations/conv_1/items/i/j', 404, null],
  ['GET', '/v1/conversations/%2e%2e/items', 404, null],
])('%s %s is %d', async (method, path, status, allow) => {
  const answer = await fetch(gateway.url + path, { method, headers: { authorization: `Bearer ${SECRET}` } })
  expect([answer.status, answer.headers.get('allow')]).toEqual([status, allow])
  expect(vendor.asked).toEqual([])
})

test('an item of a name that leads elsewhere stays below its conversation', async () => {
  const { id } = await own.conversations.create({}, east)
  vendor.asked.length = 0
  await fetch(`${gateway.url}/v1/conversations/${id}/items/%2e%2e%2f%2e%2e%2fresponses`, {
    headers: { authorization: `Bearer ${SECRET}` },
  })
  await fetch(`${gateway.url}/v1/conversations/${id}/items/..%3Fa`, { headers: { authorization: `Bearer ${SECRET}` } })
  expect(vendor.asked.map(({ target }) => target)).toEqual([
    `/east/v1/conversations/${id}/items/..%2F..%2Fresponses`,
    `/east/v1/conversations/${id}/items/..%3Fa`,
  ])
})

test('a broken body is refused before anything is asked', async () => {
  const { id } = await own.conversations.create({}, east)
  vendor.asked.length = 0
  const answer = await gateway.post(`/v1/conversations/${id}/items`, '{"items":[')
  expect([answer.status, vendor.asked]).toEqual([400, []])
})
