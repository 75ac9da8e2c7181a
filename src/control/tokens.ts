import type { Role } from '../contract/action.ts'
import type { TokenView } from '../contract/api/tokens.ts'
import type { Page } from '../contract/listing.ts'
import { AppError } from '../errors.ts'
import { newId } from '../lib/id.ts'
import { tokensIn, type ManagementTokenRow } from '../store/management-token.ts'
import type { Actor } from './actor.ts'
import { writeAudit } from './audit.ts'
import type { Context } from './context.ts'
import { afterId, pageOfRows } from './page.ts'
import { createSecret, hashSecret, hintOf } from './secret.ts'
import { timestamp, timestampOrNull } from './time.ts'

export async function listTokens(
  { store }: Context,
  query: { readonly limit: number; readonly after?: string | undefined },
): Promise<Page<TokenView>> {
  const page = pageOfRows(
    await tokensIn(store.db).list(query.limit + 1, afterId(query.after)),
    query.limit,
    ({ id }) => id,
  )
  return { ...page, data: page.data.map(toView) }
}

export async function createToken(
  { store, clock }: Context,
  actor: Actor,
  input: { readonly name: string; readonly role: Role; readonly expires_at?: string | undefined },
): Promise<TokenView & { secret: string }> {
  const secret = createSecret('pra_')
  const row: ManagementTokenRow = {
    id: newId('tok'),
    name: input.name,
    role: input.role,
    hash: hashSecret(secret),
    hint: hintOf(secret),
    created_by: actor.name,
    created_at: clock(),
    expires_at: input.expires_at === undefined ? null : Date.parse(input.expires_at),
    last_used_at: null,
  }
  await store.db.transaction().execute(async (db) => {
    if (await tokensIn(db).named(input.name))
      throw new AppError('conflict', `There is a token named ${input.name} already.`, { field: 'name' })
    await tokensIn(db).insert(row)
    await writeAudit(db, actor, { action: 'tokens:Create', target: row.id, changes: { ...input } }, clock())
  })
  return { ...toView(row), secret }
}

export async function revokeToken({ store, clock }: Context, actor: Actor, id: string): Promise<void> {
  await store.db.transaction().execute(async (db) => {
    const row = await tokensIn(db).delete(id)
    if (!row) throw new AppError('not_found', `There is no management token ${id}.`)
    await writeAudit(db, actor, { action: 'tokens:Revoke', target: id, changes: { name: row.name } }, clock())
  })
}

function toView({ hash: _hash, ...row }: ManagementTokenRow): TokenView {
  return {
    ...row,
    role: row.role as Role,
    created_at: timestamp(row.created_at),
    expires_at: timestampOrNull(row.expires_at),
    last_used_at: timestampOrNull(row.last_used_at),
  }
}
