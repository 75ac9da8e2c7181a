import { z } from 'zod'
import { Owner } from './selector.ts'

/** Calls whose answers may be kept. Nothing is cached for a call that no rule selects. */
export const CacheRule = z.strictObject({
  for: Owner,
  ttl_ms: z.int().min(1_000).max(2_592_000_000).default(600_000),
  /** Who shares an answer. Callers of different tenants never do. */
  scope: z.enum(['key', 'application', 'team']).default('key'),
  /** Equal requests that run at the same time share one upstream call. */
  share: z.boolean().default(true),
})
export type CacheRule = z.infer<typeof CacheRule>

/** Exact answers kept in memory or in Valkey/Redis. */
export const Cache = z.strictObject({
  store: z.enum(['memory', 'redis']).default('memory'),
  max_bytes: z.int().min(65_536).default(67_108_864),
  max_entry_bytes: z.int().min(1_024).default(1_048_576),
  rules: z.array(CacheRule).default([]),
})
export type Cache = z.infer<typeof Cache>
