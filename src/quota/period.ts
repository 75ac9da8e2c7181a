import type { Period } from './meter.ts'

const DAY_MS = 86_400_000
/** 1970-01-01 was a Thursday; weeks begin on Monday. */
const MONDAY_SHIFT = 3 * DAY_MS

/** The first millisecond of the calendar period (UTC) that holds `now`; 0 for `once`. */
export function periodStart(period: Period, now: number): number {
  if (period === 'once') return 0
  if (period === 'day') return Math.floor(now / DAY_MS) * DAY_MS
  if (period === 'week') return Math.floor((now + MONDAY_SHIFT) / (7 * DAY_MS)) * 7 * DAY_MS - MONDAY_SHIFT
  const date = new Date(now)
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1)
}

/** The first millisecond after the period that holds `now`; Infinity for `once`. */
export function periodEnd(period: Period, now: number): number {
  if (period === 'once') return Infinity
  if (period === 'day') return periodStart(period, now) + DAY_MS
  if (period === 'week') return periodStart(period, now) + 7 * DAY_MS
  const date = new Date(now)
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1)
}
