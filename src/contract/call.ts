import { z } from 'zod'

/** Tokens by class, each token in exactly one class. */
export const TokenUsage = z.strictObject({
  input: z.int().min(0),
  cache_read: z.int().min(0),
  cache_write_5m: z.int().min(0),
  cache_write_1h: z.int().min(0),
  output: z.int().min(0),
  reasoning: z.int().min(0),
  audio_input: z.int().min(0),
  audio_output: z.int().min(0),
  image_input: z.int().min(0),
})
export type TokenUsage = z.infer<typeof TokenUsage>

/** One try at one target. Times are milliseconds since the call began. */
export const Attempt = z.strictObject({
  provider: z.string(),
  model: z.string(),
  key: z.string().nullable(),
  status: z.int().nullable(),
  error_code: z.string().nullable(),
  started_ms: z.number(),
  duration_ms: z.number(),
  /** It went on with the stream that the attempts before it had begun. */
  continues: z.literal(true).optional(),
})
export type Attempt = z.infer<typeof Attempt>

/**
 * The record of one call through the gateway. Exactly one exists for each completed call. It never holds prompts, answers or
 * secrets. `cost_micros` is null where no price is known: unknown is never 0.
 */
export const CallRecord = z.strictObject({
  /** Also the `x-request-id` of the answer. */
  id: z.string(),
  /** Milliseconds since the epoch. */
  started_at: z.int(),
  key_id: z.string().nullable(),
  key_name: z.string().nullable(),
  team: z.string().nullable(),
  application: z.string().nullable(),
  end_user: z.string().nullable(),
  /** What the client called: `chat.completions`, `embeddings`, `messages` … */
  endpoint: z.string(),
  /** The wire format the client spoke. */
  dialect: z.string(),
  stream: z.boolean(),
  model_asked: z.string().nullable(),
  provider: z.string().nullable(),
  model_served: z.string().nullable(),
  status: z.int(),
  error_code: z.string().nullable(),
  finish_reason: z.string().nullable(),
  usage: TokenUsage.nullable(),
  cost_micros: z.int().nullable(),
  price_source: z.string().nullable(),
  first_byte_ms: z.number().nullable(),
  total_ms: z.number(),
  /** Time spent in the gateway itself, not waiting for an upstream. */
  overhead_ms: z.number().nullable(),
  attempts: z.array(Attempt),
  bytes_in: z.int(),
  bytes_out: z.int(),
  /** Parameters that the target could not carry and that were left out. */
  dropped: z.array(z.string()),
  /** `hit`, `miss`, `shared`; null when no cache was asked. */
  cache: z.string().nullable(),
  /** Guard actions by guard id: how often each acted. Never what matched. */
  guards: z.record(z.string(), z.int()).nullable(),
})
export type CallRecord = z.infer<typeof CallRecord>
