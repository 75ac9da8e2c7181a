import { z } from 'zod'
import { route } from '../route.ts'
import { Micros, Timestamp } from '../shared.ts'

/** What a set of calls adds up to. Percentiles are of bins 1.42 wide, interpolated; null without calls, and where a key is named. */
export const Totals = z.object({
  calls: z.int(),
  ok: z.int(),
  client_errors: z.int(),
  rate_limited: z.int(),
  server_errors: z.int(),
  cancelled: z.int(),
  input_tokens: z.int(),
  cache_read_tokens: z.int(),
  cache_write_tokens: z.int(),
  output_tokens: z.int(),
  reasoning_tokens: z.int(),
  cost_micros: Micros,
  /** Calls that used tokens whose price is not known: the true cost is higher. */
  unpriced_calls: z.int(),
  cache_hits: z.int(),
  p50_ms: z.number().nullable(),
  p95_ms: z.number().nullable(),
  p99_ms: z.number().nullable(),
  first_byte_p50_ms: z.number().nullable(),
  first_byte_p95_ms: z.number().nullable(),
})
export type Totals = z.infer<typeof Totals>

export const Grain = z.enum(['minute', 'hour', 'day'])
export type Grain = z.infer<typeof Grain>

const Group = z.object({ totals: Totals, previous_calls: z.int(), previous_cost_micros: Micros })

export const Overview = z.object({
  from: Timestamp,
  to: Timestamp,
  /** Length of a point of the series; `from` and `to` are moved out to its bounds (UTC). */
  grain: Grain,
  totals: Totals,
  /** The same length of time just before. */
  previous: Totals,
  series: z.array(z.object({ at: Timestamp, totals: Totals })),
  /** The biggest first, at most 50 each. */
  by_model: z.array(Group.extend({ provider: z.string().nullable(), model: z.string().nullable() })),
  by_provider: z.array(Group.extend({ provider: z.string().nullable() })),
  by_key: z.array(Group.extend({ key_id: z.string().nullable(), key_name: z.string().nullable() })),
})
export type Overview = z.infer<typeof Overview>

export const getOverview = route({
  method: 'GET',
  path: '/overview',
  action: 'overview:Read',
  summary: 'Read calls, errors, latency, tokens and cost over a time, beside the time before',
  query: z.object({
    /** A day before `to` unless said. */
    from: Timestamp.optional(),
    /** Now unless said. */
    to: Timestamp.optional(),
    provider: z.string().optional(),
    model: z.string().optional(),
    key_id: z.string().optional(),
  }),
  result: Overview,
})

/** Something a person should look at. `kind` and `values` let a client say it in its own language. */
export const Attention = z.object({
  kind: z.enum([
    'provider-failing',
    'provider-without-key',
    'provider-key-resting',
    'key-expiring',
    'budget-near-end',
    'file-refused',
    'records-waiting',
    'running-on-last-snapshot',
    'unpriced-calls',
  ]),
  severity: z.enum(['warning', 'critical']),
  message: z.string(),
  values: z.record(z.string(), z.union([z.string(), z.number()])),
  /** Where in the console it can be mended: `/providers/openai`. */
  path: z.string().nullable(),
})
export type Attention = z.infer<typeof Attention>

export const listAttention = route({
  method: 'GET',
  path: '/attention',
  action: 'overview:Read',
  summary: 'List what needs a person’s attention, worst first',
  result: z.object({ data: z.array(Attention) }),
})
