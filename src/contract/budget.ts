import { z } from 'zod'
import { Owner } from './selector.ts'
import { Milliseconds, Secret, Slug } from './shared.ts'

/** Where alerts of a budget go. Messages are signed as Standard Webhooks; without a secret nothing is sent. */
export const BudgetAlerts = z.strictObject({
  url: z.url({ protocol: /^https?$/ }),
  secret: Secret.optional(),
  /** Shares of the budget, in percent, that are worth a message. */
  at: z.array(z.int().min(1).max(1000)).min(1).max(10).default([50, 80, 100]),
})
export type BudgetAlerts = z.infer<typeof BudgetAlerts>

/**
 * What calls may cost. `for` selects them (none named: the whole organisation), `per` gives each value of the named dimensions a budget
 * of its own. Periods are calendar periods in UTC; weeks begin on Monday. A hard budget refuses; a soft one only alerts.
 */
export const Budget = z.strictObject({
  name: Slug,
  for: Owner.default({}),
  per: z.array(z.enum(['key', 'application', 'team', 'model'])).default([]),
  amount_micros: z.int().min(0).max(1_000_000_000_000_000).describe('whole micro-dollars: 50000000 is $50'),
  period: z.enum(['day', 'week', 'month', 'once']).default('month'),
  mode: z.enum(['hard', 'soft']).default('hard'),
  /** A call to a model without a known price: refused, or let through and counted as unpriced. */
  unpriced: z.enum(['refuse', 'allow']).default('refuse'),
  /**
   * Output tokens to reserve for a call that names no maximum of its own, in place of the model's limit. Lower admits more calls at
   * once near the end of the budget, which may then be overspent by what those calls produce beyond it.
   */
  assume_output_tokens: z.int().min(1).optional(),
  /** How long a call waits for money that other running calls have reserved, before it is refused. */
  wait_ms: z.int().min(0).max(60_000).default(2_000),
  /** When the reservation of a call that was never settled is given back. */
  reservation_ms: Milliseconds.default(900_000),
  alerts: BudgetAlerts.optional(),
})
export type Budget = z.infer<typeof Budget>
