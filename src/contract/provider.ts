import { z } from 'zod'
import { Breaker } from './routing.ts'
import { Milliseconds, Secret, Slug, Timestamp } from './shared.ts'

/** One credential of a provider's pool. */
export const ProviderKey = z.strictObject({
  id: Slug,
  secret: Secret,
  weight: z.number().min(0).max(1000).default(1),
  /** Requests a minute and tokens a minute the vendor grants this credential; none means unknown. */
  requests_per_minute: z.int().min(1).optional(),
  tokens_per_minute: z.int().min(1).optional(),
  expires_at: Timestamp.optional(),
})
export type ProviderKey = z.infer<typeof ProviderKey>

/** How long each phase of an upstream call may take. `idle_ms` is the longest silence inside an answer. */
export const Timeouts = z.strictObject({
  connect_ms: Milliseconds.default(5_000),
  first_byte_ms: Milliseconds.default(120_000),
  idle_ms: Milliseconds.default(60_000),
  total_ms: Milliseconds.default(600_000),
})
export type Timeouts = z.infer<typeof Timeouts>

/** A vendor account. `type` names an entry of the provider registry, `openai-compatible` or `demo`. */
export const Provider = z.strictObject({
  id: Slug,
  type: z.string().min(1),
  base_url: z.url({ protocol: /^https?$/ }).optional(),
  api_key: Secret.optional(),
  api_keys: z.array(ProviderKey).optional(),
  /** Values for the placeholders of the registry's base URL: region, account, resource, project … */
  variables: z.record(z.string(), z.string()).optional(),
  headers: z.record(z.string().regex(/^[A-Za-z0-9-]+$/), Secret).optional(),
  /** Models to list for this provider beside those of the catalogue. */
  models: z.array(z.string().min(1)).optional(),
  timeouts: Timeouts.partial().optional(),
  breaker: Breaker.optional(),
  enabled: z.boolean().default(true),
})
export type Provider = z.infer<typeof Provider>
