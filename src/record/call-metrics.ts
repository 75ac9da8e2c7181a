import { ERRORS } from '../errors.ts'
import type { HistogramSample, MetricFamily, Sample } from '../lib/open-metrics.ts'
import { AT, type CallKind, type CallRow, type More, type StoredCall } from '../store/call-parts.ts'
import { BoundedNames, Histogram, OTHER, SeriesTable } from './bounded.ts'

const MAX_MODELS = 200
const MAX_UNPROVEN = 50
const MAX_SERIES = 500
const MAX_HISTOGRAMS = 100
const MAX_GUARDS = 100

const SECOND = 1_000_000
/** Bounds in microseconds, as records have times. */
const micros = (...seconds: number[]) => seconds.map((each) => Math.round(each * SECOND))
const DURATION = micros(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300)
const FIRST_TOKEN = micros(0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 30)
const OUTPUT_TOKEN = micros(0.001, 0.0025, 0.005, 0.01, 0.015, 0.02, 0.03, 0.05, 0.075, 0.1, 0.2, 0.5, 1)
const OVERHEAD = micros(0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1)

type Count = { count: number }
const nothing = (): Count => ({ count: 0 })

/** The counters that all calls of one kind add to, looked up once a batch; those that few calls need, when the first one does. */
type Places = {
  readonly call: Count
  readonly cache: Count | undefined
  readonly duration: Histogram
  readonly firstToken: Histogram | undefined
  readonly outputToken: Histogram | undefined
  readonly overhead: Histogram
  readonly bytesIn: Count
  readonly bytesOut: Count
  readonly attempt: () => Count
  readonly failure: () => Count
  readonly refusal: () => Count
  readonly cost: () => Count
  readonly unpriced: () => Count
  readonly tokens: (kind: string) => Count
}

/**
 * Counts calls for people who watch: by model, provider, endpoint, outcome. It sees each record once, away from the thread that
 * serves calls. All of it is bounded, whatever clients ask for.
 */
export class CallMetrics {
  readonly #models = new BoundedNames(MAX_MODELS, MAX_UNPROVEN)
  readonly #served = new BoundedNames(MAX_MODELS, MAX_UNPROVEN)
  readonly #guardNames = new BoundedNames(MAX_GUARDS, 0)
  readonly #calls = new SeriesTable(['endpoint', 'provider', 'model', 'status', 'outcome'], MAX_SERIES, nothing)
  readonly #refusals = new SeriesTable(['code'], MAX_SERIES, nothing)
  readonly #failures = new SeriesTable(['code'], MAX_SERIES, nothing)
  readonly #tokens = new SeriesTable(['provider', 'model', 'served_model', 'class'], MAX_SERIES, nothing)
  readonly #cost = new SeriesTable(['provider', 'model', 'served_model'], MAX_SERIES, nothing)
  readonly #unpriced = new SeriesTable(['provider', 'model', 'served_model'], MAX_SERIES, nothing)
  readonly #attempts = new SeriesTable(['provider', 'model', 'result'], MAX_SERIES, nothing)
  readonly #retries = new SeriesTable(['provider', 'model'], MAX_SERIES, nothing)
  readonly #fallbacks = new SeriesTable(['provider', 'model'], MAX_SERIES, nothing)
  readonly #continued = new SeriesTable(['provider', 'model'], MAX_SERIES, nothing)
  readonly #cache = new SeriesTable(['result'], MAX_SERIES, nothing)
  readonly #guards = new SeriesTable(['guard'], MAX_GUARDS, nothing)
  readonly #bytesIn = new SeriesTable(['endpoint'], MAX_SERIES, nothing)
  readonly #bytesOut = new SeriesTable(['endpoint'], MAX_SERIES, nothing)
  readonly #duration = new SeriesTable(['provider', 'model'], MAX_HISTOGRAMS, () => new Histogram(DURATION))
  readonly #firstToken = new SeriesTable(['provider', 'model'], MAX_HISTOGRAMS, () => new Histogram(FIRST_TOKEN))
  readonly #outputToken = new SeriesTable(['provider', 'model'], MAX_HISTOGRAMS, () => new Histogram(OUTPUT_TOKEN))
  readonly #overhead = new SeriesTable(['endpoint'], MAX_HISTOGRAMS, () => new Histogram(OVERHEAD))

