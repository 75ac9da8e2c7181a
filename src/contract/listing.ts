import { z } from 'zod'

/** The query of every list: a page size and the cursor that the page before gave. */
export const Paging = z.object({
  limit: z.coerce.number<number>().int().min(1).max(200).default(50),
  /** `next_cursor` of the page before. */
  after: z.string().max(500).optional(),
})

/** A page of a list in a stable order. */
export function pageOf<Item extends z.ZodType>(item: Item) {
  return z.object({
    object: z.literal('list'),
    data: z.array(item),
    has_more: z.boolean(),
    next_cursor: z.string().nullable(),
  })
}

/** The page type by its item. */
export type Page<Item> = {
  object: 'list'
  data: Item[]
  has_more: boolean
  next_cursor: string | null
}

/** A text to find; SQL wildcards in it mean themselves. */
export const Search = z.string().trim().min(1).max(200)
