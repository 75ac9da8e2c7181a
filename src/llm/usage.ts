// Token counts: one record for every vendor, and the totals that the formats print.
import type { Usage } from './spec.ts'

const NONE: Usage = {
  inputUncached: 0,
  cacheRead: 0,
  cacheWrite5m: 0,
  cacheWrite1h: 0,
  output: 0,
  reasoning: 0,
  audioIn: 0,
  audioOut: 0,
  imageIn: 0,
  imageOut: 0,
  serverTools: {},
}

/** More tokens in one class of one call are no count; prices are exact up to here. */
const MOST = 100_000_000

/** Stands for counts that cannot be believed: a call is accounted as if its vendor had not counted. Compare by identity. */
export const UNBELIEVED: Usage = { ...NONE }

/** Says on a record why its tokens are not the vendor's. */
export const NOT_BELIEVED = 'the counts of the provider cannot be believed'

/** A count as a vendor wrote it: undefined where it wrote none, NaN where that is no count, so that no usage is made of it. */
export function asCount(value: unknown): number | undefined {
  if (value === undefined || value === null) return undefined
  return typeof value === 'number' && value >= 0 ? value : Number.NaN
}

/**
 * A usage with zero for every class that is not given; differences below zero become zero. `UNBELIEVED` where a number is not whole, or
 * larger than any call can be.
 */
export function makeUsage(counts: { readonly [K in keyof Usage]?: Usage[K] | undefined }): Usage {
  const usage = {
    inputUncached: count(counts.inputUncached),
    cacheRead: count(counts.cacheRead),
    cacheWrite5m: count(counts.cacheWrite5m),
    cacheWrite1h: count(counts.cacheWrite1h),
    output: count(counts.output),
    reasoning: count(counts.reasoning),
    audioIn: count(counts.audioIn),
    audioOut: count(counts.audioOut),
    imageIn: count(counts.imageIn),
    imageOut: count(counts.imageOut),
    serverTools: counts.serverTools ?? NONE.serverTools,
  }
  return isBelievable(usage) ? usage : UNBELIEVED
}

const count = (value: number | undefined) => (value === undefined || value < 0 ? 0 : value)

function isBelievable(usage: Usage): boolean {
  if (usage.serverTools !== NONE.serverTools && !Object.values(usage.serverTools).every(isCount)) return false
  return (
    isCount(usage.inputUncached) &&
    isCount(usage.cacheRead) &&
    isCount(usage.cacheWrite5m) &&
    isCount(usage.cacheWrite1h) &&
    isCount(usage.output) &&
    isCount(usage.reasoning) &&
    isCount(usage.audioIn) &&
    isCount(usage.audioOut) &&
    isCount(usage.imageIn) &&
    isCount(usage.imageOut)
  )
}

const isCount = (value: number) => value <= MOST && Number.isInteger(value)

export const cacheWrites = (usage: Usage) => usage.cacheWrite5m + usage.cacheWrite1h
export const inputTotal = (usage: Usage) => usage.inputUncached + usage.cacheRead + cacheWrites(usage)
export const outputTotal = (usage: Usage) => usage.output + usage.reasoning
