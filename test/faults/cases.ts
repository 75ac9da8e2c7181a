import { FAULTS, type FaultName } from '../fake-vendor/faults.ts'
import type { FaultScript } from '../fake-vendor/vendor.ts'

/** Who must have answered, or how the call must have ended. `continued`: the second ended what the first had begun. `first-or-broken`: the fault may pass unseen or be told. */
export type Expected = 'first' | 'second' | 'continued' | 'broken' | 'first-or-broken'

/** One bad day of the first target; the second is well. */
export type Case = {
  readonly name: string
  /** What the first target does, request by request. */
  readonly scripts: readonly FaultScript[]
  readonly plain: Expected
  readonly stream: Expected
  /** The alias continues streams, and the second target can go on from a prefix. */
  readonly continues?: boolean
}

const one = (name: string, script: FaultScript, plain: Expected, stream: Expected = plain): Case => ({
  name,
  scripts: [script, script],
  plain,
  stream,
})

/** Faults that strike after the client has seen a part of a stream: there is no way back, only the truth. */
const LATE = new Set<FaultName>([
  'cut',
  'reset-mid-stream',
  'cut-in-event',
  'truncated',
  'stall',
  'error-in-200',
  'wrong-length',
  'bad-chunk-size',
  'unterminated-event',
])

/** Never-ending answers are bounded elsewhere; here they would only cost time. */
const NOT_HERE = new Set<FaultName>(['endless-stream', 'unterminated-event', 'huge-body', 'trickle'])

function named(fault: FaultName): Case {
  const { plain, stream } = FAULTS[fault]
  const expected = (outcome: string): Expected =>
    outcome === 'answer' ? 'first' : outcome === 'answer-or-broken' ? 'first-or-broken' : 'second'
  return one(fault, { fault, wait: 20 }, expected(plain), LATE.has(fault) ? 'broken' : expected(stream))
}

/** The faults that strike late, where the policy lets the second target go on. */
const CONTINUED: readonly Case[] = (Object.keys(FAULTS) as FaultName[])
  .filter((fault) => LATE.has(fault) && !NOT_HERE.has(fault))
  .map((fault) => ({ ...one(`${fault}, continued`, { fault }, 'second', 'continued'), continues: true }))

export const CASES: readonly Case[] = [
  ...CONTINUED,
  { ...one('garbage-chunk, continued', { fault: 'garbage-chunk' }, 'second', 'continued'), continues: true },
  ...(Object.keys(FAULTS) as FaultName[]).filter((fault) => !NOT_HERE.has(fault)).map(named),
  one('429, retry-after 0', { fault: 'rate-limited', retryAfter: '0' }, 'second'),
  one('429, retry-after 30', { fault: 'rate-limited', retryAfter: '30' }, 'second'),
  { ...one('500 once', { fault: 'server-error' }, 'first'), scripts: [{ fault: 'server-error' }] },
  { ...one('reset once', { fault: 'reset-before-headers' }, 'first'), scripts: [{ fault: 'reset-before-headers' }] },
  one('cut before the first event', { fault: 'cut', after: 0 }, 'second'),
  one('stall before the first event', { fault: 'stall', after: 0 }, 'second'),
  one('error as the first event', { fault: 'error-in-200', after: 0 }, 'second'),
  one('truncated before the first event', { fault: 'truncated', after: 0 }, 'second'),
]
