import { afterAll, beforeEach, describe, expect, test } from 'bun:test'
import type { Due } from '../../contract/origin.ts'
import { Configuration } from '../../contract/configuration.ts'
import { Origins } from './origins.ts'
import { SECRET, sourceKey, sourceProvider, startTestGateway } from '../../../test/helpers/gateway.ts'

const seen: string[] = []
let count = 0
const vendor = Bun.serve({
  port: 0,
  hostname: '127.0.0.1',
  async fetch(request) {
    const body = (await request.json()) as { stream?: boolean; model: string }
    seen.push(`${new URL(request.url).pathname.split('/')[1]} ${request.headers.get('authorization')}`)
    if (!new URL(request.url).pathname.endsWith('/responses'))
      return Response.json({
        id: 'c',
        model: 'm',
        choices: [{ index: 0, message: { role: 'assistant', content: 'a' }, finish_reason: 'stop' }],
      })
    count++
    const output = [
      { type: 'reasoning', id: `rs_${count}`, summary: [], encrypted_content: 'sealed' },
      { type: 'message', id: `msg_${count}`, role: 'assistant', content: [{ type: 'output_text', text: 'a' }] },
      { type: 'code_interpreter_call', id: `ci_${count}`, container_id: `cntr_${count}`, code: '' },
    ]
    const response = { id: `resp_${count}`, object: 'response', status: 'completed', model: body.model, output }
    if (!body.stream) return Response.json(response)
    const event = (type: string, sequence_number: number, fields: object) =>
      `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number, ...fields })}\n\n`
    const events = [
      event('response.created', 0, { response: { ...response, output: [] } }),
      ...output.map((item, index) => event('response.output_item.added', index + 1, { output_index: index, item })),
      event('response.completed', 3, { response }),
    ]
    return new Response(events.join(''), {
      headers: { 'content-type': 'text/event-stream' },
    })
  },
})
const credentials = ['one', 'two', 'three'].map((id) => ({ id, secret: id, weight: 1, expiresAt: null }))
const provider = (id: string) =>
  sourceProvider(id, `http://127.0.0.1:${vendor.port}/${id}`, { type: 'openai', credentials })
const [friend, stranger] = ['b', 'c'].map((letter) => `prk_live_${letter.repeat(43)}`) as [string, string]
const SOURCE = {
  providers: [
    provider('east'),
    provider('west'),
    sourceProvider('plain', `http://127.0.0.1:${vendor.port}/chat`, {
      credentials: [{ id: 'plain', secret: 'plain', weight: 1, expiresAt: null }],
    }),
  ],
  keys: [
    sourceKey(SECRET, { name: 'first', team: 'search' }),
    sourceKey(friend, { name: 'friend', team: 'search' }),
    sourceKey(stranger, { name: 'stranger', team: 'sales' }),
  ],
  aliases: [
    {
      name: 'both',
      strategy: 'weighted',
      targets: [
        { provider: 'east', model: 'm' },
        { provider: 'west', model: 'm' },
      ],
    },
    {
      name: 'mixed',
      strategy: 'weighted',
      targets: [
        { provider: 'east', model: 'm' },
        { provider: 'plain', model: 'm' },
      ],
    },
  ],
}
const gateway = startTestGateway(SOURCE)
afterAll(async () => {
  await gateway.stop()
  await vendor.stop(true)
})
beforeEach(() => void (seen.length = 0))

const ask = (body: object, secret = SECRET) =>
  gateway.post(
    '/v1/responses',
    { model: 'both', input: 'q', ...body },
    { headers: { authorization: `Bearer ${secret}` } },
  )

