import { BINS } from './schema.ts'

/** Bin `i` holds latencies from `RATIO ** (i - 1)` up to `RATIO ** i` milliseconds; the first also what is faster, the last what is slower. */
const RATIO = 1.42
const LOG_RATIO = Math.log(RATIO)

export function binOf(milliseconds: number): number {
  if (!(milliseconds > 1)) return 0
  return Math.min(BINS - 1, Math.ceil(Math.log(milliseconds) / LOG_RATIO - 1e-9))
}

/** The latency below which `share` (0 to 1) of the counted calls ended, interpolated inside its bin; null when nothing was counted. */
export function percentile(counts: readonly number[], share: number): number | null {
  const total = counts.reduce((sum, count) => sum + count, 0)
  if (total === 0) return null
  const wanted = share * total
  let below = 0
  for (const [bin, count] of counts.entries()) {
    if (count > 0 && below + count >= wanted) {
      const upper = RATIO ** bin
      const lower = bin === 0 ? 0 : RATIO ** (bin - 1)
      return lower + (upper - lower) * Math.max(0, (wanted - below) / count)
    }
    below += count
  }
  return RATIO ** (BINS - 1)
}
