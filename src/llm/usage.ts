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

/** A usage with zero for every class that is not given; negative counts, which some vendors send, become zero. */
export function makeUsage(counts: { readonly [K in keyof Usage]?: Usage[K] | undefined }): Usage {
  const count = (value: number | undefined) => (value !== undefined && value > 0 ? value : 0)
  return {
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
}

export const cacheWrites = (usage: Usage) => usage.cacheWrite5m + usage.cacheWrite1h
export const inputTotal = (usage: Usage) => usage.inputUncached + usage.cacheRead + cacheWrites(usage)
export const outputTotal = (usage: Usage) => usage.output + usage.reasoning
