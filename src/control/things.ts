import { readIssue } from '../contract/issue-words.ts'
import { withArticle } from '../lib/article.ts'
import { AppError } from '../errors.ts'
import { mergePatch } from '../lib/merge-patch.ts'
import { resourcesIn } from '../store/resource.ts'
import type { Db } from '../store/schema.ts'
import type { Actor } from './actor.ts'
import type { Context } from './context.ts'
import { type Entry, type Kind, KINDS, type ValueOf } from './entry.ts'
import { entryOfRow, rowOf, SCHEMAS, withoutSecrets } from './entry-row.ts'
import { timestampOrNull } from './time.ts'
import { changed, refuseStale } from './version.ts'

/** The entries of a kind, wherever they are kept. */
export function entriesOf<K extends Kind>({ live }: Context, kind: K): readonly Entry<K>[] {
  return live.merged().entries[kind] as readonly Entry[] as readonly Entry<K>[]
}

export function entryOf<K extends Kind>(context: Context, kind: K, id: string): Entry<K> {
  const found = entriesOf(context, kind).find((entry) => entry.id === id)
  if (!found) throw new AppError('not_found', `There is no ${kind} ${id}.`)
  return found
}

/** What an entry says about itself beside its own fields. */
export function keptOf(entry: Entry) {
  return {
    origin: entry.origin,
    version: entry.version,
    created_at: timestampOrNull(entry.createdAt),
    updated_at: timestampOrNull(entry.updatedAt),
  }
}

export async function createThing<K extends Kind>(
  context: Context,
  actor: Actor,
  kind: K,
  value: ValueOf<K>,
): Promise<Entry<K>> {
  const { live } = context
  const id = idOf(kind, value)
  const taken = entriesOf(context, kind).find((entry) => entry.id === id)
  // What the environment switched on may be set up in earnest; what the file or the database holds may not be made twice.
  if (taken && (taken.origin === 'file' || taken.origin === 'database')) {
    const where = taken.origin === 'file' ? 'portreeve.yaml' : 'the database'
    throw new AppError('conflict', `There is ${withArticle(kind)} ${id} already, in ${where}.`)
  }
  await live.change(actor, deed(kind, 'Create', id, withoutSecrets(kind, value)), (db) =>
    insert(db, context, kind, value),
  )
  return entryOf(context, kind, id)
}

/** Changes an entry of the database. `prepare` may complete the merged value from the one before. */
export async function updateThing<K extends Kind>(
  context: Context,
  actor: Actor,
  kind: K,
  id: string,
  patch: unknown,
  version: number | null,
  prepare: (merged: unknown, before: ValueOf<K>) => unknown = (merged) => merged,
): Promise<Entry<K>> {
  const { live, clock, sealer } = context
  await live.change(actor, deed(kind, 'Update', id, namesOf(patch)), async (db) => {
    const row = await stored(db, context, kind, id)
    refuseStale(row.version, version)
    const before = entryOfRow(row, sealer) as Entry<K>
    const value = parsed(kind, prepare(mergePatch(before.value, patch), before.value))
    changed(await resourcesIn(db).update({ ...row, ...rowOf(kind, id, value, sealer), updated_at: clock() }))
  })
  return entryOf(context, kind, id)
}

/** Creates an entry or replaces all of it; secrets that the new value leaves out stay. */
export async function putThing<K extends Kind>(
  context: Context,
  actor: Actor,
  kind: K,
  id: string,
  value: ValueOf<K>,
  version: number | null,
): Promise<Entry<K>> {
  const { live, clock, sealer } = context
  if (idOf(kind, value) !== id) {
    throw new AppError('invalid_request', `The name in the body is not the "${id}" of the path.`, { field: 'name' })
  }
  await live.change(actor, deed(kind, 'Update', id, withoutSecrets(kind, value)), async (db) => {
    const row = await resourcesIn(db).get(kind, id)
    if (!row) {
      refuseKeptElsewhere(context, kind, id)
      if (version !== null) refuseStale(0, version)
      return insert(db, context, kind, value)
    }
    refuseStale(row.version, version)
    const before = entryOfRow(row, sealer)
    const whole = parsed(kind, keepSecrets(value, before.value))
    changed(await resourcesIn(db).update({ ...row, ...rowOf(kind, id, whole, sealer), updated_at: clock() }))
  })
  return entryOf(context, kind, id)
}