  add(calls: readonly StoredCall[]): void {
    const known = new Map<CallKind, Places>()
    let last: CallKind | undefined
    let places: Places | undefined
    for (const { kind, row } of calls) {
      if (kind !== last || !places) {
        places = known.get(kind)
        if (!places) known.set(kind, (places = this.#placesOf(kind)))
        last = kind
      }
      this.#count(kind, row, places)
    }
  }

  #count(kind: CallKind, row: CallRow, places: Places): void {
    const total = row[AT.total]
    const firstByte = row[AT.firstByte]
    const overhead = row[AT.overhead]
    const output = row[AT.output]
    places.call.count++
    places.duration.add(total)
    if (overhead !== null) places.overhead.add(overhead)
    places.bytesIn.count += row[AT.bytesIn]
    places.bytesOut.count += row[AT.bytesOut]
    if (places.cache) places.cache.count++
    if (places.firstToken && firstByte !== null) {
      places.firstToken.add(firstByte)
      // From the first token to the last there are as many steps as tokens, less one.
      if (output !== null && output > 1 && total > firstByte)
        places.outputToken!.add((total - firstByte) / (output - 1))
    }
    const cost = row[AT.cost]
    if (cost !== null && cost > 0) places.cost().count += cost
    const text = row[AT.more]
    const more = text === null ? undefined : (JSON.parse(text) as More)
    const input = row[AT.input]
    if (input !== null) {
      if (cost === null) places.unpriced().count++
      if (input > 0) places.tokens('input').count += input
      if (output) places.tokens('output').count += output
      const cached = row[AT.cacheRead]
      if (cached) places.tokens('cache_read').count += cached
      for (const [name, tokens] of Object.entries(more?.usage ?? {})) places.tokens(name).count += tokens
    }
    const plain = row[AT.attemptAt] !== null
    if (plain) places.attempt().count++
    if (kind.error_code !== null) {
      // A call without any attempt was refused by the gateway itself.
      const attempted = plain || (more?.attempts?.length ?? 0) > 0
      ;(attempted ? places.failure : places.refusal)().count++
    }
    if (more) this.#countMore(more)
  }

  #countMore({ attempts = [], guards = {} }: More): void {
    for (const [index, { provider, model, error_code, continues }] of attempts.entries()) {
      const name = this.#served.admit(model, error_code === null)
      this.#attempts.at(provider, name, codeOf(error_code ?? 'ok')).count++
      const before = attempts[index - 1]
      if (!before) continue
      const again = before.provider === provider && before.model === model
      const table = continues ? this.#continued : again ? this.#retries : this.#fallbacks
      table.at(provider, name).count++
    }
    for (const [guard, times] of Object.entries(guards))
      if (times > 0) this.#guards.at(this.#guardNames.admit(guard, true)).count += times
  }

