import { afterAll, beforeEach, expect, test } from 'bun:test'
import { Origins } from './origins.ts'
import { SECRET, sourceKey, sourceProvider, startTestGateway } from '../../test/helpers/gateway.ts'

const seen: string[] = []
let count = 0
const vendor = Bun.serve({
  port: 0,
  hostname: '127.0.0.1',
  async fetch(request) {
    const body = (await request.json()) as { stream?: boolean; model: string }
    seen.push(`${new URL(request.url).pathname.split('/')[1]} ${request.headers.get('authorization')}`)
    const response = { id: `resp_${++count}`, object: 'response', status: 'completed', model: body.model, output: [] }
    if (!body.stream) return Response.json(response)
    const event = (type: string, sequence_number: number) =>
      `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number, response })}\n\n`
    return new Response(event('response.created', 0) + event('response.completed', 1), {
      headers: { 'content-type': 'text/event-stream' },
    })
  },
})
const credentials = ['one', 'two', 'three'].map((id) => ({ id, secret: id, weight: 1, expiresAt: null }))
const provider = (id: string) =>
  sourceProvider(id, `http://127.0.0.1:${vendor.port}/${id}`, { type: 'openai', credentials })
const [friend, stranger] = ['b', 'c'].map((letter) => `prk_live_${letter.repeat(43)}`) as [string, string]
const gateway = startTestGateway({
  providers: [provider('east'), provider('west')],
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
  ],
})
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

test('what nobody knows is refused where several could have made it', async () => {
  for (const state of [
    { previous_response_id: 'resp_x' },
    { conversation: 'conv_x' },
    { conversation: { id: 'conv_x' } },
  ])
    expect((await ask(state)).status).toBe(400)
  expect(seen).toEqual([])
  expect((await ask({ previous_response_id: 'resp_x', model: 'west/m' })).status).toBe(200)
})

test('news of another process are waited for, but not for long', async () => {
  const origins = new Origins()
  expect(origins.news('resp_1')).toBeUndefined()
  origins.publish = () => {}
  const news = origins.news('resp_1')
  const origin = { tenant: 't', provider: 'p', model: 'm', credential: null }
  origins.apply({ id: 'resp_1', origin })
  await news
  expect([origins.find('resp_1'), origins.news('resp_1')]).toEqual([origin, undefined])
  await origins.news('resp_2')
  expect(origins.find('resp_2')).toBeUndefined()
})
