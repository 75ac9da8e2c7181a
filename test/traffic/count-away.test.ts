// Limits and budgets whose count all nodes share, while nobody can reach it.
import { afterAll, beforeEach, expect, test } from 'bun:test'
import { Configuration } from '../../src/contract/configuration.ts'
import { TrafficState } from '../../src/gateway/traffic.ts'
import { LeasedBank, type Grant, type LeaseSource } from '../../src/quota/lease.ts'
import { LeaseAuthority, openWorkerBank } from '../../src/quota/lease-ipc.ts'
import type { MeterSpec } from '../../src/quota/meter.ts'
import { FakeVendor } from '../fake-vendor/vendor.ts'
import { sourceProvider, startTestGateway } from '../helpers/gateway.ts'

const vendor = new FakeVendor()
const AWAY: Grant = { granted: 0, ticket: 0, used: 0, spent: 0, waitMs: 1_000, resetMs: 1_000, cut: true }
let isAway = true
const source: LeaseSource = {
  holdMs: 1,
  share: 0.01,
  ask: (_: MeterSpec, need) => Promise.resolve(isAway ? AWAY : { ...AWAY, cut: false, granted: need, waitMs: 0 }),
  settle: () => {},
}
const parent = new LeasedBank(source)
const authority = new LeaseAuthority(parent)
const worker = openWorkerBank((message) => queueMicrotask(() => authority.receive(1, message)))
authority.join(1, (message) => queueMicrotask(() => worker.receive(message)))

const traffic = Configuration.parse({
  limits: [
    { name: 'calls', requests_per_minute: 60, for: { model: 'limited/m' } },
    { name: 'far', requests_per_minute: 60, for: { provider: 'far' } },
  ],
  budgets: [{ name: 'money', amount_micros: 1_000_000, wait_ms: 0, for: { model: 'paid/m' } }],
})
const names = ['limited', 'paid', 'far', 'near']
const start = (bank: LeasedBank) =>
  startTestGateway(
    {
      providers: names.map((id) => sourceProvider(id, `${vendor.origin}/v1`)),
      prices: names.map((provider) => ({ provider, model: 'm', input: 1_000_000, output: 1_000_000 })) as never,
      aliases: [
        {
          name: 'both',
          strategy: 'priority',
          targets: [{ provider: 'far', model: 'm' }],
          fallbacks: [{ provider: 'near', model: 'm' }],
        },
      ],
      traffic,
    },
    {},
    undefined,
    new TrafficState(bank),
  )
const gateways = { alone: start(new LeasedBank(source)), worker: start(worker.bank) }
afterAll(async () => {
  for (const gateway of Object.values(gateways)) await gateway.stop()
  await vendor.stop()
})
beforeEach(() => {
  isAway = true
  vendor.reset()
  for (const { records } of Object.values(gateways)) records.length = 0
})

const messages = [{ role: 'user', content: 'hi' }]
type Place = keyof typeof gateways
const CASES: readonly (readonly [Place, string, object, string])[] = (['alone', 'worker'] as const).flatMap((place) => [
  [place, 'limited/m', {}, 'limit "calls"'],
  [place, 'far/m', {}, 'limit "far"'],
  [place, 'paid/m', { max_tokens: 10 }, 'budget "money"'],
  [place, 'paid/m', {}, 'budget "money"'],
])

test.each(CASES)('%s, %s %j: it is said that nobody can count', async (place, model, change, what) => {
  const gateway = gateways[place]
  const response = await gateway.post('/v1/chat/completions', { model, messages, ...change })
  const { error } = (await response.json()) as { error: { message: string; code: string; type: string } }
  expect([response.status, error.code, error.type]).toEqual([503, 'limits_unavailable', 'api_error'])
  expect(error.message).toStartWith(
    `${what} cannot be counted while the counters that nodes share are away; try again in 1`,
  )
  const { headers } = response
  expect(headers.get('retry-after')).toMatch(/^[12]$/)
  expect(headers.get('x-should-retry')).toBe('true')
  expect([...headers.keys()].filter((name) => name.startsWith('x-ratelimit') || name === 'ratelimit')).toEqual([])
  expect((await gateway.record()).error_code).toBe('limits_unavailable')
  expect(vendor.requests).toHaveLength(0)
})

test.each(['alone', 'worker'] as const)('%s: it is counted again when it can be', async (place) => {
  const gateway = gateways[place]
  const ask = () => gateway.post('/v1/chat/completions', { model: 'limited/m', messages })
  expect((await ask()).status).toBe(503)
  isAway = false
  // A refusal is believed for a moment.
  let status = 503
  while (status === 503) status = (await ask()).status
  expect(status).toBe(200)
})

test('another target that nobody counts takes the call', async () => {
  const response = await gateways.alone.post('/v1/chat/completions', { model: 'both', messages })
  expect([response.status, response.headers.get('x-portreeve-model')]).toEqual([200, 'near/m'])
})
