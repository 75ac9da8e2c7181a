import type { CallFilter, Outcome } from '../../../src/contract/api/calls.ts'
import { boundsOf, isRange } from '../overview/range.ts'

const OUTCOMES = [
  'ok',
  'error',
  'client-error',
  'rate-limited',
  'server-error',
  'cancelled',
] as const satisfies Outcome[]

/** The page's address as strings. */
export type CallSearch = { readonly [N in keyof CallFilter | 'range' | 'id']?: string | undefined }

/** The API's filter for an address; what the address holds wrong is left out. */
export function filterOf(
  search: CallSearch,
  now: number,
): { [N in keyof CallFilter]?: Exclude<CallFilter[N], undefined> } & { stream?: never } {
  const { range, id: _, from, to, outcome, status, min_ms, min_cost_micros, stream: __, ...texts } = search
  const known = OUTCOMES.find((each) => each === outcome)
  const number = (text: string | undefined) =>
    text !== undefined && Number.isFinite(Number(text)) ? Number(text) : undefined
  const time = (text: string | undefined) =>
    text && !Number.isNaN(Date.parse(text)) ? new Date(text).toISOString() : undefined
  const given = {
    ...texts,
    ...(isRange(range) ? { from: boundsOf(range, now).from } : { from: time(from), to: time(to) }),
    outcome: known,
    status: number(status),
    min_ms: number(min_ms),
    min_cost_micros: number(min_cost_micros),
  }
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
}
