import { afterEach, describe, expect, test } from 'bun:test'
import { Alias } from '../../src/contract/alias.ts'
import { Configuration } from '../../src/contract/configuration.ts'
import { Breaker } from '../../src/contract/routing.ts'
import { FakeVendor } from '../fake-vendor/vendor.ts'
import { SECRET, sourceKey, sourceProvider, startTestGateway, type TestGateway } from '../helpers/gateway.ts'

const OTHER = `prk_live_${'o'.repeat(43)}`
const CALLER = { key: 'ci', team: 'a', application: null, end_user: null, provider: null }
const vendor = new FakeVendor()
const open: TestGateway[] = []
afterEach(async () => {
  for (const gateway of open.splice(0)) await gateway.stop()
  vendor.reset()
})

function start(traffic: object, more: object = {}): TestGateway {
  const gateway = startTestGateway({
    providers: [sourceProvider('local', `${vendor.origin}/v1`), sourceProvider('spare', `${vendor.origin}/v1`)],
    aliases: [
      {
        name: 'both',
        strategy: 'priority',
        targets: [
          { provider: 'local', model: 'm' },
          { provider: 'spare', model: 'm' },
        ],
      },
    ],
    keys: [sourceKey(SECRET, { name: 'ci', team: 'a' }), sourceKey(OTHER, { name: 'other', team: 'b' })],
    prices: [{ provider: 'local', model: 'm', input: 1_000_000, output: 1_000_000 }],
    traffic: Configuration.parse(traffic),
    ...more,
  })
  open.push(gateway)
  return gateway
}

const ask = (gateway: TestGateway, change: object = {}, secret = SECRET, path = '/v1/chat/completions') =>
  gateway.post(
    path,
    { model: 'local/m', messages: [{ role: 'user', content: 'Hi' }], max_tokens: 64, ...change },
    { headers: { authorization: `Bearer ${secret}` } },
  )

async function statuses(calls: Promise<Response>[]): Promise<Record<number, number>> {
  const counts: Record<number, number> = {}
  for (const response of await Promise.all(calls)) {
    counts[response.status] = (counts[response.status] ?? 0) + 1
    await response.text()
  }
  return counts
}

