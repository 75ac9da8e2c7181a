import { AppError } from '../errors.ts'

const STALE = 'Somebody changed this meanwhile: read it again, then make the change to what it is now.'

/** Refuses a change that was made to an older version than the present one. Null: the caller did not say. */
export function refuseStale(present: number, asked: number | null): void {
  if (asked !== null && asked !== present) throw new AppError('precondition_failed', STALE)
}

/** Refuses when a write found another version than the one it was made from. */
export function changed(written: boolean): void {
  if (!written) throw new AppError('precondition_failed', STALE)
}
