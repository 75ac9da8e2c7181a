import { z } from 'zod'
import { Dimension, Selector } from './selector.ts'
import { Slug } from './shared.ts'

const Count = z.int().min(1).max(Number.MAX_SAFE_INTEGER)

const RATES = {
  requests_per_minute: Count.optional(),
  requests_per_hour: Count.optional(),
  requests_per_day: Count.optional(),
  tokens_per_minute: Count.optional(),
  tokens_per_hour: Count.optional(),
  tokens_per_day: Count.optional(),
  /** Calls that may run at the same time. */
  in_flight: Count.optional(),
}

/**
 * How much traffic may pass. `for` selects the calls, `per` counts apart for each value of the named dimensions
 * (`per: [team, model]`: each team has the limit for each model); without `per` all selected calls share it. Windows slide.
 */
export const Limit = z
  .strictObject({ name: Slug, for: Selector.default({}), per: z.array(Dimension).default([]), ...RATES })
  .refine((limit) => Object.keys(RATES).some((rate) => limit[rate as keyof typeof RATES] !== undefined), {
    message: `name at least one of ${Object.keys(RATES).join(', ')}`,
  })
export type Limit = z.infer<typeof Limit>
