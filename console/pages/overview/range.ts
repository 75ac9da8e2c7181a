const HOUR = 3_600_000

/** Ranges by their name in the address, in milliseconds. */
export const RANGES = { hour: HOUR, day: 24 * HOUR, week: 168 * HOUR, month: 720 * HOUR, quarter: 2160 * HOUR } as const
export type RangeName = keyof typeof RANGES

export const isRange = (name: string | undefined): name is RangeName => name !== undefined && name in RANGES

/** The bounds of a range that ends now; whole minutes, so that a page keeps its address for a while. */
export function boundsOf(range: RangeName, now: number): { from: string; to: string } {
  const to = Math.ceil(now / 60_000) * 60_000
  return { from: new Date(to - RANGES[range]).toISOString(), to: new Date(to).toISOString() }
}
