import { z } from 'zod'
import { Cache } from './cache.ts'
import { Overload, Responses, Sharing } from './routing.ts'

/** The sections of the configuration of which there is one each: a section without settings of its own has its defaults. */
export const Section = z.discriminatedUnion('name', [
  z.strictObject({ name: z.literal('cache'), settings: Cache }),
  z.strictObject({ name: z.literal('overload'), settings: Overload }),
  z.strictObject({ name: z.literal('responses'), settings: Responses }),
  z.strictObject({ name: z.literal('sharing'), settings: Sharing }),
])
export type Section = z.infer<typeof Section>
