import type { Page } from '../contract/listing.ts'

/** Reads a list to its end, page by page, or to the most that are wanted. */
export async function everyItem<T>(
  read: (paging: { limit: number; after?: string }) => Promise<Page<T>>,
  most = Infinity,
): Promise<T[]> {
  const items: T[] = []
  for (let after: string | null = null; ;) {
    const page = await read({ limit: Math.min(200, most - items.length), ...(after !== null && { after }) })
    items.push(...page.data)
    after = page.next_cursor
    if (after === null || items.length >= most) return items
  }
}