describe('limits', () => {
  test('calls beyond the limit are refused with the limit, the rest and the time', async () => {
    const gateway = start({ limits: [{ name: 'each-key', per: ['key'], requests_per_minute: 3 }] })
    const first = await ask(gateway)
    expect(first.headers.get('x-ratelimit-limit-requests')).toBe('3')
    expect(first.headers.get('x-ratelimit-remaining-requests')).toBe('2')
    expect(first.headers.get('ratelimit-policy')).toBe('"each-key-requests-60s";q=3;w=60')
    expect(first.headers.get('ratelimit')).toMatch(/^"each-key-requests-60s";r=2;t=6[01]$/)
    await statuses([ask(gateway), ask(gateway)])
    const refused = await ask(gateway)
    expect(refused.status).toBe(429)
    const { error } = (await refused.json()) as { error: Record<string, string> }
    expect(error).toMatchObject({ code: 'rate_limit_exceeded', type: 'rate_limit_error', param: null })
    expect(error['message']).toStartWith(
      'limit "each-key" allows 3 requests a minute, all of them are used; try again in',
    )
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(50)
    expect(Number(refused.headers.get('retry-after-ms'))).toBeLessThan(60_600)
    expect(refused.headers.get('x-ratelimit-remaining-requests')).toBe('0')
    expect((await ask(gateway, {}, OTHER)).status).toBe(200)
    expect(vendor.requests.length).toBe(4)
    expect(await gateway.record(3)).toMatchObject({ status: 429, error_code: 'rate_limited', attempts: [] })
  })

  test('a call that can never fit is not told to come back', async () => {
    const gateway = start({ limits: [{ name: 'small', tokens_per_minute: 10 }] })
    const refused = await ask(gateway)
    expect(refused.status).toBe(429)
    expect(await refused.json()).toMatchObject({ error: { code: 'insufficient_quota', param: null } })
    expect(refused.headers.get('x-should-retry')).toBe('false')
    expect(refused.headers.get('retry-after')).toBeNull()
    expect(await gateway.record(0)).toMatchObject({ status: 429, error_code: 'quota_exceeded' })
  })

  test('in Anthropic’s words for its clients', async () => {
    const gateway = start({ limits: [{ name: 'l', requests_per_minute: 2 }] })
    const response = await ask(gateway, {}, SECRET, '/v1/messages')
    expect(response.headers.get('anthropic-ratelimit-requests-remaining')).toBe('1')
    expect(response.headers.get('anthropic-ratelimit-requests-reset')).toMatch(/^2\d{3}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
  })

  test('calls in flight: slots come back after answers, failures and clients that leave', async () => {
    const gateway = start({ limits: [{ name: 'l', in_flight: 4 }] })
    vendor.always({ fault: 'silence' })
    const controller = new AbortController()
    const held = Array.from({ length: 4 }, (_, index) =>
      gateway
        .post(
          '/v1/chat/completions',
          { model: 'local/m', messages: [], stream: index % 2 === 0 },
          { signal: controller.signal },
        )
        .catch(() => undefined),
    )
    await vendor.received(3)
    expect((await ask(gateway)).status).toBe(429)
    controller.abort()
    await Promise.all(held)
    vendor.always({})
    await gateway.record(4)
    expect(await statuses(Array.from({ length: 4 }, () => ask(gateway)))).toEqual({ 200: 4 })
    vendor.always({ fault: 'cut', after: 2 })
    for (let n = 0; n < 6; n++) await (await ask(gateway, { stream: true })).text()
    vendor.always({ fault: 'server-error' })
    for (let n = 0; n < 6; n++) await (await ask(gateway)).text()
    vendor.always({})
    expect(await statuses(Array.from({ length: 4 }, () => ask(gateway)))).toEqual({ 200: 4 })
  })

  test('tokens are settled on what the vendor counted', async () => {
    const gateway = start({ limits: [{ name: 'l', tokens_per_minute: 10_000 }] })
    const response = await ask(gateway, { max_tokens: 9_000 })
    const { usage } = (await response.json()) as { usage: { total_tokens: number } }
    expect(usage.total_tokens).toBeLessThan(1_000)
    const second = await ask(gateway, { max_tokens: 9_000 })
    expect(second.status).toBe(200)
    expect(second.headers.get('x-ratelimit-limit-tokens')).toBe('10000')
    const never = await ask(gateway, { max_tokens: 10_001 })
    expect(never.status).toBe(429)
    expect(never.headers.get('x-should-retry')).toBe('false')
    expect(((await never.json()) as { error: { code: string } }).error.code).toBe('insufficient_quota')
  })

  test('of an end user, by the field that names him', async () => {
    const gateway = start({ limits: [{ name: 'u', per: ['end_user'], requests_per_day: 1 }] })
    expect(await statuses(['u1', 'u1', 'u2'].map((user) => ask(gateway, { user })))).toEqual({ 200: 2, 429: 1 })
  })

  test('and as Anthropic’s clients name him', async () => {
    const gateway = start({ limits: [{ name: 'u', per: ['end_user'], requests_per_day: 1 }] })
    const as = (user_id: string) => ask(gateway, { metadata: { user_id } }, SECRET, '/v1/messages')
    expect(await statuses(['u1', 'u1', 'u2'].map(as))).toEqual({ 200: 2, 429: 1 })
  })

  test('of a provider: another target takes over, and a refusal comes when none is left', async () => {
    const gateway = start({
      limits: [
        { name: 'l', for: { provider: 'local' }, requests_per_minute: 1 },
        { name: 's', for: { provider: 'spare' }, requests_per_minute: 1 },
      ],
    })
    const models = []
    for (let n = 0; n < 2; n++) models.push((await ask(gateway, { model: 'both' })).headers.get('x-portreeve-model'))
    expect(models).toEqual(['local/m', 'spare/m'])
    const refused = await ask(gateway, { model: 'both' })
    expect(refused.status).toBe(429)
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(50)
  })
})

test('a target without a free place is passed over at once, not waited for', async () => {
  const gateway = start({ limits: [{ name: 'l', for: { provider: 'local' }, in_flight: 1 }] })
  const gate = Promise.withResolvers<void>()
  vendor.next({ fault: 'slow-headers', wait: gate.promise })
  const held = ask(gateway, { model: 'both' })
  await vendor.received()
  const second = await ask(gateway, { model: 'both' })
  expect(second.headers.get('x-portreeve-model')).toBe('spare/m')
  gate.resolve()
  expect((await held).headers.get('x-portreeve-model')).toBe('local/m')
  const record = await gateway.record()
  expect(record.provider).toBe('spare')
  // A place is waited for in steps of a second.
  expect(record.total_ms).toBeLessThan(900)
})

describe('budgets', () => {
  /** What one call of these tests costs: a micro-dollar for each token. */
  async function costOfOne(): Promise<number> {
    const gateway = start({})
    await (await ask(gateway)).text()
    return (await gateway.record()).cost_micros!
  }

  test('500 calls at once against the money for 100 overspend by nothing', async () => {
    const cost = await costOfOne()
    const amount = cost * 100
    const gateway = start({ budgets: [{ name: 'b', amount_micros: amount, period: 'month', wait_ms: 20_000 }] })
    const counts = await statuses(Array.from({ length: 500 }, () => ask(gateway)))
    const spent = gateway.records.reduce((sum, { cost_micros }) => sum + (cost_micros ?? 0), 0)
    expect(spent).toBeLessThanOrEqual(amount)
    expect(spent).toBeGreaterThan(amount * 0.9)
    expect(counts[200]! * cost).toBe(spent)
    expect(counts[200]! + counts[402]!).toBe(500)
    const refused = await ask(gateway)
    expect(refused.headers.get('x-should-retry')).toBe('false')
    expect(((await refused.json()) as { error: { message: string } }).error.message).toStartWith('budget "b": $0.0')
  }, 30_000)

  test('a stream that its client leaves is charged what was produced', async () => {
    const gateway = start({ budgets: [{ name: 'b', amount_micros: 1_000_000 }] })
    vendor.always({ fault: 'stall', after: 5 })
    const controller = new AbortController()
    const response = await gateway.post(
      '/v1/chat/completions',
      { model: 'local/m', messages: [], stream: true, max_tokens: 500 },
      { signal: controller.signal },
    )
    const reader = response.body!.getReader()
    let seen = ''
    while (seen.split('data:').length < 6) seen += new TextDecoder().decode((await reader.read()).value)
    controller.abort()
    const record = await gateway.record()
    expect(record).toMatchObject({ status: 499, error_code: 'client_closed' })
    expect(record.cost_micros).toBeGreaterThan(0)
    expect(record.cost_micros).toBeLessThan(500)
    const { budgets } = gateway.gateway.traffic.for(gateway.gateway.snapshot())
    const [state] = budgets.states({ ...CALLER, model: 'local/m' }, Date.now())
    expect(state).toMatchObject({ spentMicros: record.cost_micros!, usedMicros: record.cost_micros! })
    expect(budgets.openCount).toBe(0)
  })

  test('failures cost nothing and leave nothing reserved', async () => {
    const gateway = start({ budgets: [{ name: 'b', amount_micros: 2_000, wait_ms: 0 }] })
    vendor.always({ fault: 'server-error' })
    for (let n = 0; n < 20; n++) expect((await ask(gateway)).status).toBeGreaterThanOrEqual(500)
    vendor.always({})
    expect((await ask(gateway)).status).toBe(200)
  })

  test('an answer without a maximum of its own is cut to what there is money for', async () => {
    const gateway = start({ budgets: [{ name: 'b', amount_micros: 1_000 }] })
    const response = await gateway.post('/v1/chat/completions', { model: 'local/m', messages: [] })
    const cap = Number(response.headers.get('x-portreeve-output-cap'))
    expect(cap).toBeGreaterThan(800)
    expect((vendor.requests[0]!.json() as { max_completion_tokens: number }).max_completion_tokens).toBe(cap)
  })

  test.each<[string, object, number]>([
    ['a budget', { budgets: [{ name: 'b', amount_micros: 1, wait_ms: 0 }] }, 402],
    ['a guard', { guards: [{ name: 'g', kind: 'patterns', words: ['Hi'] }] }, 400],
  ])('what %s refuses counts as a request, and its tokens come back', async (_, rules, status) => {
    const limits = [{ name: 'l', requests_per_minute: 2, tokens_per_minute: 1_000 }]
    const gateway = start({ limits, ...rules })
    const answers = []
    for (let n = 0; n < 3; n++) answers.push(await ask(gateway, { max_tokens: 900 }))
    expect(answers.map((answer) => answer.status)).toEqual([status, status, 429])
    expect(await answers[2]!.text()).toContain('requests a minute')
  })

  test('a mirror is paid like any other call, and is left out when nobody can pay for it', async () => {
    const alias = {
      name: 'mirrored',
      targets: [{ provider: 'local', model: 'm' }],
      mirror: { provider: 'local', model: 'm', percent: 100 },
    }
    const paid = async (amount_micros: number, records: number) => {
      const budgets = [{ name: 'b', amount_micros, wait_ms: 0 }]
      const gateway = start({ budgets }, { aliases: [Alias.parse(alias)] })
      expect((await ask(gateway, { model: 'mirrored' })).status).toBe(200)
      await gateway.record(records - 1)
      const compiled = gateway.gateway.traffic.for(gateway.gateway.snapshot()).budgets
      expect(compiled.openCount).toBe(0)
      expect(gateway.gateway.inFlight).toBe(0)
      expect(gateway.records).toHaveLength(records)
      return compiled.states({ ...CALLER, model: 'mirrored' }, Date.now())[0]!.spentMicros
    }
    const cost = await costOfOne()
    expect(await paid(1_000, 2)).toBe(cost * 2)
    // Enough for what one call could cost at most, not for two.
    expect(await paid(200, 1)).toBe(cost)
  })

  test('an alias whose targets all rest is no question of money', async () => {
    const breaker = Breaker.parse({ failures: 1, rest_ms: 60_000 })
    const provider = (id: string) => sourceProvider(id, `${vendor.origin}/v1`, { breaker })
    const gateway = start(
      { budgets: [{ name: 'b', amount_micros: 1_000_000 }] },
      {
        providers: [provider('local'), provider('spare')],
        prices: ['local', 'spare'].map((id) => ({ provider: id, model: 'm', input: 1_000_000, output: 1_000_000 })),
      },
    )
    vendor.always({ fault: 'server-error' })
    const statuses = []
    for (let n = 0; n < 3; n++) statuses.push((await ask(gateway, { model: 'both' })).status)
    expect(statuses).not.toContain(402)
    const resting = await ask(gateway, { model: 'both' })
    expect(resting.status).toBe(503)
    expect(Number(resting.headers.get('retry-after'))).toBeGreaterThan(10)
  })

  test('a model without a price is refused by name', async () => {
    const gateway = start({ budgets: [{ name: 'b', amount_micros: 1_000_000 }] })
    const response = await ask(gateway, { model: 'spare/unheard-of' })
    expect(response.status).toBe(402)
    expect(((await response.json()) as { error: { message: string } }).error.message).toContain(
      'budget "b" needs a price for model "spare/unheard-of"',
    )
  })
})
