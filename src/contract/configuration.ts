import { z } from 'zod'
import { Alias } from './alias.ts'
import { Budget } from './budget.ts'
import { Cache } from './cache.ts'
import { Guard } from './guard.ts'
import { FileKey } from './key.ts'
import { Limit } from './limit.ts'
import { Provider } from './provider.ts'
import { ModelPrice } from './price.ts'
import { Overload, Responses, Sharing } from './routing.ts'
import { Server } from './server.ts'

/** `portreeve.yaml` as a whole; the management API edits the same things one by one. */
export const Configuration = z.strictObject({
  version: z.literal(1).default(1),
  server: Server.optional(),
  providers: z.array(Provider).default([]),
  aliases: z.array(Alias).default([]),
  keys: z.array(FileKey).default([]),
  prices: z.array(ModelPrice).default([]),
  limits: z.array(Limit).default([]),
  budgets: z.array(Budget).default([]),
  guards: z.array(Guard).default([]),
  cache: Cache.optional(),
  overload: Overload.optional(),
  responses: Responses.optional(),
  sharing: Sharing.optional(),
})
export type Configuration = z.infer<typeof Configuration>
