import type { Page } from '../contract/listing.ts'
import { readCursor, writeCursor } from '../lib/cursor.ts'

/** A page of a list that is in memory, in its own order; `idOf` tells the entries apart. */
export function pageOfAll<T>(
  all: readonly T[],
  { limit, after }: { readonly limit: number; readonly after?: string | undefined },
  idOf: (item: T) => string,
): Page<T> {
  const [last] = readCursor(after, ['string']) ?? []
  const start = last === undefined ? 0 : all.findIndex((item) => idOf(item) === last) + 1
  return pageOfRows(all.slice(start, start + limit + 1), limit, idOf)
}

/** A page of rows that were read with one more than the limit, so that it is known whether others follow. */
export function pageOfRows<T>(rows: readonly T[], limit: number, idOf: (item: T) => string): Page<T> {
  const data = rows.slice(0, limit)
  const last = data.at(-1)
  const more = rows.length > limit
  return {
    object: 'list',
    data,
    has_more: more,
    next_cursor: more && last !== undefined ? writeCursor(idOf(last)) : null,
  }
}

/** The id after which a page of rows begins. */
export function afterId(cursor: string | undefined): string | undefined {
  const [id] = readCursor(cursor, ['string']) ?? []
  return id === undefined ? undefined : String(id)
}
