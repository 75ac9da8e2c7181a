import { CompiledQuery } from 'kysely'
import type { Db } from './schema.ts'

const LARGEST = 64
const KEPT = 200
const written = new Map<string, CompiledQuery>()

/**
 * A statement written by hand, for what runs with every batch of calls. Building it again would cost more than running it, and so would
 * freezing its many parameters, as `CompiledQuery.raw` does.
 */
export function query<Row>(text: string, parameters: readonly unknown[] = []): CompiledQuery<Row> {
  let known = written.get(text)
  if (!known) {
    if (written.size >= KEPT) written.clear()
    written.set(text, (known = CompiledQuery.raw(text)))
  }
  return { ...known, parameters } as CompiledQuery<Row>
}

/**
 * Runs `head VALUES (…),(…) tail` for many rows and resolves to what they return. Written by hand instead of built, because it runs
 * for every call; rows go in powers of two, so that the database knows a handful of statements.
 */
export async function insertMany<Row>(
  db: Db,
  head: string,
  tail: string,
  rows: readonly (readonly unknown[])[],
): Promise<Row[]> {
  const returned: Row[] = []
  for (let start = 0; start < rows.length;) {
    let size = LARGEST
    while (size > rows.length - start) size /= 2
    const part = rows.slice(start, start + size)
    start += size
    const width = part[0]?.length ?? 0
    const text = `${head} values ${placeholders(size, width)} ${tail}`
    returned.push(...(await db.executeQuery(query<Row>(text, part.flat()))).rows)
  }
  return returned
}

const known = new Map<string, string>()

function placeholders(rows: number, width: number): string {
  const name = `${rows}x${width}`
  const found = known.get(name)
  if (found) return found
  const made = Array.from({ length: rows }, (_, row) => {
    const places = Array.from({ length: width }, (__, column) => `$${row * width + column + 1}`)
    return `(${places.join(',')})`
  }).join(',')
  known.set(name, made)
  return made
}
