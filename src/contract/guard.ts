import { z } from 'zod'
import { Owner } from './selector.ts'
import { Milliseconds, Secret, Slug } from './shared.ts'

const Sides = z
  .array(z.enum(['input', 'output']))
  .min(1)
  .default(['input', 'output'])

const COMMON = { name: Slug, for: Owner.default({}) }

/** What to do with a match: refuse the call, replace it, or replace it on the way out and put it back in the answer. */
const TextAction = z.enum(['block', 'mask', 'restore']).default('block')

/** What happens to a call that holds what cannot be read as text: images, audio, files, form uploads. */
const Unreadable = z.enum(['allow', 'refuse']).default('allow')

/** What a personal-data guard can find. `national_id` covers the numbers of the US, UK, France, Spain, Italy, Brazil, China and India. */
export const PersonalData = z.enum(['email', 'phone', 'card', 'iban', 'national_id', 'secret', 'ip'])
export type PersonalData = z.infer<typeof PersonalData>

/** Words and patterns. Patterns are regular expressions without look-around and back-references, so that they run in linear time. */
export const PatternGuard = z.strictObject({
  ...COMMON,
  kind: z.literal('patterns'),
  on: Sides,
  action: TextAction,
  words: z.array(z.string().min(1).max(200)).max(10_000).default([]),
  patterns: z.array(z.string().min(1).max(500)).max(200).default([]),
  case_sensitive: z.boolean().default(false),
  unreadable: Unreadable,
})

export const PersonalDataGuard = z.strictObject({
  ...COMMON,
  kind: z.literal('personal_data'),
  on: Sides,
  action: TextAction,
  find: z.array(PersonalData).min(1).default(['email', 'phone', 'card', 'iban', 'national_id', 'secret']),
  unreadable: Unreadable,
})

/** Sizes of the text of a call: characters, messages. */
export const SizeGuard = z.strictObject({
  ...COMMON,
  kind: z.literal('size'),
  max_input_characters: z.int().min(1).optional(),
  max_messages: z.int().min(1).optional(),
  max_output_characters: z.int().min(1).optional(),
})

/** Tools that a call may offer and an answer may call; names may hold `*`. */
export const ToolGuard = z.strictObject({
  ...COMMON,
  kind: z.literal('tools'),
  allow: z.array(z.string().min(1)).default([]),
})

/** The text of a plain answer must be JSON that this JSON Schema accepts. */
export const SchemaGuard = z.strictObject({
  ...COMMON,
  kind: z.literal('json_schema'),
  schema: z.record(z.string(), z.unknown()),
})

/** Asks a service of the company's own: POST `{ guard, side, texts }`, answered by `{ action: allow|block|replace, texts? }`. */
export const WebhookGuard = z.strictObject({
  ...COMMON,
  kind: z.literal('webhook'),
  on: Sides,
  url: z.url({ protocol: /^https?$/ }),
  secret: Secret.optional(),
  timeout_ms: Milliseconds.default(2_000),
  /** What happens to the call when the service does not answer in time or not as agreed. */
  on_failure: z.enum(['open', 'closed']).default('closed'),
})

/** A rule on what goes in and comes out, the same for every wire format. What a guard cannot check it refuses. */
export const Guard = z.discriminatedUnion('kind', [
  PatternGuard,
  PersonalDataGuard,
  SizeGuard,
  ToolGuard,
  SchemaGuard,
  WebhookGuard,
])
export type Guard = z.infer<typeof Guard>
