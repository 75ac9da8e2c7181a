import { z } from 'zod'
import { Paging, pageOf, Search } from '../listing.ts'
import { mergePatchOf } from '../merge.ts'
import { Key } from '../key.ts'
import { route } from '../route.ts'
import { Micros, Timestamp } from '../shared.ts'
import { IdParam, Kept } from './shared.ts'

export const KeyStatus = z.enum(['active', 'expired', 'revoked'])
export type KeyStatus = z.infer<typeof KeyStatus>

/** An API key as people see it: never its secret. */
export const KeyView = z.object({
  ...Key.omit({ secret: true }).shape,
  ...Kept.shape,
  id: z.string(),
  /** What tells keys apart: `prk_live_…wxyz`. */
  hint: z.string(),
  status: KeyStatus,
  created_by: z.string().nullable(),
  last_used_at: Timestamp.nullable(),
  revoked_at: Timestamp.nullable(),
  /** What the key has used since it was made. */
  used: z.object({
    calls: z.int(),
    tokens: z.int(),
    /** What is known of the cost: the calls of `unpriced_calls` are not in it. */
    cost_micros: Micros,
    /** Calls that used tokens of a model whose price nobody knows. */
    unpriced_calls: z.int(),
  }),
})
export type KeyView = z.infer<typeof KeyView>

const NewKey = Key.omit({ secret: true })
const KeyWithSecret = KeyView.extend({
  /** Shown this once. */
  secret: z.string(),
})

export const listKeys = route({
  method: 'GET',
  path: '/keys',
  action: 'keys:List',
  summary: 'List API keys, newest first',
  query: Paging.extend({ search: Search.optional(), status: KeyStatus.optional(), team: z.string().optional() }),
  result: pageOf(KeyView),
})

export const createKey = route({
  method: 'POST',
  path: '/keys',
  action: 'keys:Create',
  summary: 'Create an API key; its secret is in this answer and never shown again',
  body: NewKey,
  result: KeyWithSecret,
  status: 201,
})

export const getKey = route({
  method: 'GET',
  path: '/keys/{id}',
  action: 'keys:Read',
  summary: 'Read one API key',
  params: IdParam,
  result: KeyView,
  versioned: true,
})

export const updateKey = route({
  method: 'PATCH',
  path: '/keys/{id}',
  action: 'keys:Update',
  summary: 'Change what an API key may do',
  params: IdParam,
  body: mergePatchOf(NewKey),
  result: KeyView,
  versioned: true,
  merge: true,
})

export const rotateKey = route({
  method: 'POST',
  path: '/keys/{id}/rotate',
  action: 'keys:Rotate',
  summary: 'Give a key a new secret; the old one works on for a while',
  params: IdParam,
  body: z.strictObject({
    /** How long the old secret still works. */
    overlap_seconds: z.int().min(0).max(2_592_000).default(3_600),
  }),
  result: KeyWithSecret,
})

export const revokeKey = route({
  method: 'POST',
  path: '/keys/{id}/revoke',
  action: 'keys:Revoke',
  summary: 'Revoke an API key at once and for good',
  params: IdParam,
  result: KeyView,
})
