import { AppError } from '../errors.ts'

/** A place in a list as clients carry it: opaque to them. */
export function writeCursor(...parts: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify(parts)).toString('base64url')
}

/** The parts of a cursor: one of `kinds` each. Throws `invalid_request` for what was not written here. */
export function readCursor(
  cursor: string | undefined,
  kinds: readonly ('string' | 'number')[],
): (string | number)[] | undefined {
  if (cursor === undefined) return undefined
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString())
    // oxlint-disable-next-line valid-typeof
    if (Array.isArray(parts) && parts.length === kinds.length && kinds.every((kind, i) => typeof parts[i] === kind)) {
      return parts as (string | number)[]
    }
  } catch {
    // Said below, as for every other cursor that is none.
  }
  throw new AppError('invalid_request', 'after is no cursor of this list: use next_cursor of the page before.', {
    field: 'after',
  })
}
