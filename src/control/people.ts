import { ROLES, type Role } from '../contract/action.ts'
import type { SessionView, User } from '../contract/api/people.ts'
import type { Page } from '../contract/listing.ts'
import { AppError } from '../errors.ts'
import { newId } from '../lib/id.ts'
import { peopleIn, sessionsIn, type PersonRow } from '../store/person.ts'
import type { Db } from '../store/schema.ts'
import type { Actor } from './actor.ts'
import { writeAudit } from './audit.ts'
import type { Context } from './context.ts'
import { afterId, pageOfAll, pageOfRows } from './page.ts'
import { createLink, toSessionView, toUser } from './sign-in.ts'
import { timestamp } from './time.ts'
import { changed, refuseStale } from './version.ts'

type Paging = { readonly limit: number; readonly after?: string | undefined }
type WithLink = User & { link: string; link_expires_at: string }

export async function listUsers({ store }: Context, { limit, after }: Paging): Promise<Page<User>> {
  const page = pageOfRows(await peopleIn(store.db).list(limit + 1, afterId(after)), limit, ({ id }) => id)
  return { ...page, data: page.data.map(toUser) }
}

export async function getUser({ store }: Context, id: string): Promise<User> {
  return toUser(await person(store.db, id))
}

/** Invites a person; `linkTo` makes the address of the one-time link. */
export async function inviteUser(
  { store, clock }: Context,
  actor: Actor,
  input: { readonly email: string; readonly name: string; readonly role: Role },
  linkTo: (token: string) => string,
): Promise<WithLink> {
  refuseAbove(actor, input.role)
  return store.db.transaction().execute(async (db) => {
    if (await peopleIn(db).withEmail(input.email)) {
      throw new AppError('conflict', `There is a person with the e-mail address ${input.email} already.`, {
        field: 'email',
      })
    }
    const now = clock()
    const row: PersonRow = {
      ...input,
      id: newId('usr'),
      password_hash: null,
      created_at: now,
      updated_at: now,
      last_seen_at: null,
      version: 1,
    }
    await peopleIn(db).insert(row)
    const { token, expiresAt } = await createLink(db, now, {
      purpose: 'invitation',
      personId: row.id,
      role: input.role,
    })
    await writeAudit(db, actor, { action: 'users:Create', target: row.id, changes: { ...input } }, now)
    return { ...toUser(row), link: linkTo(token), link_expires_at: timestamp(expiresAt) }
  })
}

/** The link of the first owner, for whoever lost the one that the first start printed. */
export async function createOwnerLink(
  { store, clock }: Context,
  actor: Actor,
  linkTo: (token: string) => string,
): Promise<{ link: string; link_expires_at: string }> {
  return store.db.transaction().execute(async (db) => {
    if ((await peopleIn(db).activeOwners()) > 0) {
      throw new AppError('conflict', 'There is an owner already, who can invite others: see Settings, People.')
    }
    const { token, expiresAt } = await createLink(db, clock(), {
      purpose: 'first-owner',
      personId: null,
      role: 'owner',
    })
    await writeAudit(db, actor, { action: 'users:Create', target: 'first-owner' }, clock())
    return { link: linkTo(token), link_expires_at: timestamp(expiresAt) }
  })
}

/** Makes a link with which the person chooses a new password; the present one works until then. */
export async function resetUser(
  { store, clock }: Context,
  actor: Actor,
  id: string,
  linkTo: (token: string) => string,
): Promise<WithLink> {
  return store.db.transaction().execute(async (db) => {
    const row = await person(db, id)
    refuseAbove(actor, row.role as Role)
    const purpose = row.password_hash === null ? 'invitation' : 'reset'
    const { token, expiresAt } = await createLink(db, clock(), { purpose, personId: id, role: row.role as Role })
    await writeAudit(db, actor, { action: 'users:Reset', target: id }, clock())
    return { ...toUser(row), link: linkTo(token), link_expires_at: timestamp(expiresAt) }
  })
}

export async function updateUser(
  { store, clock }: Context,
  actor: Actor,
  id: string,
  patch: { readonly name?: string | undefined; readonly role?: Role | undefined },
  version: number | null,
): Promise<User> {
  await store.db.transaction().execute(async (db) => {
    const row = await person(db, id)
    refuseStale(row.version, version)
    refuseAbove(actor, row.role as Role)
    if (patch.role !== undefined) refuseAbove(actor, patch.role)
    if (row.role === 'owner' && patch.role !== undefined && patch.role !== 'owner') await refuseLastOwner(db, row)
    const fields = {
      ...(patch.name !== undefined && { name: patch.name }),
      ...(patch.role !== undefined && { role: patch.role }),
    }
    changed(await peopleIn(db).update(id, row.version, { ...fields, updated_at: clock() }))
    // Another role takes effect at once: sessions read the person with each request.
    await writeAudit(db, actor, { action: 'users:Update', target: id, changes: fields }, clock())
  })
  return toUser(await person(store.db, id))
}

export async function deleteUser({ store, clock }: Context, actor: Actor, id: string): Promise<void> {
  await store.db.transaction().execute(async (db) => {
    const row = await person(db, id)
    refuseAbove(actor, row.role as Role)
    if (row.role === 'owner') await refuseLastOwner(db, row)
    await peopleIn(db).delete(id)
    await writeAudit(db, actor, { action: 'users:Delete', target: id, changes: { email: row.email } }, clock())
  })
}

export async function listSessions(
  { store, clock }: Context,
  actor: Actor,
  paging: Paging,
): Promise<Page<SessionView>> {
  const rows = actor.kind === 'person' && actor.id ? await sessionsIn(store.db).ofPerson(actor.id, clock()) : []
  return pageOfAll(
    rows.map((row) => toSessionView(row, actor.sessionId)),
    paging,
    ({ id }) => id,
  )
}

/** Ends a session of the actor's own; another's does not exist for them. */
export async function deleteSession({ store, clock }: Context, actor: Actor, id: string): Promise<void> {
  await store.db.transaction().execute(async (db) => {
    const ended = actor.kind === 'person' && (await sessionsIn(db).delete(id, actor.id ?? ''))
    if (!ended) throw new AppError('not_found', `You have no session ${id}.`)
    await writeAudit(db, actor, { action: 'sessions:Delete', target: id }, clock())
  })
}

async function person(db: Db, id: string): Promise<PersonRow> {
  const row = await peopleIn(db).get(id)
  if (!row) throw new AppError('not_found', `There is no person ${id}.`)
  return row
}

/** Nobody gives or takes what is above their own role. */
function refuseAbove(actor: Actor, role: Role): void {
  if (actor.role === null || ROLES.indexOf(role) > ROLES.indexOf(actor.role)) {
    throw new AppError('forbidden', `The role ${role} is above your own.`)
  }
}

async function refuseLastOwner(db: Db, row: PersonRow): Promise<void> {
  if (row.password_hash !== null && (await peopleIn(db).activeOwners()) <= 1) {
    throw new AppError('conflict', 'This is the last owner: make another person owner first.')
  }
}
