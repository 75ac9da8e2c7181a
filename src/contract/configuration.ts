import { z } from 'zod'
import { Alias } from './alias.ts'
import { Key } from './key.ts'
import { Provider } from './provider.ts'

/** `portreeve.yaml` as a whole; the management API edits the same things one by one. */
export const Configuration = z.strictObject({
  version: z.literal(1).default(1),
  providers: z.array(Provider).default([]),
  aliases: z.array(Alias).default([]),
  keys: z.array(Key).default([]),
})
export type Configuration = z.infer<typeof Configuration>
