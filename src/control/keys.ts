import type { KeyView } from '../contract/api/keys.ts'
import { Key } from '../contract/key.ts'
import type { Page } from '../contract/listing.ts'
import { AppError } from '../errors.ts'
import { mergePatch } from '../lib/merge-patch.ts'
import { keysIn, type ApiKeyRow } from '../store/api-key.ts'
import { callsIn } from '../store/call.ts'
import { rollupsIn } from '../store/rollup.ts'
import type { Sums } from '../store/tally.ts'
import type { Db } from '../store/schema.ts'
import type { Actor } from './actor.ts'
import type { Context } from './context.ts'
import { keyBody, keyFields, newRow, type NewKey } from './key-row.ts'
import { idOfFileKey } from './key-source.ts'
import { afterId, pageOfRows } from './page.ts'
import { createSecret, hashSecret, hintOf } from './secret.ts'
import { timestamp, timestampOrNull } from './time.ts'
import { changed, refuseStale } from './version.ts'

type KeyWithSecret = KeyView & { secret: string }

const NewKeySchema = Key.omit({ secret: true })

export type KeyList = {
  readonly limit: number
  readonly after?: string | undefined
  readonly search?: string | undefined
  readonly status?: KeyView['status'] | undefined
  readonly team?: string | undefined
}

/** Keys of the database, newest first; those of the file come before them on the first page. */
export async function listKeys({ store, live, clock }: Context, query: KeyList): Promise<Page<KeyView>> {
  const now = clock()
  const rows = await keysIn(store.db).list({ ...query, limit: query.limit + 1, after: afterId(query.after), now })
  const page = pageOfRows(rows, query.limit, ({ id }) => id)
  const own = query.after === undefined ? fileKeys(live.file()?.configuration.keys ?? [], query, now) : []
  const used = await rollupsIn(store.db).ofKeys([...own, ...page.data].map(({ id }) => id))
  const last = await callsIn(store.db).lastOfKeys(own.map(({ id }) => id))
  return {
    ...page,
    data: [
      ...own.map((key) => withUse(key, used.get(key.id), last.get(key.id))),
      ...page.data.map((row) => toView(row, used.get(row.id), now)),
    ],
  }
}

export async function getKey({ store, live, clock }: Context, id: string): Promise<KeyView> {
  const sums = (await rollupsIn(store.db).ofKeys([id])).get(id)
  const row = await keysIn(store.db).get(id)
  if (row) return toView(row, sums, clock())
  const own = fileKeys(live.file()?.configuration.keys ?? [], {}, clock()).find((key) => key.id === id)
  if (own) return withUse(own, sums, (await callsIn(store.db).lastOfKeys([id])).get(id))
  throw new AppError('not_found', `There is no API key ${id}.`)
}

/** Creates a key. Its secret is in the answer and nowhere else. */
export async function createKey(context: Context, actor: Actor, key: NewKey): Promise<KeyWithSecret> {
  const { live, clock } = context
  const secret = createSecret('prk_live_')
  const row = newRow(key, secret, actor.name, clock())
  await live.change(actor, { action: 'keys:Create', target: row.id, changes: { ...key } }, async (db) => {
    await refuseTaken(context, db, key.name)
    await keysIn(db).insert(row)
  })
  return { ...toView(row, undefined, clock()), secret }
}

export async function updateKey(
  context: Context,
  actor: Actor,
  id: string,
  patch: unknown,
  version: number | null,
): Promise<KeyView> {
  const { live, clock } = context
  await live.change(
    actor,
    { action: 'keys:Update', target: id, changes: patch as Record<string, unknown> },
    async (db) => {
      const row = await stored(context, db, id)
      refuseStale(row.version, version)
      if (row.revoked_at !== null)
        throw new AppError('conflict', `The key ${row.name} is revoked and can no longer be changed; create another.`)
      const now = { ...keyBody(row), name: row.name, expires_at: timestampOrNull(row.expires_at) ?? undefined }
      const key = NewKeySchema.parse(mergePatch(JSON.parse(JSON.stringify(now)), patch))
      if (key.name !== row.name) await refuseTaken(context, db, key.name)
      changed(await keysIn(db).update(id, row.version, { ...keyFields(key), updated_at: clock() }))
    },
  )
  return getKey(context, id)
}

