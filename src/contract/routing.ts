import { z } from 'zod'
import { DEFAULT_BREAKER, DEFAULT_OVERLOAD, DEFAULT_RETRIES, DEFAULT_SHARING } from './defaults.ts'
import { Milliseconds, Slug } from './shared.ts'

/** How an alias picks among its targets of the same priority. */
export const Strategy = z.enum(['weighted', 'priority', 'least_in_flight', 'fastest', 'cheapest', 'sticky'])
export type Strategy = z.infer<typeof Strategy>

/** What a request must look like for a target to take it; every test given must hold. Values may hold `*`. */
export const When = z.strictObject({
  headers: z.record(z.string().regex(/^[a-z0-9-]+$/, 'write header names in lower case'), z.string()).optional(),
  metadata: z.record(z.string(), z.string()).optional(),
  min_bytes: z.int().min(0).optional(),
  max_bytes: z.int().min(0).optional(),
  tools: z.boolean().optional(),
  images: z.boolean().optional(),
})
export type When = z.infer<typeof When>

/** A place to send a call without a say in how often. */
export const Place = z.strictObject({ provider: Slug, model: z.string().min(1) })
export type Place = z.infer<typeof Place>

/** A place to turn to when others have failed. */
export const Fallback = z.strictObject({
  ...Place.shape,
  /** Whether it can go on from the beginning of an answer. Left out: what is known of the vendor holds. */
  continues_prefix: z.boolean().optional(),
})
export type Fallback = z.infer<typeof Fallback>

/** A share of the traffic that goes to one more place. */
export const Share = z.strictObject({ ...Place.shape, percent: z.number().min(0).max(100) })
export type Share = z.infer<typeof Share>

/** Further tries. A call is repeated only before its first byte to the client and only when the failure is worth it. */
export const Retries = z.strictObject({
  /** Tries at the same target, the first one included. */
  attempts: z.int().min(1).max(10).default(DEFAULT_RETRIES.attempts),
  /** Longest wait the vendor may ask for; a longer one moves on to the next target at once. */
  max_wait_ms: z.int().min(0).max(60_000).default(DEFAULT_RETRIES.max_wait_ms),
  /** Backoff of the first repetition; doubles with each, with jitter. */
  backoff_ms: z.int().min(0).max(10_000).default(DEFAULT_RETRIES.backoff_ms),
})
export type Retries = z.infer<typeof Retries>

/** Where to go for failures that more of the same would not mend. */
export const SpecialFallbacks = z.strictObject({
  context_length_exceeded: z.array(Place).default([]),
  content_filtered: z.array(Place).default([]),
})
export type SpecialFallbacks = z.infer<typeof SpecialFallbacks>

/** Timeouts of an alias; what it does not name is the provider's. */
export const TimeoutOverrides = z.strictObject({
  connect_ms: Milliseconds.optional(),
  first_byte_ms: Milliseconds.optional(),
  idle_ms: Milliseconds.optional(),
  total_ms: Milliseconds.optional(),
})
export type TimeoutOverrides = z.infer<typeof TimeoutOverrides>

/** When a target leaves rotation, and when one probe may try it again. */
export const Breaker = z.strictObject({
  /** Failures in a row that open it. */
  failures: z.int().min(1).max(1000).default(DEFAULT_BREAKER.failures),
  /** Share of failed calls that opens it as well, once 20 calls of the last `window_ms` are known. */
  failure_percent: z.int().min(1).max(100).default(DEFAULT_BREAKER.failure_percent),
  window_ms: z.int().min(1_000).max(600_000).default(DEFAULT_BREAKER.window_ms),
  /** First rest; doubles with each failed probe, up to sixteen times. */
  rest_ms: z.int().min(1).max(600_000).default(DEFAULT_BREAKER.rest_ms),
})
export type Breaker = z.infer<typeof Breaker>

/** When new work is refused to save the work that runs. */
export const Overload = z.strictObject({
  /** Delay of the event loop from which calls of low priority are refused; normal ones from twice, high ones from four times that. */
  max_lag_ms: z.int().min(5).max(60_000).default(DEFAULT_OVERLOAD.max_lag_ms),
  /** Resident memory from which calls are refused. */
  max_memory_bytes: z.int().min(67_108_864).optional(),
  /** Calls in flight in one process from which calls are refused. */
  max_in_flight: z.int().min(1).default(DEFAULT_OVERLOAD.max_in_flight),
})
export type Overload = z.infer<typeof Overload>

/** Things that vendors keep for clients of the Responses API, named by their ids. */
export const Responses = z.strictObject({
  /**
   * Ids that this gateway did not see made for the caller's team and application: `refuse` them, or `allow` them where one provider alone
   * can have made them. What another tenant is known to have made is refused either way.
   */
  unknown_ids: z.enum(['refuse', 'allow']).default('refuse'),
})
export type Responses = z.infer<typeof Responses>

/** Counters shared by many nodes; the address comes from `REDIS_URL`. */
export const Sharing = z.strictObject({
  /** While Redis cannot be reached: count on this node alone (`open`), or refuse what is limited (`closed`). */
  on_loss: z.enum(['open', 'closed']).default(DEFAULT_SHARING.on_loss),
  /** Largest share of a limit, in percent, that one node may hold in advance. */
  lease_percent: z.number().min(0.1).max(25).default(DEFAULT_SHARING.lease_percent),
})
export type Sharing = z.infer<typeof Sharing>
