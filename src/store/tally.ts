import { AT, type CallKind, type CallRow, type More, type StoredCall } from './call-parts.ts'
import { startedAtOf } from './call-seq.ts'
import { binOf } from './histogram.ts'
import type { StoredOutcome } from './outcome.ts'
import { BINS, ROLLUP_SUMS, type RollupSum } from './schema.ts'

const MINUTE = 60_000
const NO_BINS = Array.from({ length: BINS }, () => 0)

/** The sums of some calls. `latency` and `firstByte` count calls by the bins of `histogram.ts`. */
export type Sums = { [K in RollupSum]: number } & { latency: number[]; firstByte: number[] }

/** The sums of the calls of one kind in one minute: a busy second has few of them, and all that is counted follows from them. */
export type Tally = {
  readonly kind: CallKind
  /** The first millisecond of the minute. */
  readonly minute: number
  /** When the last of them began. */
  latest: number
  /** Calls that cost something. */
  paid: number
  readonly sums: Sums
}

export function tally(calls: readonly StoredCall[]): Tally[] {
  const known = new Map<CallKind, Tally[]>()
  let last: Tally | undefined
  for (const { kind, row } of calls) {
    const started = startedAtOf(row[AT.seq])
    const minute = started - (((started % MINUTE) + MINUTE) % MINUTE)
    if (last?.kind !== kind || last.minute !== minute) {
      let tallies = known.get(kind)
      if (!tallies) known.set(kind, (tallies = []))
      last = tallies.find((each) => each.minute === minute)
      if (!last) tallies.push((last = { kind, minute, latest: started, paid: 0, sums: noSums() }))
    }
    if (started > last.latest) last.latest = started
    count(last, row)
  }
  const all = [...known.values()].flat()
  for (const { kind, sums } of all) {
    sums[OUTCOME_SUMS[kind.outcome as StoredOutcome]] = sums.calls
    if (kind.stream === 1) sums.streams = sums.calls
    if (kind.cache === 'hit' || kind.cache === 'shared') sums.cache_hits = sums.calls
  }
  return all
}

const OUTCOME_SUMS: Readonly<Record<StoredOutcome, RollupSum>> = {
  ok: 'ok',
  'client-error': 'client_errors',
  'rate-limited': 'rate_limited',
  'server-error': 'server_errors',
  cancelled: 'cancelled',
}

/** What differs within a kind. */
function count(into: Tally, row: CallRow): void {
  const { sums } = into
  const cost = row[AT.cost]
  const total = row[AT.total] / 1000
  const firstByte = row[AT.firstByte]
  const input = row[AT.input]
  sums.calls++
  sums.total_ms += total
  sums.bytes_in += row[AT.bytesIn]
  sums.bytes_out += row[AT.bytesOut]
  sums.latency[binOf(total)]!++
  if (firstByte !== null) sums.firstByte[binOf(firstByte / 1000)]!++
  if (cost !== null && cost > 0) {
    sums.cost_micros += cost
    into.paid++
  }
  if (input === null) return
  sums.input_tokens += input
  sums.cache_read_tokens += row[AT.cacheRead] ?? 0
  sums.output_tokens += row[AT.output] ?? 0
  if (cost === null) sums.unpriced_calls++
  const more = row[AT.more]
  if (more === null) return
  const { usage } = JSON.parse(more) as More
  if (!usage) return
  sums.input_tokens += (usage.audio_input ?? 0) + (usage.image_input ?? 0)
  sums.cache_write_tokens += (usage.cache_write_5m ?? 0) + (usage.cache_write_1h ?? 0)
  sums.output_tokens += usage.audio_output ?? 0
  sums.reasoning_tokens += usage.reasoning ?? 0
}

export function noSums(): Sums {
  const sums = Object.fromEntries(ROLLUP_SUMS.map((name) => [name, 0])) as { [K in RollupSum]: number }
  return { ...sums, latency: [...NO_BINS], firstByte: [...NO_BINS] }
}
