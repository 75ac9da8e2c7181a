import { z } from 'zod'

/** A name, or a pattern in which `*` stands for any text: `team-a`, `local/*`. */
const NamePattern = z.string().min(1).max(256)

/** What a call can be told apart by. `model` is the name the client asked for; beside `provider` it is the target's model. */
export const Dimension = z.enum(['key', 'application', 'team', 'model', 'provider', 'end_user'])
export type Dimension = z.infer<typeof Dimension>

/** Which calls a rule is about: each named dimension must match; none named means every call. */
export const Selector = z.strictObject({
  key: NamePattern.optional(),
  application: NamePattern.optional(),
  team: NamePattern.optional(),
  model: NamePattern.optional(),
  provider: NamePattern.optional(),
  end_user: NamePattern.optional(),
})
export type Selector = z.infer<typeof Selector>

/** Who a call belongs to, as budgets, guards and caches see it. */
export const Owner = Selector.omit({ provider: true, end_user: true })
export type Owner = z.infer<typeof Owner>
