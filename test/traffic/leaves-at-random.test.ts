import type { Socket } from 'bun'
import { afterAll, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { Configuration } from '../../src/contract/configuration.ts'
import { LocalBank } from '../../src/quota/bank.ts'
import { FAULTS, type FaultName } from '../fake-vendor/faults.ts'
import { openaiChat } from '../fake-vendor/openai-chat.ts'
import type { VendorRequest } from '../fake-vendor/request.ts'
import { FakeVendor } from '../fake-vendor/vendor.ts'
import { sourceKey, sourceProvider, startTestGateway } from '../helpers/gateway.ts'

const timeouts = { connect_ms: 1_000, first_byte_ms: 150, idle_ms: 150, total_ms: 1_000 }
const vendors = { first: new FakeVendor(), second: new FakeVendor() }
const webhook = Bun.serve({
  port: 0,
  async fetch(request) {
    await request.text()
    await Bun.sleep(5)
    return Response.json({ action: 'allow' })
  },
})

/** What a request's own text says that this vendor shall do with it. */
const script = (name: keyof typeof vendors) => ({
  steps(request: VendorRequest) {
    const fault = (new RegExp(`${name}=([a-z0-9-]+)`).exec(request.text)?.[1] ?? 'none') as FaultName
    return FAULTS[fault].steps(
      openaiChat.answer(request, { prefix: 'continues' }),
      { wait: 10, bytes: 400_000 },
      openaiChat,
    )
  },
})
vendors.first.always(script('first'))
vendors.second.always(script('second'))

const place = (provider: string) => ({ provider, model: 'm' })
const KEYS = ['plain', 'guarded', 'cached', 'tight'] as const
const secretOf = (name: string) => `prk_live_${name.padEnd(43, 'x')}`
const NAMES = ['both', 'continued', 'mirrored', 'first/m'] as const
const gateway = startTestGateway({
  keys: KEYS.map((name) => sourceKey(secretOf(name), { name })),
  providers: [
    sourceProvider('first', `${vendors.first.origin}/v1`, { timeouts }),
    sourceProvider('second', `${vendors.second.origin}/v1`, { timeouts }),
  ],
  aliases: [
    {
      name: 'both',
      strategy: 'priority',
      targets: [place('first')],
      fallbacks: [place('second')],
      retries: { attempts: 2, backoff_ms: 10 },
    },
    {
      name: 'continued',
      strategy: 'priority',
      targets: [place('first')],
      fallbacks: [{ ...place('second'), continues_prefix: true }],
      continue_streams: true,
      retries: { attempts: 1 },
    },
    { name: 'mirrored', targets: [place('first')], mirror: { ...place('second'), percent: 100 } },
  ],
  prices: ['first', 'second'].map((provider) => ({ provider, model: 'm', input: 1_000_000, output: 1_000_000 })),
  traffic: Configuration.parse({
    limits: [
      { name: 'slots', in_flight: 100 },
      { name: 'at-first', for: { provider: 'first' }, in_flight: 20 },
    ],
    budgets: [
      { name: 'money', amount_micros: 1_000_000_000_000 },
      // Room for a few calls at a time: the others wait for what these give back.
      { name: 'tight', for: { key: 'tight' }, amount_micros: 1_000_000_000, wait_ms: 100 },
    ],
    cache: { rules: [{ for: { key: 'cached' } }] },
    guards: [
      {
        name: 'judge',
        kind: 'webhook',
        for: { key: 'guarded' },
        on: ['input', 'output'],
        url: webhook.url.href,
        timeout_ms: 1_000,
      },
    ],
  }),
})
afterAll(async () => {
  await gateway.stop()
  await Promise.all([vendors.first.stop(), vendors.second.stop(), webhook.stop(true)])
})

/** How long a client stays: not until its request is whole, for some turns of the loop, or until some bytes of the answer came. */
type Leaving = { readonly after: 'half' | 'turns' | 'bytes'; readonly count: number; readonly says: boolean }
type Planned = {
  readonly key: (typeof KEYS)[number]
  readonly model: (typeof NAMES)[number]
  readonly stream: boolean
  readonly first: FaultName
  readonly second: FaultName
  /** Reads nothing of its answer. */
  readonly deaf: boolean
  readonly leaving: Leaving | null
}

const fault = fc.constantFrom<FaultName>(
  'none',
  'none',
  'silence',
  'slow-headers',
  'slow-first-token',
  'server-error',
  'rate-limited',
  'reset-before-headers',
  'cut',
  'stall',
  'garbage-chunk',
  'error-in-200',
  'truncated',
  'gzip',
  'big-event',
  'endless-stream',
  'idle-close',
)
const planned: fc.Arbitrary<Planned> = fc.record({
  key: fc.constantFrom(...KEYS),
  model: fc.constantFrom(...NAMES),
  stream: fc.boolean(),
  first: fault,
  second: fault,
  deaf: fc.integer({ min: 0, max: 3 }).map((dice) => dice === 0),
  leaving: fc.option(
    fc.record({
      after: fc.constantFrom('half' as const, 'turns' as const, 'bytes' as const),
      count: fc.integer({ min: 0, max: 60 }),
      says: fc.boolean(),
    }),
    { freq: 5 },
  ),
})

const turn = () => new Promise((resolve) => void setImmediate(resolve))

/** Makes one call; resolves when it is answered, or when its client is gone. */
async function make({ key, model, stream, first, second, deaf, leaving }: Planned): Promise<void> {
  const body = JSON.stringify({
    model,
    stream,
    // A vendor that never ends is left in time.
    max_tokens: 100_000_000,
    messages: [{ role: 'user', content: `first=${first} second=${second}` }],
  })
  const head = `POST /v1/chat/completions HTTP/1.1\r\nhost: h\r\nconnection: close\r\nauthorization: Bearer ${secretOf(key)}\r\ncontent-length: ${body.length}\r\n\r\n`
  const gone = Promise.withResolvers<void>()
  let bytes = 0
  const leave = (socket: Socket) => (leaving?.says ? socket.end() : socket.terminate())
  const socket = await Bun.connect({
    hostname: '127.0.0.1',
    port: gateway.port,
    socket: {
      data(socket, chunk) {
        bytes += chunk.length
        if (leaving?.after === 'bytes' && bytes > leaving.count * 20) leave(socket)
        else if (deaf && leaving) socket.pause()
      },
      end: (socket) => void socket.end(),
      close: () => gone.resolve(),
      error: () => {},
    },
  })
  socket.write(leaving?.after === 'half' ? head + body.slice(0, leaving.count) : head + body)
  if (leaving && leaving.after !== 'bytes') {
    for (let count = leaving.count; count > 0; count--) await turn()
    leave(socket)
  }
  // Who waits for bytes that never come, or reads what never ends, leaves too.
  const patience = setTimeout(() => socket.terminate(), 700)
  await gone.promise
  clearTimeout(patience)
}

/** What the gateway still holds for calls. */
function held() {
  const { traffic, pool, inFlight, snapshot } = gateway.gateway
  const bank = traffic.bank as LocalBank
  const now = Date.now()
  const { targets, credentials } = traffic.health.states(now)
  const { answers, budgets } = traffic.for(snapshot())
  const counts: Record<string, number> = { inFlight, exchanges: pool.active, reservations: budgets.openCount }
  counts['shared answers'] = answers!.running.size
  for (const { provider, inFlight } of targets) counts[`at ${provider}`] = inFlight
  for (const [provider, all] of Object.entries(credentials))
    for (const { id, inFlight } of all) counts[`${provider} ${id}`] = inFlight
  for (const [id, meter] of bank.entries()) counts[id] = meter.used(now) - (meter.spent?.(now) ?? 0)
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count !== 0))
}