  #placesOf(kind: CallKind): Places {
    const { endpoint } = kind
    const proven = kind.outcome === 'ok'
    const reached = kind.provider !== null
    const provider = kind.provider ?? ''
    const asked = kind.model_asked ?? ''
    // What was asked in vain may be anything: it gets no place.
    const model = asked === '' ? '' : reached ? this.#models.admit(asked, proven) : this.#models.find(asked)
    const servedName = kind.model_served ?? ''
    const served = servedName === '' ? '' : model === OTHER ? OTHER : this.#served.admit(servedName, proven)
    const status = `${Math.trunc(kind.status / 100)}xx`
    const streams = kind.stream === 1
    const classes = new Map<string, Count>()
    const code = codeOf(kind.error_code ?? 'ok')
    return {
      call: this.#calls.at(endpoint, provider, model, status, kind.outcome),
      cache: kind.cache === null ? undefined : this.#cache.at(kind.cache),
      duration: this.#duration.at(provider, model),
      firstToken: streams ? this.#firstToken.at(provider, model) : undefined,
      outputToken: streams ? this.#outputToken.at(provider, model) : undefined,
      overhead: this.#overhead.at(endpoint),
      bytesIn: this.#bytesIn.at(endpoint),
      bytesOut: this.#bytesOut.at(endpoint),
      attempt: once(() => this.#attempts.at(provider, served, code)),
      failure: once(() => this.#failures.at(code)),
      refusal: once(() => this.#refusals.at(code)),
      cost: once(() => this.#cost.at(provider, model, served)),
      unpriced: once(() => this.#unpriced.at(provider, model, served)),
      tokens: (name) => {
        let count = classes.get(name)
        if (!count) classes.set(name, (count = this.#tokens.at(provider, model, served, name)))
        return count
      },
    }
  }

  families(): MetricFamily[] {
    return [
      counter('calls', 'Calls that ended, by how they ended.', this.#calls),
      counter('refusals', 'Calls that the gateway refused before any attempt, by error code.', this.#refusals),
      counter('failures', 'Calls that ended in an error after an attempt, by error code.', this.#failures),
      counter('tokens', 'Tokens by class; each token is in one class.', this.#tokens),
      {
        name: `${PREFIX}cost_usd`,
        type: 'counter',
        unit: 'usd',
        help: 'What calls cost, in US dollars, exact to the micro-dollar.',
        samples: samplesOf(this.#cost, dollars),
      },
      counter(
        'unpriced_calls',
        'Calls that used tokens whose price is not known; they cost more than 0.',
        this.#unpriced,
      ),
      counter('attempts', 'Requests that were sent to providers, by the code of the error, or ok.', this.#attempts),
      counter('retries', 'Attempts at the target that had failed just before.', this.#retries),
      counter(
        'fallbacks',
        'Attempts at another target than the one that had failed, by the one that was tried.',
        this.#fallbacks,
      ),
      counter(
        'continued_streams',
        'Attempts that went on with a stream which another target had begun.',
        this.#continued,
      ),
      counter('cache_lookups', 'Calls for which a cache was asked, by what came of it.', this.#cache),
      counter('guard_actions', 'How often guards masked, restored or refused.', this.#guards),
      { ...counter('request_bytes', 'Bytes of request bodies.', this.#bytesIn), unit: 'bytes' },
      { ...counter('response_bytes', 'Bytes of answers.', this.#bytesOut), unit: 'bytes' },
      histogram('call_duration_seconds', 'From the first byte of a call to its last.', DURATION, this.#duration),
      histogram(
        'time_to_first_token_seconds',
        'From the start of a streamed call to the first byte of its answer.',
        FIRST_TOKEN,
        this.#firstToken,
      ),
      histogram(
        'time_per_output_token_seconds',
        'Of streamed calls, the mean time between output tokens.',
        OUTPUT_TOKEN,
        this.#outputToken,
      ),
      histogram(
        'overhead_seconds',
        'Time that calls spent in the gateway itself, not waiting for a provider.',
        OVERHEAD,
        this.#overhead,
      ),
    ]
  }
}

const PREFIX = 'portreeve_'

function counter(name: string, help: string, table: SeriesTable<Count>): MetricFamily {
  return { name: PREFIX + name, type: 'counter', help, samples: samplesOf(table, (count) => count) }
}

function samplesOf(table: SeriesTable<Count>, show: (count: number) => number | string): Sample[] {
  return [...table.entries()].map(({ labels, value }) => ({ labels, value: show(value.count) }))
}

function histogram(name: string, help: string, bounds: readonly number[], table: SeriesTable<Histogram>): MetricFamily {
  const samples: HistogramSample[] = [...table.entries()]
    .filter(({ value }) => value.counts.some((count) => count > 0))
    .map(({ labels, value }) => ({ labels, counts: [...value.counts], sum: Math.round(value.sum) / SECOND }))
  return {
    name: PREFIX + name,
    type: 'histogram',
    unit: 'seconds',
    help,
    bounds: bounds.map((each) => each / SECOND),
    samples,
  }
}

/** Whole micro-dollars as dollars, exact where a float is not. */
function dollars(micros: number): string {
  const whole = Math.trunc(micros / SECOND)
  const rest = String(micros % SECOND)
    .padStart(6, '0')
    .replace(/0+$/, '')
  return rest === '' ? String(whole) : `${whole}.${rest}`
}

/** A code of ours, or `ok`; what vendors call their errors is not bounded. */
function codeOf(code: string): string {
  return code === 'ok' || code in ERRORS ? code : OTHER
}

function once(find: () => Count): () => Count {
  let found: Count | undefined
  return () => (found ??= find())
}
