import type { Selectable } from 'kysely'
import type { Db, InvitationTable, PersonTable, SessionTable } from './schema.ts'

export type PersonRow = Selectable<PersonTable>
export type SessionRow = Selectable<SessionTable>
export type InvitationRow = Selectable<InvitationTable>

export const peopleIn = (db: Db) => ({
  insert: (row: PersonRow) => db.insertInto('person').values(row).execute(),
  get: (id: string): Promise<PersonRow | undefined> =>
    db.selectFrom('person').selectAll().where('id', '=', id).executeTakeFirst(),
  withEmail: (email: string): Promise<PersonRow | undefined> =>
    db.selectFrom('person').selectAll().where('email', '=', email).executeTakeFirst(),
  list: (limit: number, after?: string): Promise<PersonRow[]> =>
    db
      .selectFrom('person')
      .selectAll()
      .$if(after !== undefined, (q) => q.where('id', '>', after ?? ''))
      .orderBy('id')
      .limit(limit)
      .execute(),
  /** Owners who have chosen a password: there must always be one. */
  async activeOwners(): Promise<number> {
    const row = await db
      .selectFrom('person')
      .select((e) => e.fn.countAll<number>().as('count'))
      .where('role', '=', 'owner')
      .where('password_hash', 'is not', null)
      .executeTakeFirstOrThrow()
    return row.count
  },
  /** Writes the fields if the version is still the one read; false when somebody was faster. */
  async update(id: string, version: number, fields: Partial<Omit<PersonRow, 'id' | 'version'>>): Promise<boolean> {
    const { numUpdatedRows } = await db
      .updateTable('person')
      .set({ ...fields, version: version + 1 })
      .where('id', '=', id)
      .where('version', '=', version)
      .executeTakeFirst()
    return numUpdatedRows > 0n
  },
  seen: (id: string, at: number) => db.updateTable('person').set({ last_seen_at: at }).where('id', '=', id).execute(),
  delete: (id: string) => db.deleteFrom('person').where('id', '=', id).execute(),
})

export const sessionsIn = (db: Db) => ({
  insert: (row: SessionRow) => db.insertInto('session').values(row).execute(),
  /** The session of a cookie with its person, unless it has ended. */
  async withHash(hash: string, now: number): Promise<{ session: SessionRow; person: PersonRow } | undefined> {
    const session = await db
      .selectFrom('session')
      .selectAll()
      .where('hash', '=', hash)
      .where('expires_at', '>', now)
      .executeTakeFirst()
    const person = session && (await peopleIn(db).get(session.person_id))
    return session && person && { session, person }
  },
  ofPerson: (personId: string, now: number): Promise<SessionRow[]> =>
    db
      .selectFrom('session')
      .selectAll()
      .where('person_id', '=', personId)
      .where('expires_at', '>', now)
      .orderBy('last_seen_at', 'desc')
      .execute(),
  touch: (id: string, at: number, expiresAt: number) =>
    db.updateTable('session').set({ last_seen_at: at, expires_at: expiresAt }).where('id', '=', id).execute(),
  /** False when the person has no such session. */
  async delete(id: string, personId: string): Promise<boolean> {
    const { numDeletedRows } = await db
      .deleteFrom('session')
      .where('id', '=', id)
      .where('person_id', '=', personId)
      .executeTakeFirst()
    return numDeletedRows > 0n
  },
  /** Ends every session of the person but one. */
  deleteOthers: (personId: string, keep = '') =>
    db.deleteFrom('session').where('person_id', '=', personId).where('id', '<>', keep).execute(),
  deleteExpired: (now: number) => db.deleteFrom('session').where('expires_at', '<=', now).execute(),
})

export const invitationsIn = (db: Db) => ({
  insert: (row: InvitationRow) => db.insertInto('invitation').values(row).execute(),
  /** An invitation that may still be used. */
  open: (hash: string, now: number): Promise<InvitationRow | undefined> =>
    db
      .selectFrom('invitation')
      .selectAll()
      .where('hash', '=', hash)
      .where('used_at', 'is', null)
      .where('expires_at', '>', now)
      .executeTakeFirst(),
  /** Marks it used; false when another request was faster. */
  async use(hash: string, now: number): Promise<boolean> {
    const { numUpdatedRows } = await db
      .updateTable('invitation')
      .set({ used_at: now })
      .where('hash', '=', hash)
      .where('used_at', 'is', null)
      .executeTakeFirst()
    return numUpdatedRows > 0n
  },
  /** Withdraws what is open for the person, or for the first owner when none is named. */
  withdraw: (personId: string | null) =>
    db
      .deleteFrom('invitation')
      .where('person_id', personId === null ? 'is' : '=', personId)
      .where('used_at', 'is', null)
      .execute(),
})
