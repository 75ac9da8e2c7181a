import { z } from 'zod'
import { Timestamp } from '../shared.ts'

/** Where a thing is kept: things of the file and of the environment are read-only here, and their answer says so. */
export const Origin = z.enum(['file', 'database', 'environment', 'built-in'])
export type Origin = z.infer<typeof Origin>

/** What every thing kept by the gateway says about itself beside its own fields. */
export const Kept = z.object({
  origin: Origin,
  /** Also the ETag: send it as `If-Match` with a change. */
  version: z.int(),
  created_at: Timestamp.nullable(),
  updated_at: Timestamp.nullable(),
})

export const IdParam = z.object({ id: z.string().min(1).max(200) })
export const NameParam = z.object({ name: z.string().min(1).max(200) })
