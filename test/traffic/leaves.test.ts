import { afterEach, expect, test } from 'bun:test'
import { Configuration } from '../../src/contract/configuration.ts'
import { LocalBank } from '../../src/quota/bank.ts'
import type { FaultName } from '../fake-vendor/faults.ts'
import { chunk, gzipped } from '../fake-vendor/steps.ts'
import { FakeVendor } from '../fake-vendor/vendor.ts'
import { sourceProvider, startTestGateway, type TestGateway } from '../helpers/gateway.ts'

const timeouts = { connect_ms: 1_000, first_byte_ms: 1_000, idle_ms: 1_000, total_ms: 5_000 }
const first = new FakeVendor()
const second = new FakeVendor()
const open: { stop: () => unknown }[] = []
afterEach(async () => {
  first.reset()
  second.reset()
  for (const thing of open.splice(0)) await thing.stop()
})

function start(traffic: object = {}): TestGateway {
  const place = (provider: string) => ({ provider, model: 'm' })
  const gateway = startTestGateway({
    providers: [
      sourceProvider('first', `${first.origin}/v1`, { timeouts }),
      sourceProvider('second', `${second.origin}/v1`, { timeouts }),
    ],
    aliases: [
      { name: 'both', strategy: 'priority', targets: [place('first')], fallbacks: [place('second')] },
      {
        name: 'continued',
        strategy: 'priority',
        targets: [place('first')],
        fallbacks: [{ ...place('second'), continues_prefix: true }],
        continue_streams: true,
      },
      { name: 'mirrored', targets: [place('first')], mirror: { ...place('second'), percent: 100 } },
    ],
    prices: ['first', 'second'].map((provider) => ({ provider, model: 'm', input: 1_000_000, output: 1_000_000 })),
    traffic: Configuration.parse({
      limits: [{ name: 'slots', in_flight: 100 }],
      budgets: [{ name: 'money', amount_micros: 1_000_000_000 }],
      ...traffic,
    }),
  })
  open.push(gateway)
  return gateway
}

const ask = (gateway: TestGateway, model: string, stream: boolean, init: RequestInit = {}) =>
  gateway.post('/v1/chat/completions', { model, stream, max_tokens: 64, messages: [] }, init)

/** Lets the loop that clients, gateway and vendors share go round. */
async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => void setImmediate(resolve))
}

const HEAD = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n'
/** What the gateway still holds for calls. */
function heldBy({ gateway }: TestGateway) {
  const { traffic } = gateway
  const meter = (id: string) => (traffic.bank as LocalBank).find(id)
  const now = Date.now()
  const money = meter('budget|money|month')
  return {
    inFlight: gateway.inFlight,
    exchanges: gateway.pool.active,
    slots: meter('limit|slots|in_flight')?.used(now) ?? 0,
    reserved: money ? money.used(now) - (money.spent?.(now) ?? 0) : 0,
    atTargets: traffic.health.states(now).targets.reduce((sum, { inFlight }) => sum + inFlight, 0),
  }
}
const NOTHING_HELD = { inFlight: 0, exchanges: 0, slots: 0, reserved: 0, atTargets: 0 }

test('a client that leaves while the beginning of its stream is held back', async () => {
  const gateway = start()
  first.next({ steps: () => [{ write: HEAD }, { hold: true }] })
  const leave = new AbortController()
  const answer = ask(gateway, 'both', true, { signal: leave.signal }).catch(() => 'left')
  const asked = await first.received()
  // The head is on its way through the gateway; nothing of it may reach the client yet.
  await turns(20)
  leave.abort()
  expect(await answer).toBe('left')
  expect((await asked.closed).by).toBe('peer')
  expect(await gateway.record()).toMatchObject({ status: 499, error_code: 'client_closed' })
  expect(heldBy(gateway)).toEqual(NOTHING_HELD)
  expect(second.requests).toHaveLength(0)
})

