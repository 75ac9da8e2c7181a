// Mistakes of our own, thrown where a socket, a timer or a decompressor calls us: they end one call, honestly, and nothing else.
import { afterAll, afterEach, beforeEach, expect, test } from 'bun:test'
import { chunk, gzipped, head, LAST_CHUNK, type Step } from '../../test/fake-vendor/steps.ts'
import { FakeVendor } from '../../test/fake-vendor/vendor.ts'
import { sourceProvider, startTestGateway } from '../../test/helpers/gateway.ts'
import { ClientConnection } from './downstream/connection.ts'
import { StreamRelay } from './relay-stream.ts'
import { TargetUse } from './target-use.ts'
import { PassThrough } from './pass-through.ts'
import { Translation } from './transform.ts'
import { Upcall } from './upcall.ts'
import { Connection } from './upstream/connection.ts'

const vendor = new FakeVendor()
const timeouts = { connect_ms: 2_000, first_byte_ms: 2_000, idle_ms: 300, total_ms: 10_000 }
const gateway = startTestGateway(
  {
    providers: [
      sourceProvider('local', `${vendor.origin}/v1`, { timeouts }),
      sourceProvider('still', `${vendor.origin}/v1`, { timeouts: { ...timeouts, idle_ms: 60_000 } }),
    ],
    aliases: [
      {
        name: 'held',
        strategy: 'priority',
        targets: [{ provider: 'local', model: 'm' }],
        fallbacks: [{ provider: 'still', model: 'm' }],
        retries: { attempts: 1 },
      },
    ],
    prices: [{ provider: 'local', model: 'm', input: 1_000_000, output: 1_000_000 }] as never,
  },
  { keepAliveMs: 40 },
)
afterAll(async () => {
  await gateway.stop()
  await vendor.stop()
})
let faults: { readonly restore: () => void; thrown: number }[] = []
beforeEach(() => {
  vendor.reset()
  gateway.records.length = 0
  gateway.problems.length = 0
})
afterEach(() => {
  for (const { restore } of faults) restore()
  faults = []
})

class Mistake extends Error {}

/** Makes a method of a class throw: at the first call of one that is meant, or at every one. */
function breaks<T extends object>(
  object: T,
  method: keyof T & string,
  meant: (one: T) => boolean = () => true,
  always = false,
): void {
  const own = object[method] as (...given: unknown[]) => unknown
  const fault = { restore: () => void (object[method] = own as never), thrown: 0 }
  object[method] = function (this: T, ...given: unknown[]) {
    if (!meant(this) || (fault.thrown > 0 && !always)) return own.apply(this, given)
    fault.thrown++
    throw new Mistake(`in ${method}`)
  } as never
  faults.push(fault)
}

const event = (value: object) => `data: ${JSON.stringify(value)}\n\n`
const text = event({ id: 'c', choices: [{ index: 0, delta: { content: 'Ahoy' }, finish_reason: null }] })
const stop = event({ id: 'c', choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] })
const begin: Step = { write: head(200, { 'content-type': 'text/event-stream', 'transfer-encoding': 'chunked' }) }

/** What a client sees: the whole answer, an error that it can read, or a connection that was cut. */
async function outcomeOf(asked: Promise<Response>): Promise<string> {
  try {
    const response = await asked
    const body = await response.text()
    if (body.includes('"error"')) return body.includes('request id') ? `told ${response.status}` : body
    return body.endsWith('data: [DONE]\n\n') ? 'whole' : body
  } catch {
    return 'cut'
  }
}

type Case = {
  readonly name: string
  readonly breaks: () => void
  readonly outcome: string
  readonly model?: string
  readonly steps?: () => readonly Step[]
  readonly path?: string
}

const inChunk = (data: string) => `${data.length.toString(16)}\r\n${data}\r\n`
const plain = () => [begin, { wait: 5 }, chunk(text), { wait: 5 }, chunk(text), { hold: true }] as const