/** Gives the key a new secret; the one before works on for `overlapSeconds`. */
export async function rotateKey(
  context: Context,
  actor: Actor,
  id: string,
  overlapSeconds: number,
): Promise<KeyWithSecret> {
  const { live, clock } = context
  const secret = createSecret('prk_live_')
  await live.change(
    actor,
    { action: 'keys:Rotate', target: id, changes: { overlap_seconds: overlapSeconds } },
    async (db) => {
      const row = await stored(context, db, id)
      if (row.revoked_at !== null) throw new AppError('conflict', `The key ${row.name} is revoked; create another.`)
      const fields = {
        hash: hashSecret(secret),
        hint: hintOf(secret),
        previous_hash: row.hash,
        previous_until: clock() + overlapSeconds * 1000,
        updated_at: clock(),
      }
      changed(await keysIn(db).update(id, row.version, fields))
    },
  )
  return { ...(await getKey(context, id)), secret }
}

/** Revoking a revoked key changes nothing. */
export async function revokeKey(context: Context, actor: Actor, id: string): Promise<KeyView> {
  const { live, clock } = context
  await live.change(actor, { action: 'keys:Revoke', target: id }, async (db) => {
    const row = await stored(context, db, id)
    if (row.revoked_at !== null) return
    changed(
      await keysIn(db).update(id, row.version, {
        revoked_at: clock(),
        previous_hash: null,
        previous_until: null,
        updated_at: clock(),
      }),
    )
  })
  return getKey(context, id)
}

async function stored({ live }: Context, db: Db, id: string): Promise<ApiKeyRow> {
  const row = await keysIn(db).get(id)
  if (row) return row
  if (live.file()?.configuration.keys.some(({ name }) => idOfFileKey(name) === id)) {
    throw new AppError('conflict', 'This key is kept in portreeve.yaml: change it there.')
  }
  throw new AppError('not_found', `There is no API key ${id}.`)
}

async function refuseTaken({ live }: Context, db: Db, name: string): Promise<void> {
  const taken = (await keysIn(db).named(name)) ?? live.file()?.configuration.keys.find((key) => key.name === name)
  if (taken)
    throw new AppError('conflict', `There is a key named ${name} already: choose another name, or revoke that key.`, {
      field: 'name',
    })
}

function statusOf(row: Pick<ApiKeyRow, 'revoked_at' | 'expires_at'>, now: number): KeyView['status'] {
  if (row.revoked_at !== null) return 'revoked'
  return row.expires_at !== null && row.expires_at <= now ? 'expired' : 'active'
}

function toView(row: ApiKeyRow, sums: Sums | undefined, now: number): KeyView {
  return {
    ...keyBody(row),
    id: row.id,
    name: row.name,
    ...(row.expires_at !== null && { expires_at: timestamp(row.expires_at) }),
    hint: row.hint,
    status: statusOf(row, now),
    origin: 'database',
    version: row.version,
    created_at: timestamp(row.created_at),
    updated_at: timestamp(row.updated_at),
    created_by: row.created_by,
    last_used_at: timestampOrNull(row.last_used_at),
    revoked_at: timestampOrNull(row.revoked_at),
    used: usedBy(sums),
  }
}

function usedBy(sums: Sums | undefined): KeyView['used'] {
  if (!sums) return { calls: 0, tokens: 0, cost_micros: 0, unpriced_calls: 0 }
  const tokens =
    sums.input_tokens + sums.cache_read_tokens + sums.cache_write_tokens + sums.output_tokens + sums.reasoning_tokens
  return { calls: sums.calls, tokens, cost_micros: sums.cost_micros, unpriced_calls: sums.unpriced_calls }
}

/** A key of the file has no row that says when it was last used: its calls do, as long as they are kept. */
function withUse(key: KeyView, sums: Sums | undefined, lastUsed: number | undefined): KeyView {
  return { ...key, last_used_at: timestampOrNull(lastUsed ?? null), used: usedBy(sums) }
}

function fileKeys(keys: readonly Key[], query: Partial<KeyList>, now: number): KeyView[] {
  const search = query.search?.toLowerCase()
  return keys
    .map(({ secret: _secret, ...key }): KeyView => {
      const expires_at = key.expires_at === undefined ? null : Date.parse(key.expires_at)
      return {
        ...key,
        id: idOfFileKey(key.name),
        hint: '(portreeve.yaml)',
        status: statusOf({ revoked_at: null, expires_at }, now),
        origin: 'file',
        version: 0,
        created_at: null,
        updated_at: null,
        created_by: null,
        last_used_at: null,
        revoked_at: null,
        used: usedBy(undefined),
      }
    })
    .filter((key) => search === undefined || key.name.toLowerCase().includes(search))
    .filter((key) => query.status === undefined || key.status === query.status)
    .filter((key) => query.team === undefined || key.team === query.team)
}
