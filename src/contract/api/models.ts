import { z } from 'zod'
import { Paging, pageOf, Search } from '../listing.ts'
import { route } from '../route.ts'
import { Timestamp } from '../shared.ts'
import { Kept } from './shared.ts'

/** What a million tokens of one class cost, in whole micro-dollars. */
const RATE = 'whole micro-dollars for a million tokens: 150000 is $0.15'
const Rate = z
  .int({ error: `must be ${RATE}` })
  .min(0, { error: `must be ${RATE}` })
  .max(Number.MAX_SAFE_INTEGER)
  .describe(RATE)

/** A price of one's own; a class left out follows the catalogue. */
export const Price = z.strictObject({
  input: Rate.optional(),
  output: Rate.optional(),
  cache_read: Rate.optional(),
  cache_write: Rate.optional(),
})
export type Price = z.infer<typeof Price>

/** A model that calls can name as `provider/model`. */
export const ModelView = z.object({
  /** `provider/model`. */
  id: z.string(),
  provider: z.string(),
  model: z.string(),
  label: z.string().nullable(),
  /** `chat`, `embeddings`, `images` … as far as known. */
  kind: z.string().nullable(),
  /** `tools`, `vision`, `reasoning` … */
  capabilities: z.array(z.string()),
  context_tokens: z.int().nullable(),
  output_tokens: z.int().nullable(),
  /** What is charged now; null where no price is known. */
  price: Price.nullable(),
  price_source: z.string().nullable(),
  /** True when the price was set here instead of the catalogue. */
  overridden: z.boolean(),
  shutdown_at: Timestamp.nullable(),
  /** False for a model of the catalogue whose provider is not set up; `provider` is then the vendor's type. */
  set_up: z.boolean(),
})
export type ModelView = z.infer<typeof ModelView>

const ModelParam = z.object({ provider: z.string().min(1), model: z.string().min(1) })

export const PriceView = Price.extend({ ...ModelParam.shape, ...Kept.shape })
export type PriceView = z.infer<typeof PriceView>

export const listModels = route({
  method: 'GET',
  path: '/models',
  action: 'models:List',
  summary: 'List and search the models of the providers that are set up',
  query: Paging.extend({
    search: Search.optional(),
    provider: z.string().optional(),
    capability: z.string().optional(),
    /** Also models of vendors that are not set up, after the others. */
    catalogue: z.stringbool().optional(),
  }),
  result: pageOf(ModelView),
})

export const listPrices = route({
  method: 'GET',
  path: '/prices',
  action: 'prices:List',
  summary: 'List the prices that replace the catalogue’s',
  query: Paging,
  result: pageOf(PriceView),
})

export const setPrice = route({
  method: 'PUT',
  path: '/prices/{provider}/{model}',
  action: 'prices:Update',
  summary: 'Set a model’s price; calls from now on are charged with it',
  params: ModelParam,
  body: Price,
  result: PriceView,
  versioned: true,
})

export const deletePrice = route({
  method: 'DELETE',
  path: '/prices/{provider}/{model}',
  action: 'prices:Delete',
  summary: 'Go back to the catalogue’s price',
  params: ModelParam,
  versioned: true,
})
