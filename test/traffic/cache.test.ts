import { afterEach, describe, expect, test } from 'bun:test'
import { Configuration } from '../../src/contract/configuration.ts'
import { FakeVendor } from '../fake-vendor/vendor.ts'
import { SECRET, sourceKey, sourceProvider, startTestGateway, type TestGateway } from '../helpers/gateway.ts'

const OTHER = `prk_live_${'o'.repeat(43)}`
const vendor = new FakeVendor()
const open: TestGateway[] = []
afterEach(async () => {
  for (const gateway of open.splice(0)) await gateway.stop()
  vendor.reset()
})

function start(traffic: object): TestGateway {
  const gateway = startTestGateway({
    providers: [sourceProvider('local', `${vendor.origin}/v1`)],
    keys: [sourceKey(SECRET, { name: 'ci', team: 'a' }), sourceKey(OTHER, { name: 'other', team: 'a' })],
    prices: [{ provider: 'local', model: 'm', input: 1_000_000, output: 1_000_000 }],
    traffic: Configuration.parse(traffic),
  })
  open.push(gateway)
  return gateway
}

const BODY = { model: 'local/m', max_tokens: 64, messages: [{ role: 'user', content: 'Hi' }] }
const ask = (gateway: TestGateway, change: object = {}, secret = SECRET, headers: object = {}) =>
  gateway.post(
    '/v1/chat/completions',
    { ...BODY, ...change },
    { headers: { authorization: `Bearer ${secret}`, ...headers } },
  )

const on = { cache: { rules: [{ for: { key: 'ci' } }] } }

describe.each([false, true])('stream %p', (stream) => {
  test('the second equal request is answered from the cache, byte for byte, and costs nothing', async () => {
    const gateway = start({ ...on, budgets: [{ name: 'b', amount_micros: 1_000_000 }] })
    const first = await ask(gateway, { stream })
    expect(first.headers.get('x-portreeve-cache')).toBe('miss')
    const text = await first.text()
    const second = await gateway.post('/v1/chat/completions', {
      messages: BODY.messages,
      stream,
      model: 'local/m',
      max_tokens: 64,
    })
    expect(second.headers.get('x-portreeve-cache')).toBe('hit')
    expect(second.headers.get('content-type')).toBe(first.headers.get('content-type')!)
    expect(await second.text()).toBe(text)
    expect(vendor.requests.length).toBe(1)
    expect((await gateway.record(0)).cache).toBe('miss')
    expect(await gateway.record(1)).toMatchObject({
      cache: 'hit',
      cost_micros: 0,
      usage: null,
      provider: 'local',
      attempts: [],
    })
  })

  test('equal requests at the same time share one upstream call', async () => {
    const gateway = start(on)
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask(gateway, { stream })))
    const texts = new Set(await Promise.all(answers.map((answer) => answer.text())))
    expect(texts.size).toBe(1)
    expect(vendor.requests.length).toBe(1)
    const hows = answers.map(({ headers }) => headers.get('x-portreeve-cache'))
    expect(hows.filter((how) => how === 'miss').length).toBe(1)
    expect(hows.filter((how) => how === 'shared' || how === 'hit').length).toBe(19)
  })

  test('a failure is neither kept nor shared', async () => {
    const gateway = start(on)
    vendor.next({ fault: stream ? 'cut' : 'server-error', after: 2 })
    const [one, other] = await Promise.all([ask(gateway, { stream }), ask(gateway, { stream })])
    await Promise.all([one.text(), other.text()])
    expect(vendor.requests.length).toBe(2)
    expect((await ask(gateway, { stream })).headers.get('x-portreeve-cache')).toBe('hit')
  })
})

test.each<[string, object, string, object]>([
  ['another key', {}, OTHER, {}],
  ['another question', { messages: [{ role: 'user', content: 'Ho' }] }, SECRET, {}],
  ['a stream', { stream: true }, SECRET, {}],
  ['a client that wants none', {}, SECRET, { 'cache-control': 'no-cache' }],
])('%s is asked upstream', async (_, change, secret, headers) => {
  const gateway = start(on)
  await (await ask(gateway)).text()
  await (await ask(gateway, change, secret, headers)).text()
  expect(vendor.requests.length).toBe(2)
})

test('those who waited for a failure do not wait for one another', async () => {
  const gateway = start(on)
  const held = Promise.withResolvers<void>()
  const failing = { steps: () => [{ wait: held.promise }, { close: 'reset' as const }] }
  vendor.next(failing)
  const asked = Array.from({ length: 5 }, () => ask(gateway))
  await vendor.received(0)
  while (gateway.gateway.inFlight < 5) await Bun.sleep(1)
  const again = Promise.withResolvers<void>()
  vendor.always({ steps: () => [{ wait: again.promise }, { close: 'reset' }] })
  held.resolve()
  // All four are at the vendor at once: one after the other they would never be, for each is held there.
  await vendor.received(4)
  again.resolve()
  expect((await Promise.all(asked)).map(({ status }) => status)).toEqual([502, 502, 502, 502, 502])
})

test('a header that decides on the target parts answers', async () => {
  const gateway = startTestGateway({
    providers: [sourceProvider('local', `${vendor.origin}/v1`)],
    keys: [sourceKey(SECRET, { name: 'ci' })],
    aliases: [
      {
        name: 'tiered',
        targets: [
          { provider: 'local', model: 'gold', when: { headers: { 'x-tier': 'gold' } } },
          { provider: 'local', model: 'm', priority: 1 },
        ],
      },
    ],
    traffic: Configuration.parse(on),
  })
  open.push(gateway)
  const served = async (headers: object) =>
    (await ask(gateway, { model: 'tiered' }, SECRET, headers)).headers.get('x-portreeve-model')
  expect(await served({})).toBe('local/m')
  expect(await served({ 'x-tier': 'gold' })).toBe('local/gold')
  expect(await served({ 'x-tier': 'gold', 'x-other': '1' })).toBe('local/gold')
  expect(vendor.requests.length).toBe(2)
})

test('what a client asks of Anthropic’s betas parts answers', async () => {
  const gateway = start(on)
  const how = async (beta: string) => {
    const headers = { 'anthropic-beta': beta }
    return (await gateway.post('/v1/messages', BODY, { headers })).headers.get('x-portreeve-cache')
  }
  expect([await how('one'), await how('two'), await how('one')]).toEqual(['miss', 'miss', 'hit'])
})

test('a leader that leaves does not take the others with it', async () => {
  const gateway = start(on)
  vendor.next({ fault: 'silence' })
  const controller = new AbortController()
  const leader = gateway.post('/v1/chat/completions', BODY, { signal: controller.signal }).catch(() => undefined)
  await vendor.received(0)
  const follower = ask(gateway)
  await Bun.sleep(20)
  controller.abort()
  await leader
  expect((await follower).status).toBe(200)
})