test('a stream that a webhook judges does not hold up the next call on its connection', async () => {
  const held = Promise.withResolvers<void>()
  const webhook = Bun.serve({
    port: 0,
    async fetch() {
      await held.promise
      return Response.json({ action: 'allow' })
    },
  })
  open.push(webhook)
  const gateway = start({
    guards: [{ name: 'judge', kind: 'webhook', on: ['output'], url: webhook.url.href, timeout_ms: 4_000 }],
  })
  const leave = new AbortController()
  const judged = ask(gateway, 'first/m', true, { signal: leave.signal }).catch(() => 'left')
  await (
    await first.received()
  ).played
  await turns(20)
  leave.abort()
  await judged
  held.resolve()
  await gateway.record()
  expect((await ask(gateway, 'first/m', false)).status).toBe(200)
  expect(heldBy(gateway)).toEqual(NOTHING_HELD)
})

test('a mirror whose stream cannot be read ends, and gives back what it held', async () => {
  const gateway = start()
  const answer = { contentType: 'text/event-stream', body: '', events: ['data: {"garbage\n\n'], terminalEvents: 0 }
  second.next({ steps: () => gzipped(answer) })
  expect(await (await ask(gateway, 'mirrored', true)).text()).toContain('[DONE]')
  await gateway.record(1)
  const { error_code } = gateway.records.find(({ endpoint }) => endpoint.startsWith('mirror.'))!
  expect(error_code).toBe('upstream_invalid')
  await turns(5)
  expect(heldBy(gateway)).toEqual(NOTHING_HELD)
})

/** Mebibytes of stream in each step. */
const flood = (event: string) => {
  const events = Buffer.from(event.repeat(Math.ceil(1_048_576 / event.length)))
  return { endless: Buffer.concat([Buffer.from(`${events.length.toString(16)}\r\n`), events, Buffer.from('\r\n')]) }
}
const SAYING = 'data: {"id":"c","choices":[{"index":0,"delta":{"content":"and so on"}}]}\n\n'

test.each([
  ['far more than the answer', 'answered', flood(SAYING.replace('and', 'and so on, '.repeat(90)))],
  ['more than any answer', 'waits', flood(SAYING.replace('and', 'and so on, '.repeat(90)))],
  ['nothing that counts, and no end', 'answered', flood(': nothing\n\n')],
  ['nothing that counts, in other lines', 'answered', flood(': nothing\r\n\r\n')],
  ['more behind its end', 'answered', flood('data: [DONE]\n\n')],
])('a mirror that says %s is not listened to any longer', async (what, original, endless) => {
  const gateway = start()
  const held = Promise.withResolvers<void>()
  if (original === 'waits') first.next({ steps: () => [{ write: HEAD }, { wait: held.promise }, { close: 'fin' }] })
  second.next({ steps: () => [{ write: HEAD }, endless] })
  const answer = ask(gateway, 'mirrored', true)
  expect((await (await second.received()).closed).by).toBe('peer')
  held.resolve()
  await (await answer).text()
  await gateway.record(1)
  const mirrored = gateway.records.find(({ endpoint }) => endpoint.startsWith('mirror.'))!
  const ended = what === 'more behind its end' ? null : 'mirror_stopped'
  expect(mirrored).toMatchObject({ status: 200, error_code: ended, attempts: [{ error_code: ended }] })
  if (what.includes('than')) expect(mirrored.price_source).toContain('tokens estimated')
  await turns(5)
  expect(heldBy(gateway)).toEqual(NOTHING_HELD)
  expect(gateway.problems).toEqual([])
})

test('a vendor that goes on behind the end of its answer is not listened to any longer', async () => {
  const gateway = start()
  const end = 'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
  first.next({ steps: () => [{ write: HEAD }, chunk(end), flood('data: {}\n\n')] })
  expect(await (await ask(gateway, 'first/m', true)).text()).toBe(end)
  const { by, bytesWritten } = await (await first.received()).closed
  expect(by).toBe('peer')
  expect(bytesWritten).toBeLessThan(64 * 1_048_576)
  expect(await gateway.record()).toMatchObject({ status: 200, error_code: null })
  await turns(5)
  expect(heldBy(gateway)).toEqual(NOTHING_HELD)
})