test.each([{ stream: false }, { stream: true }])(
  'a response is continued where it was made: %p',
  async ({ stream }) => {
    for (let round = 0; round < 10; round++) {
      seen.length = 0
      const text = await (await ask({ stream })).text()
      const id = /resp_\d+/.exec(text)![0]
      for (const secret of [SECRET, friend]) {
        const next = await ask({ previous_response_id: id, stream }, secret)
        expect([next.status, /resp_\d+/.test(await next.text())]).toEqual([200, true])
      }
      expect(new Set(seen).size).toBe(1)
      for (const model of ['both', 'east/m']) {
        const refused = await ask({ previous_response_id: id, model }, stranger)
        expect([refused.status, ((await refused.json()) as any).error.param]).toEqual([400, 'previous_response_id'])
      }
      expect(seen).toHaveLength(3)
    }
  },
)

test('what nobody knows is refused, wherever it could have been made', async () => {
  for (const [state, field] of [
    [{ previous_response_id: 'resp_x' }, 'previous_response_id'],
    [{ conversation: 'conv_x' }, 'conversation'],
    [{ conversation: { id: 'conv_x' } }, 'conversation'],
    [{ input: [{ type: 'item_reference', id: 'msg_x' }] }, 'input[0].id'],
    [{ input: [{ role: 'user', content: 'q' }, { id: 'msg_x' }] }, 'input[1].id'],
    [{ input: [{ type: 'reasoning', id: 'rs_x', summary: [] }] }, 'input[0].id'],
    [{ input: [{ type: 'image_generation_call', id: 'ig_x' }] }, 'input[0].id'],
    [{ tools: [{ type: 'code_interpreter', container: 'cntr_x' }] }, 'tools[0].container'],
  ] as const)
    for (const model of ['both', 'west/m']) {
      const refused = await ask({ ...state, model })
      expect([refused.status, ((await refused.json()) as any).error.param, seen]).toEqual([400, field, []])
    }
})

test('items that carry what they say need no memory', async () => {
  const input = [
    { type: 'message', id: 'msg_x', role: 'assistant', content: [{ type: 'output_text', text: 'a' }] },
    { type: 'reasoning', id: 'rs_x', summary: [], encrypted_content: 'sealed' },
    { type: 'function_call', id: 'fc_x', call_id: 'c', name: 'n', arguments: '{}' },
  ]
  expect((await ask({ input, store: false })).status).toBe(200)
})

test.each([{ stream: false }, { stream: true }])('items belong to those who had them made: %p', async ({ stream }) => {
  for (let round = 0; round < 5; round++) {
    seen.length = 0
    const text = await (await ask({ stream })).text()
    const [message] = /msg_\d+/.exec(text)!
    const [container] = /cntr_\d+/.exec(text)!
    const uses = [
      { input: [{ type: 'item_reference', id: message }] },
      {
        input: [{ type: 'message', id: message, role: 'assistant', content: 'a' }],
        model: `${seen[0]!.split(' ')[0]}/m`,
      },
      { tools: [{ type: 'code_interpreter', container }] },
    ]
    for (const use of uses) {
      expect((await ask(use)).status).toBe(200)
      expect((await ask(use, friend)).status).toBe(200)
      expect((await ask(use, stranger)).status).toBe(400)
    }
    expect(new Set(seen.map((line) => line.split(' ')[0])).size).toBe(1)
    expect(seen).toHaveLength(7)
  }
})

test('sealed thoughts go first to where they were made; other items go anywhere', async () => {
  const text = await (await ask({})).text()
  const place = seen[0]!.split(' ')[0]
  const thought = { type: 'reasoning', id: /rs_\d+/.exec(text)![0], summary: [], encrypted_content: 'sealed' }
  const message = { type: 'message', id: /msg_\d+/.exec(text)![0], role: 'assistant', content: 'a' }
  seen.length = 0
  for (let round = 0; round < 10; round++) expect((await ask({ input: [thought, message] })).status).toBe(200)
  expect(new Set(seen.map((line) => line.split(' ')[0]))).toEqual(new Set([place]))
  for (let round = 0; round < 40; round++) expect((await ask({ input: [message] })).status).toBe(200)
  expect(new Set(seen.map((line) => line.split(' ')[0])).size).toBe(2)
})

