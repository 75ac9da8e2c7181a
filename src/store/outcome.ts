import type { CallRecord } from '../contract/call.ts'
import { ERRORS, type ErrorCode } from '../errors.ts'

/** How a call ended; a stream that broke after its 200 counts by its error. */
export type StoredOutcome = 'ok' | 'client-error' | 'rate-limited' | 'server-error' | 'cancelled'

export function outcomeOf(record: Pick<CallRecord, 'status' | 'error_code'>): StoredOutcome {
  const known = record.error_code && record.error_code in ERRORS ? ERRORS[record.error_code as ErrorCode].status : 502
  const status = record.status < 400 && record.error_code ? known : record.status
  if (status < 400) return 'ok'
  if (status === 499) return 'cancelled'
  if (status === 429) return 'rate-limited'
  return status < 500 ? 'client-error' : 'server-error'
}