test('what comes behind the failure of a held-back stream is thrown away', async () => {
  const gateway = start()
  const failure = 'data: {"error":{"message":"no","type":"server_error"}}\n\n'
  const events = [
    failure,
    ...Array.from({ length: 20 }, () => `data: {"choices":[],"padding":"${'x'.repeat(40_000)}"}\n\n`),
  ]
  const broken = { steps: () => gzipped({ contentType: 'text/event-stream', body: '', events, terminalEvents: 0 }) }
  first.next(broken, broken)
  const response = await ask(gateway, 'both', true)
  expect(response.headers.get('x-portreeve-model')).toBe('second/m')
  expect(await response.text()).toContain('[DONE]')
  await turns(20)
  expect(heldBy(gateway)).toEqual(NOTHING_HELD)
})

test('what a compressed stream says after it died is not mixed into the one that goes on', async () => {
  const gateway = start()
  const event = (content: string) =>
    `data: {"id":"c","object":"chat.completion.chunk","model":"m","choices":[{"index":0,"delta":{"content":"${content}"}}]}\n\n`
  const failure = 'data: {"error":{"message":"no","type":"server_error"}}\n\n'
  const junk = Array.from({ length: 20 }, () => event('JUNK'.repeat(10_000)))
  const events = [event('The'), event(' harbour'), failure, ...junk]
  first.next({ steps: () => gzipped({ contentType: 'text/event-stream', body: '', events, terminalEvents: 0 }) })
  second.always({ text: 'The harbour opens at dawn.', prefix: 'continues' })
  const text = await (await ask(gateway, 'continued', true)).text()
  expect(text).not.toContain('JUNK')
  expect(text).toContain('dawn')
  expect(text).toContain('[DONE]')
  expect(heldBy(gateway)).toEqual(NOTHING_HELD)
})

test('nobody is asked for a client that left while a guard was asked', async () => {
  const held = Promise.withResolvers<void>()
  const asked = Promise.withResolvers<void>()
  const webhook = Bun.serve({
    port: 0,
    async fetch() {
      asked.resolve()
      await held.promise
      return Response.json({ action: 'allow' })
    },
  })
  open.push(webhook)
  const gateway = start({
    guards: [{ name: 'judge', kind: 'webhook', on: ['input'], url: webhook.url.href, timeout_ms: 4_000 }],
  })
  const leave = new AbortController()
  const { made } = first.connections
  const answer = ask(gateway, 'both', false, { signal: leave.signal }).catch(() => 'left')
  await asked.promise
  leave.abort()
  await answer
  await turns(20)
  held.resolve()
  expect(await gateway.record()).toMatchObject({ status: 499, error_code: 'client_closed', attempts: [] })
  await turns(20)
  expect(first.connections.made).toBe(made)
  expect(heldBy(gateway)).toEqual(NOTHING_HELD)
})

test.each<FaultName>(['none', 'no-terminal-event', 'close-delimited', 'gzip'])(
  'a stream that is held until it is whole, and then refused: %s',
  async (fault) => {
    const webhook = Bun.serve({ port: 0, fetch: () => Response.json({ action: 'allow' }) })
    open.push(webhook)
    const gateway = start({
      guards: [
        { name: 'judge', kind: 'webhook', on: ['output'], url: webhook.url.href },
        { name: 'shape', kind: 'json_schema', schema: { type: 'object' } },
      ],
    })
    first.next({ fault, text: 'no JSON' }, { fault, text: 'no JSON' })
    second.next({ fault, text: '{}' })
    expect(await (await ask(gateway, 'both', true)).text()).toContain('[DONE]')
    const { attempts } = await gateway.record()
    expect(attempts.map(({ error_code }) => error_code)).toEqual(['upstream_invalid', 'upstream_invalid', null])
    // The farewell of a vendor that ends its answers so is on its way.
    await turns(20)
    expect(heldBy(gateway)).toEqual(NOTHING_HELD)
  },
)