test('what two places made cannot be used together', async () => {
  const made = async (model: string) => /resp_\d+/.exec(await (await ask({ model })).text())![0]
  const [east, west] = [await made('east/m'), await made('west/m')]
  const item = west.replace('resp', 'msg')
  const refused = await ask({ previous_response_id: east, input: [{ type: 'item_reference', id: item }] })
  expect([refused.status, ((await refused.json()) as any).error.param]).toEqual([400, 'input[0].id'])
  expect((await ask({ previous_response_id: east, model: 'west/m' })).status).toBe(400)
})

describe('places without memory', () => {
  const summary = { type: 'reasoning', id: 'rs_x', summary: [{ type: 'summary_text', text: 's' }] }

  test('may see items in part; places with a memory may not', async () => {
    for (let round = 0; round < 10; round++) expect((await ask({ model: 'mixed', input: [summary] })).status).toBe(200)
    expect(new Set(seen)).toEqual(new Set(['chat Bearer plain']))
    expect((await ask({ model: 'plain/m', input: [summary] })).status).toBe(200)
  })

  test.each([
    [{ input: [{ type: 'item_reference', id: 'msg_x' }] }, 'input[0].id'],
    [{ previous_response_id: 'resp_x' }, 'previous_response_id'],
    [{ conversation: { id: 'conv_x' } }, 'conversation'],
  ])('cannot go on with %j', async (state, field) => {
    const refused = await ask({ ...state, model: 'plain/m' })
    expect([refused.status, ((await refused.json()) as any).error.param, seen]).toEqual([400, field, []])
  })
})

test('an operator may let unknown ids through where one place alone can have made them; known ones stay with their owner', async () => {
  const open = startTestGateway({ ...SOURCE, traffic: Configuration.parse({ responses: { unknown_ids: 'allow' } }) })
  const say = async (body: object, secret = SECRET) =>
    await open.post(
      '/v1/responses',
      { input: 'q', model: 'west/m', ...body },
      { headers: { authorization: `Bearer ${secret}` } },
    )
  expect((await say({ previous_response_id: 'resp_x' })).status).toBe(200)
  expect((await say({ previous_response_id: 'resp_x', model: 'both' })).status).toBe(400)
  expect((await say({ conversation: 'conv_x' })).status).toBe(200)
  expect((await say({ conversation: 'conv_x', model: 'both' }, friend)).status).toBe(200)
  expect((await say({ conversation: 'conv_x' }, stranger)).status).toBe(400)
  const [id] = /resp_\d+/.exec(await (await say({})).text())!
  expect((await say({ previous_response_id: id }, stranger)).status).toBe(400)
  await open.stop()
})

