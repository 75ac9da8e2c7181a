import { z } from 'zod'
import { Paging, pageOf } from '../listing.ts'
import { route } from '../route.ts'
import { Slug, Timestamp } from '../shared.ts'
import { RoleName } from './people.ts'
import { IdParam } from './shared.ts'

/** A token for scripts against this API: `Authorization: Bearer pra_…`. API keys for models are another thing. */
export const TokenView = z.object({
  id: z.string(),
  name: z.string(),
  role: RoleName,
  hint: z.string(),
  created_at: Timestamp,
  created_by: z.string().nullable(),
  expires_at: Timestamp.nullable(),
  last_used_at: Timestamp.nullable(),
})
export type TokenView = z.infer<typeof TokenView>

export const listTokens = route({
  method: 'GET',
  path: '/tokens',
  action: 'tokens:List',
  summary: 'List the management tokens',
  query: Paging,
  result: pageOf(TokenView),
})

export const createToken = route({
  method: 'POST',
  path: '/tokens',
  action: 'tokens:Create',
  summary: 'Create a management token; it is in this answer and never shown again',
  body: z.strictObject({ name: Slug, role: RoleName, expires_at: Timestamp.optional() }),
  result: TokenView.extend({ secret: z.string() }),
  status: 201,
})

export const revokeToken = route({
  method: 'DELETE',
  path: '/tokens/{id}',
  action: 'tokens:Revoke',
  summary: 'Revoke a management token at once',
  params: IdParam,
})