async function ask(model: string): Promise<number> {
  const headers = { authorization: `Bearer ${secretOf('plain')}` }
  const response = await gateway.post('/v1/chat/completions', { model, max_tokens: 9, messages: [] }, { headers })
  await response.text()
  return response.status
}

test('whenever clients leave, whatever vendors do: everything is given back', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(planned, { minLength: 10, maxLength: 40 }), async (plans) => {
      await Promise.all(plans.map(make))
      const end = performance.now() + 4_000
      while (Object.keys(held()).length > 0 && performance.now() < end) await Bun.sleep(5)
      expect(held()).toEqual({})
    }),
    { numRuns: 16, endOnFailure: true },
  )
  expect(gateway.problems).toEqual([])
  expect(gateway.records.filter(({ error_code }) => error_code === 'client_closed').length).toBeGreaterThan(50)
  // A key that its vendor limited rests as long as the vendor said, and comes back by one call: whoever left meanwhile.
  for (const model of ['first/m', 'second/m']) {
    const rested = performance.now() + 30_000
    while ((await ask(model)) !== 200 && performance.now() < rested) await Bun.sleep(20)
  }
  // Nothing that was left behind stands in the way of those who come now.
  const answers = await Promise.all(Array.from({ length: 80 }, (_, index) => ask(index < 20 ? 'first/m' : 'second/m')))
  expect(new Set(answers)).toEqual(new Set([200]))
}, 120_000)
