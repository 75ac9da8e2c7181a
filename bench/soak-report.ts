// What the soak found, in words, and what of it is wrong.
import type { Recorded } from './soak-gateway.ts'
import type { Outcome } from './soak-load.ts'
import type { Probe } from './soak-probe.ts'
import type { Trend } from './soak-samples.ts'
import type { Seen } from './soak-vendor.ts'

export type Found = {
  readonly load: Outcome
  readonly records: readonly Recorded[]
  readonly seen: Seen
  readonly memory: Trend
  readonly windowSeconds: number
  readonly descriptors: Trend & { readonly atStart: number; readonly atRest: number }
  readonly before: Probe
  readonly after: Probe
  readonly held: { readonly slots: number; readonly reserved: number }
  /** How long it took until slots and money said that nothing is held. */
  readonly restMs: number
  readonly code: number
  readonly cut: boolean
}

/** Objects of these classes belong to calls: when all is over none may live. A few may still be seen on the stack of whoever counts. */
const OF_CALLS = [
  'Call',
  'Inbound',
  'Upcall',
  'StreamRelay',
  'HoldBack',
  'TargetUse',
  'Reservation',
  'Admission',
  'Continuation',
  'Capture',
]
const MAY_LIVE = 4
const MIN_LEFT = 0.09
/** A client that is gone at once may take its request with it. */
const MAY_BE_UNREAD = 0.02
const MAY_FAIL = 0.01

const onRecord = ({ records }: Found) => records.reduce((sum, { calls }) => sum + calls, 0)
const leftOnRecord = ({ records }: Found) =>
  records.reduce((sum, { error_code, calls }) => (error_code === 'client_closed' ? sum + calls : sum), 0)
const alive = ({ after }: Found) =>
  OF_CALLS.flatMap((name) => ((after.counts[name] ?? 0) > MAY_LIVE ? [`${after.counts[name]} × ${name}`] : []))

const percent = (part: number) => `${(part * 100).toFixed(1)} %`
const mib = (bytes: number) => (bytes / 1_048_576).toFixed(1)
const shown = ({ heap, extra, native }: Probe) =>
  `heap ${mib(heap)}, outside it ${mib(extra)}, native ${mib(native)} MiB`

export function linesOf(found: Found): string[] {
  const { load, seen, memory, descriptors, held } = found
  const how = [...load.failures].map(([why, count]) => `${count} × ${why}`).join(', ')
  const left = leftOnRecord(found)
  return [
    `${load.made} calls in ${load.seconds.toFixed(0)} s (${(load.made / load.seconds).toFixed(0)} a second); the gateway used ${percent(load.share)} of a core; honest calls within ${load.honestMs.toFixed(0)} ms`,
    `${load.answered} answered, ${load.failed} failed${how && ` (${how})`}, ${load.left} left by their clients`,
    `on record: ${onRecord(found)}; left ${left} (${percent(left / onRecord(found))}); the upstream saw ${seen.left} of ${seen.requests} requests left while it held their answer, ${seen.heldTooLong} held too long`,
    `memory: lowest of each ${found.windowSeconds.toFixed(0)} s: ${memory.lowest.map((rss) => rss.toFixed(0)).join(', ')} MiB: ${memory.slope.toFixed(2)} MiB a minute (all samples: ${memory.plainSlope.toFixed(2)})`,
    `alive before: ${shown(found.before)}; after: ${shown(found.after)}`,
    `descriptors: ${descriptors.atStart} at the start, ${descriptors.least} to ${descriptors.most} under load (${descriptors.slope.toFixed(1)} a minute), ${descriptors.atRest} at rest, of which ${seen.open} kept to the upstream`,
    `still held: ${held.slots} slots, ${held.reserved} micro-dollars (asked for ${found.restMs.toFixed(0)} ms); objects of calls: ${alive(found).join(', ') || 'none'}; exit ${found.code}`,
  ]
}

/** What is wrong; nothing when all is right. Growth is judged in long runs only. */
export function wrongsOf(found: Found, judgesGrowth: boolean): string[] {
  const { load, seen, descriptors, held } = found
  const unread = Math.ceil(load.left * MAY_BE_UNREAD)
  const wrongs: readonly [boolean, string][] = [
    [judgesGrowth && !(found.memory.slope < 1), 'memory grows'],
    [judgesGrowth && !(descriptors.slope < 5), 'descriptors grow'],
    [descriptors.atRest > descriptors.atStart + seen.open + 4, 'descriptors leak'],
    [held.slots > 0, 'slots leak'],
    [held.reserved !== 0, 'reservations leak'],
    [alive(found).length > 0, 'calls live on'],
    [seen.holding > 0, 'upstream calls live on'],
    [seen.heldTooLong > 0, 'upstream calls outlive their clients'],
    [!(leftOnRecord(found) / onRecord(found) >= MIN_LEFT), 'too few calls were left'],
    [onRecord(found) > load.made, 'records are too many'],
    [load.made - onRecord(found) > unread, 'records are missing'],
    [load.failed > load.made * MAY_FAIL, 'calls failed: there was no room for half the load, or worse'],
    [found.code !== 0, 'the gateway did not end well'],
    [found.cut, 'calls were still in flight at the end'],
    [load.answered === 0, 'nothing was answered'],
  ]
  return wrongs.flatMap(([is, what]) => (is ? [what] : []))
}
