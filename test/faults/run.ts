import { anthropic } from '../fake-vendor/anthropic.ts'
import { openaiChat } from '../fake-vendor/openai-chat.ts'
import { FakeVendor } from '../fake-vendor/vendor.ts'
import type { Wire } from '../fake-vendor/wire.ts'
import { sourceProvider, startTestGateway } from '../helpers/gateway.ts'
import { CASES, type Case, type Expected } from './cases.ts'
import { DIALECTS, type Dialect } from './dialects.ts'

const FIRST = 'The first says: the harbour opens at dawn, déjà vu 🚢.'
const SECOND = 'The second says: the harbour opens at noon, naïve 日本語.'
const PRICE = { input: 1_000_000, output: 2_000_000, cacheRead: 500_000 }

/** The upstream formats that are tried, each as a provider type. */
export const UPSTREAMS: readonly { readonly wire: Wire; readonly type: string }[] = [
  { wire: openaiChat, type: 'openai-compatible' },
  { wire: anthropic, type: 'anthropic' },
]

export type Cell = {
  readonly fault: string
  readonly dialect: string
  readonly upstream: string
  readonly stream: boolean
  readonly expected: Expected
  /** What the client saw: who answered, or how it ended. */
  readonly client: string
  /** Requests that the first and the second target received. */
  readonly upstreams: string
  /** The record's provider, error code and charge in micro-dollars. */
  readonly recorded: string
  /** What is not as it must be, in words. */
  readonly wrong: readonly string[]
}

/** Two targets of one format behind an alias with a fallback, rebuilt for each cell so that no bad day outlives its own. */
async function tryCell(
  upstream: (typeof UPSTREAMS)[number],
  dialect: Dialect,
  fault: Case,
  stream: boolean,
): Promise<Cell> {
  await using first = new FakeVendor({ wire: upstream.wire })
  await using second = new FakeVendor({ wire: upstream.wire })
  first.always({ text: FIRST }).next(...fault.scripts.map((script) => ({ ...script, text: FIRST })))
  // Who goes on with an answer says what the first would have said.
  second.always(fault.continues && stream ? { text: FIRST, prefix: 'continues' } : { text: SECOND })
  const timeouts = { connect_ms: 1000, first_byte_ms: 600, idle_ms: 600, total_ms: 5000 }
  const place = (provider: string) => ({ provider, model: 'm-1' })
  const provider = (id: string, vendor: FakeVendor) =>
    sourceProvider(id, `${vendor.origin}/v1`, { type: upstream.type, timeouts })
  const gateway = startTestGateway({
    providers: [provider('first', first), provider('second', second)],
    aliases: [
      {
        name: 'fast',
        strategy: 'priority',
        targets: [place('first')],
        fallbacks: [{ ...place('second'), ...(fault.continues ? { continues_prefix: true } : {}) }],
        ...(fault.continues ? { continue_streams: true } : {}),
        fallbacks_on: { context_length_exceeded: [place('second')], content_filtered: [place('second')] },
        retries: { attempts: 2, backoff_ms: 1, max_wait_ms: 1000 },
      },
    ],
    prices: ['first', 'second'].map((id) => ({ provider: id, model: 'm-1', ...PRICE })),
  })
  try {
    const { path, headers, body } = dialect.request('fast', stream)
    const response = await gateway.post(path, body, { headers, keepalive: false })
    const text = await response.text()
    const reading = response.ok ? dialect.read(text, stream) : undefined
    const client = !reading
      ? `refused ${response.status}`
      : reading.kind === 'answer'
        ? whoSaid(reading.text, second.requests.length)
        : reading.kind
    const record = await gateway.record()
    const expected = stream ? fault.stream : fault.plain
    const wrong: string[] = []
    const holds = (ok: boolean, says: string) => void (ok || wrong.push(says))
    const good =
      expected === 'first-or-broken'
        ? client === 'first' || client === 'broken' || client === 'second'
        : client === expected
    holds(good, `the client saw "${client}", not "${expected}": ${text.slice(-200)}`)
    const sent = first.requests.length + second.requests.length
    holds(record.attempts.length === sent, `${record.attempts.length} attempts on record, ${sent} requests sent`)
    holds(gateway.records.length === 1, `${gateway.records.length} records`)
    holds(gateway.gateway.inFlight === 0, `${gateway.gateway.inFlight} calls still in flight`)
    const answered = client === 'first' || client === 'second' || client === 'continued'
    const by = client === 'continued' ? 'second' : client
    const marked = /: portreeve \{"continued":\{"provider":"second"/.test(text)
    holds(marked === (client === 'continued'), marked ? 'marked as continued' : 'not marked as continued')
    holds((record.error_code === null) === answered, `error code ${record.error_code} for "${client}"`)
    if (answered) {
      holds(record.provider === by, `${record.provider} on record, ${by} answered`)
      holds(
        // The head of a continued stream was sent before that was known.
        response.headers.get('x-portreeve-model') === `${client === 'continued' ? 'first' : client}/m-1`,
        `x-portreeve-model says ${response.headers.get('x-portreeve-model')}`,
      )
      // 16 fresh and 5 cached tokens in, and what the one answer has out: failed attempts cost nothing.
      const output = (record.usage?.output ?? 0) + (record.usage?.reasoning ?? 0)
      holds(
        record.cost_micros === 16 + 3 + output * 2 || record.cost_micros === 16 + 2 + output * 2,
        `charged ${record.cost_micros}`,
      )
    } else if (!reading) holds(!record.cost_micros, `a refusal is charged ${record.cost_micros}`)
    return {
      fault: fault.name,
      dialect: dialect.id,
      upstream: upstream.wire.id,
      stream,
      expected,
      client,
      upstreams: `${first.requests.length}+${second.requests.length}`,
      recorded: `${record.provider} ${record.error_code ?? 'ok'} ${record.cost_micros ?? 'null'}`,
      wrong,
    }
  } finally {
    await gateway.stop()
  }
}

function whoSaid(text: string, toSecond: number): string {
  if (text === FIRST && toSecond > 0) return 'continued'
  return text === FIRST ? 'first' : text === SECOND ? 'second' : 'lie'
}

/** Tries every cell whose name holds `filter`, a few at a time. */
export async function runFaults(filter = ''): Promise<Cell[]> {
  const jobs = UPSTREAMS.flatMap((upstream) =>
    DIALECTS.flatMap((dialect) =>
      CASES.flatMap((fault) => [false, true].map((stream) => ({ upstream, dialect, fault, stream }))),
    ),
  ).filter(({ upstream, dialect, fault, stream }) =>
    `${dialect.id} ${upstream.wire.id} ${stream ? 'stream' : 'plain'} ${fault.name}`.includes(filter),
  )
  const cells: Cell[] = Array.from({ length: jobs.length })
  let next = 0
  const worker = async () => {
    for (let at = next++; at < jobs.length; at = next++) {
      const { upstream, dialect, fault, stream } = jobs[at]!
      cells[at] = await tryCell(upstream, dialect, fault, stream)
    }
  }
  await Promise.all(Array.from({ length: 8 }, worker))
  return cells
}