const CASES: readonly Case[] = [
  { name: 'a chunk cannot be passed', breaks: () => breaks(PassThrough.prototype, 'passes'), outcome: 'told 200' },
  {
    name: 'an event that is looked at cannot be passed',
    breaks: () => breaks(PassThrough.prototype, 'push'),
    outcome: 'told 200',
    steps: () => [begin, chunk(text), { wait: 5 }, chunk('data: [DONE]\n\n'), { hold: true }],
  },
  {
    name: 'a chunk cannot be passed, nor the failure told',
    breaks() {
      breaks(PassThrough.prototype, 'passes')
      breaks(PassThrough.prototype, 'fail')
    },
    outcome: 'cut',
  },
  {
    name: 'a chunk cannot be passed, nor the call be accounted for',
    breaks() {
      breaks(PassThrough.prototype, 'passes')
      breaks(TargetUse.prototype, 'fail')
    },
    outcome: 'told 200',
  },
  {
    name: 'bytes cannot be written',
    breaks: () => breaks(ClientConnection.prototype, 'writePart'),
    outcome: 'told 200',
  },
  {
    name: 'nothing can be written any more',
    breaks() {
      breaks(ClientConnection.prototype, 'write', undefined, true)
      breaks(ClientConnection.prototype, 'writePart', undefined, true)
      breaks(ClientConnection.prototype, 'end', undefined, true)
    },
    outcome: 'cut',
  },
  {
    name: 'a relay cannot begin',
    breaks: () => breaks(ClientConnection.prototype, 'write'),
    outcome: 'told 200',
    model: 'held',
  },
  {
    name: 'a keep-alive fails',
    breaks: () => breaks(StreamRelay.prototype, 'keepAlive', ({ dialect }) => dialect === 'anthropic-messages'),
    outcome: 'told 200',
    model: 'still/m',
    path: '/v1/messages',
  },
  { name: 'a timeout fails', breaks: () => breaks(Connection.prototype, 'expire'), outcome: 'told 200' },
  { name: 'a read from the vendor fails', breaks: () => breaks(StreamRelay.prototype, 'takes'), outcome: 'told 200' },
  {
    name: 'an end fails in the read of what came before it',
    breaks: () => breaks(Connection.prototype, 'end'),
    outcome: 'told 200',
    steps: () => [begin, { wait: 5 }, { write: `${inChunk(text)}${inChunk(text)}0\r\n\r\n` }, { hold: true }],
  },
  { name: 'the answer cannot begin', breaks: () => breaks(Upcall.prototype, 'onHead'), outcome: 'told 500' },
  {
    name: 'the failure of a vendor cannot be told',
    breaks: () => breaks(StreamRelay.prototype, 'fail'),
    outcome: 'told 200',
    steps: () => [begin, { wait: 5 }, chunk(text), { wait: 5 }, { close: 'fin' }],
  },
  {
    name: 'an end fails',
    breaks: () => breaks(PassThrough.prototype, 'end'),
    outcome: 'told 200',
    steps: () => [begin, { wait: 5 }, chunk(text + stop), LAST_CHUNK],
  },
  {
    name: 'what was decompressed cannot be read',
    breaks: () => breaks(StreamRelay.prototype, 'data'),
    outcome: 'told 200',
    steps: () => [
      ...gzipped({ contentType: 'text/event-stream', body: '', events: [text, text], terminalEvents: 0 }).slice(0, 3),
      { hold: true },
    ],
  },
  {
    name: 'the end of what was decompressed fails',
    breaks: () => breaks(StreamRelay.prototype, 'end'),
    outcome: 'told 200',
    steps: () => gzipped({ contentType: 'text/event-stream', body: '', events: [text, stop], terminalEvents: 0 }),
  },
  {
    name: 'a held chunk cannot be read',
    breaks: () => breaks(PassThrough.prototype, 'push'),
    outcome: 'told 500',
    model: 'held',
  },
  {
    name: 'a report fails while held',
    breaks: () => breaks(PassThrough.prototype, 'report'),
    outcome: 'told 500',
    model: 'held',
  },
  {
    name: 'what is translated cannot be read',
    breaks: () => breaks(Translation.prototype, 'push'),
    outcome: 'told 200',
    path: '/v1/messages',
  },
]

test.each([...CASES])(
  '$name: $outcome',
  async ({ breaks, outcome, model = 'local/m', steps = plain, path = '/v1/chat/completions' }) => {
    const release = Promise.withResolvers<void>()
    vendor.next({
      steps: () => [begin, chunk(text), { wait: release.promise }, chunk(stop + 'data: [DONE]\n\n'), LAST_CHUNK],
    })
    const other = await gateway.post('/v1/chat/completions', { model: 'still/m', stream: true, messages: [] })
    const reading = other.body!.getReader()
    await reading.read()
    vendor.next({ steps })
    breaks()
    const asked = gateway.post(path, {
      model,
      max_tokens: 9,
      stream: true,
      messages: [{ role: 'user', content: 'hi' }],
    })
    expect(await outcomeOf(asked)).toBe(outcome)
    const record = await gateway.record()
    expect(record.error_code).toBe('internal')
    for (const problem of gateway.problems) expect(rootOf(problem)).toBeInstanceOf(Mistake)
    expect(gateway.problems).toHaveLength(faults.filter(({ thrown }) => thrown > 0).length)
    if (steps === plain) expect((await vendor.requests[1]!.closed).by).toBe('peer')
    for (const { restore } of faults) restore()
    release.resolve()
    let last = ''
    for (let next = await reading.read(); !next.done; next = await reading.read())
      last = Buffer.from(next.value).toString()
    expect(last).toEndWith('data: [DONE]\n\n')
    expect([gateway.gateway.inFlight, gateway.gateway.pool.active]).toEqual([0, 0])
    expect((await gateway.record(1)).error_code).toBeNull()
  },
)

const rootOf = (problem: unknown): unknown =>
  problem instanceof Error && problem.cause !== undefined ? rootOf(problem.cause) : problem
