import { z } from 'zod'
import { Slug } from './shared.ts'

/** One place that an alias may send a call to. Targets with the lowest `priority` are tried first. */
export const Target = z.strictObject({
  provider: Slug,
  model: z.string().min(1),
  weight: z.number().min(0).max(1000).default(1),
  priority: z.int().min(0).max(100).default(0),
})
export type Target = z.infer<typeof Target>

/** A model name of the company's own, which routes to targets. */
export const Alias = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9._:-]{0,62}$/i, 'use letters, digits, ".", "_", ":" or "-"; no "/"'),
  targets: z.array(Target).min(1),
})
export type Alias = z.infer<typeof Alias>