describe('the memory', () => {
  const origin = { tenant: 't', provider: 'p', model: 'm', credential: null }

  test('waits for news of other processes, but not for long', async () => {
    const origins = new Origins()
    expect(origins.search(['resp_1'], 't')).toBeUndefined()
    origins.newsMs = 50
    const search = origins.search(['resp_1'], 't')
    origins.apply({ ...origin, ids: ['resp_1', 'msg_1'] })
    expect(await search).toBe(true)
    expect([origins.find('msg_1'), origins.search(['resp_1', 'msg_1'], 't')]).toEqual([origin, undefined])
    const before = performance.now()
    await origins.search(['resp_1'], 'stranger')
    const theirs = performance.now() - before
    await origins.search(['resp_2'], 'stranger')
    // What is another's takes as long as what nobody made.
    expect(theirs).toBeGreaterThanOrEqual(45)
    expect(origins.find('resp_2')).toBeUndefined()
  })

  test('is bounded: the oldest go', () => {
    const origins = new Origins(3)
    for (const id of ['a', 'b', 'c', 'a', 'd']) origins.apply({ ...origin, ids: [id] })
    expect(['a', 'b', 'c', 'd'].filter((id) => origins.find(id))).toEqual(['a', 'c', 'd'])
  })

  test('tells all it knows to a process that begins, in the same order', () => {
    const origins = new Origins()
    const due = { call: 'c', usage: null, cost_micros: 0 } as unknown as Due
    for (let index = 0; index < 1_200; index++)
      origins.apply({
        ...origin,
        tenant: index % 700 === 0 ? 'a' : 'b',
        ids: [`resp_${index}`, `msg_${index}`],
        ...(index % 400 === 1 ? { due } : {}),
      })
    const other = new Origins()
    const all = [...origins.all()]
    for (const made of all) other.apply(made)
    expect(all.length).toBeLessThan(15)
    expect([...other.all()]).toEqual(all)
    for (const id of ['resp_0', 'msg_700', 'msg_1199']) expect(other.find(id)).toEqual(origins.find(id)!)
    expect([1, 401, 801, 2].map((index) => other.dueFor(`resp_${index}`))).toEqual([due, due, due, undefined])
  })

  test('calls nothing unknown before it has read what earlier processes knew', async () => {
    const { origins } = gateway.gateway.traffic
    origins.ready = false
    const answer = await ask({ previous_response_id: 'resp_x' })
    expect([answer.status, answer.headers.has('retry-after')]).toEqual([503, true])
    origins.ready = true
  })

  test('asks a shared one, and calls nothing unknown while that cannot be asked', async () => {
    const { origins } = gateway.gateway.traffic
    const tenant = JSON.stringify(['search', null])
    let away = false
    origins.shared = {
      get: async (ids) => {
        if (away) throw new Error('away')
        return ids.map((id) => (id === 'resp_far' ? { ...origin, tenant, provider: 'west' } : undefined))
      },
      set: () => {},
      claim: async () => true,
    }
    expect((await ask({ previous_response_id: 'resp_near' })).status).toBe(400)
    away = true
    expect((await ask({ previous_response_id: 'resp_far' })).status).toBe(503)
    away = false
    expect((await ask({ previous_response_id: 'resp_far' }, stranger)).status).toBe(400)
    expect((await ask({ previous_response_id: 'resp_far' })).status).toBe(200)
    origins.shared = undefined
  })
})

describe('the cache', () => {
  const cached = startTestGateway({
    ...SOURCE,
    traffic: Configuration.parse({ cache: { rules: [{ for: {}, scope: 'team', share: true }] } }),
  })
  afterAll(() => cached.stop())
  const twice = async (body: object) => {
    const statuses: number[] = []
    for (let round = 0; round < 2; round++) {
      const answer = await cached.post('/v1/responses', { model: 'east/m', input: 'q', ...body })
      await answer.text()
      statuses.push(answer.status)
      expect(answer.headers.get('x-portreeve-cache')).toBeNull()
    }
    return statuses
  }

  test('never answers what is kept, continued or still worked on', async () => {
    const first = (await (await cached.post('/v1/responses', { model: 'east/m', input: 'q' })).json()) as any
    for (const body of [
      {},
      { store: true },
      { store: false, background: true },
      { store: false, previous_response_id: first.id },
      { store: false, input: [{ type: 'item_reference', id: first.output[1].id }] },
    ])
      expect(await twice(body)).toEqual([200, 200])
    expect(await twice({ store: false, conversation: 'conv_x' })).toEqual([400, 400])
    const chat = { model: 'plain/m', messages: [{ role: 'user', content: 'a' }], store: true }
    for (let round = 0; round < 2; round++)
      expect((await cached.post('/v1/chat/completions', chat)).headers.get('x-portreeve-cache')).toBeNull()
  })

  test('answers what leaves nothing behind', async () => {
    const body = { model: 'east/m', input: 'q', store: false }
    for (const how of ['miss', 'hit'])
      expect((await cached.post('/v1/responses', body)).headers.get('x-portreeve-cache')).toBe(how)
  })
})
