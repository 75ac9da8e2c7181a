import { keysIn } from '../store/api-key.ts'
import type { Actor } from './actor.ts'
import type { Context } from './context.ts'
import { newRow } from './keys.ts'
import { createSecret, hashSecret, hintOf } from './secret.ts'
import { timestamp } from './time.ts'
import { changed } from './version.ts'

const LIFE_MS = 3_600_000

/** A key of an hour, one for each person: the playground's calls are authenticated, limited and recorded like any client's. */
export async function createPlaygroundKey({ live, clock, runtime, config }: Context, actor: Actor) {
  const secret = createSecret('prk_live_')
  const name = `playground-${(actor.id ?? actor.kind).slice(-16)}`
  const expiresAt = clock() + LIFE_MS
  await live.change(actor, { action: 'playground:Use', target: name }, async (db) => {
    const row = await keysIn(db).named(name)
    if (!row) {
      const key = {
        name,
        models: ['*'],
        priority: 'normal',
        on_unsupported: 'drop',
        expires_at: timestamp(expiresAt),
      } as const
      return keysIn(db).insert(newRow({ ...key, models: ['*'] }, secret, actor.name, clock()))
    }
    const fields = {
      hash: hashSecret(secret),
      hint: hintOf(secret),
      previous_hash: row.hash,
      previous_until: clock() + 60_000,
    }
    changed(await keysIn(db).update(row.id, row.version, { ...fields, expires_at: expiresAt, updated_at: clock() }))
  })
  return { secret, expires_at: timestamp(expiresAt), base_url: `${runtime.address?.() ?? config.publicUrl ?? ''}/v1` }
}
