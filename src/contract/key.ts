import { z } from 'zod'
import { DEFAULT_KEY } from './defaults.ts'
import { Secret, Slug, Timestamp } from './shared.ts'

/** What to do with a parameter that the target cannot carry: translate what can be, leave it out and name it, or refuse the call. */
export const OnUnsupported = z.enum(['map', 'drop', 'refuse'])

/** An API key as `portreeve.yaml` and the management API describe it. The secret is shown once and stored as its SHA-256. */
export const Key = z.strictObject({
  name: Slug,
  secret: Secret.optional(),
  /** Model names, aliases and wildcards (`local/*`, `*`). */
  models: z.array(z.string().min(1)).default([...DEFAULT_KEY.models]),
  team: Slug.optional(),
  application: Slug.optional(),
  expires_at: Timestamp.optional(),
  /** Who is refused last when the gateway is overloaded. */
  priority: z.enum(['low', 'normal', 'high']).default(DEFAULT_KEY.priority),
  on_unsupported: OnUnsupported.default(DEFAULT_KEY.on_unsupported),
})
export type Key = z.infer<typeof Key>

/** A key of `portreeve.yaml`: nothing else could say what its secret is. */
export const FileKey = Key.extend({ secret: Secret.describe('give it, best as "env:NAME"') })
export type FileKey = z.infer<typeof FileKey>