export async function deleteThing(
  context: Context,
  actor: Actor,
  kind: Kind,
  id: string,
  version: number | null,
): Promise<void> {
  await context.live.change(actor, deed(kind, 'Delete', id, null), async (db) => {
    const row = await stored(db, context, kind, id)
    refuseStale(row.version, version)
    await resourcesIn(db).delete(kind, id)
  })
}

async function insert<K extends Kind>(db: Db, { sealer, clock }: Context, kind: K, value: ValueOf<K>): Promise<void> {
  const id = idOf(kind, value)
  const now = clock()
  const made = await resourcesIn(db).insert({
    ...rowOf(kind, id, value, sealer),
    created_at: now,
    updated_at: now,
    version: 1,
  })
  if (!made) throw new AppError('conflict', `There is ${withArticle(kind)} ${id} already.`)
}

async function stored(db: Db, context: Context, kind: Kind, id: string) {
  refuseKeptElsewhere(context, kind, id)
  const row = await resourcesIn(db).get(kind, id)
  if (row) return row
  throw new AppError('not_found', `There is no ${kind} ${id}.`)
}

function refuseKeptElsewhere(context: Context, kind: Kind, id: string): void {
  const origin = entriesOf(context, kind).find((entry) => entry.id === id)?.origin
  const noun = `The ${kind} ${id}`
  if (origin === 'file') throw new AppError('conflict', `${noun} is kept in portreeve.yaml: change it there.`)
  if (origin === 'environment' || origin === 'built-in') {
    const where = origin === 'environment' ? 'comes from the environment' : 'is built in'
    throw new AppError('conflict', `${noun} ${where}: create one of the same name to set it up differently.`)
  }
}

function idOf<K extends Kind>(kind: K, value: ValueOf<K>): string {
  return (KINDS[kind].idOf as (value: ValueOf<K>) => string)(value)
}

function parsed<K extends Kind>(kind: K, value: unknown): ValueOf<K> {
  const result = SCHEMAS[kind].safeParse(value)
  if (result.success) return result.data as ValueOf<K>
  const findings = result.error.issues.flatMap((issue) =>
    readIssue(SCHEMAS[kind], issue, value).map(({ path, message }) => ({ place: `/${path.join('/')}`, message })),
  )
  throw new AppError('invalid_request', `${findings[0]?.place}: ${findings[0]?.message}`, { findings })
}

/** A single secret that is left out stays what it was: budgets and guards have at most one. */
function keepSecrets(value: unknown, before: unknown): unknown {
  if (typeof value !== 'object' || value === null || typeof before !== 'object' || before === null) return value
  const kept: Record<string, unknown> = { ...value }
  const old = before as Record<string, unknown>
  if (kept['secret'] === undefined && typeof old['secret'] === 'string' && kept['url'] === old['url'])
    kept['secret'] = old['secret']
  if (kept['alerts'] !== undefined) kept['alerts'] = keepSecrets(kept['alerts'], old['alerts'])
  return kept
}

function deed(kind: Kind, verb: string, id: string, changes: unknown) {
  return { action: `${KINDS[kind].many}:${verb}`, target: id, changes: changes as Record<string, unknown> | null }
}

/** Names of the fields that change; their values may be secret. */
function namesOf(patch: unknown): { fields: string[] } {
  return { fields: typeof patch === 'object' && patch !== null ? Object.keys(patch) : [] }
}
