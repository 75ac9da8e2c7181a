import { actionsOf, type Role } from '../contract/action.ts'
import type { Invitation, Me, SessionView, User } from '../contract/api/people.ts'
import { AppError } from '../errors.ts'
import { newId } from '../lib/id.ts'
import { tokensIn } from '../store/management-token.ts'
import { invitationsIn, peopleIn, sessionsIn, type PersonRow, type SessionRow } from '../store/person.ts'
import type { Db } from '../store/schema.ts'
import { type Actor, COMMAND_LINE, NOBODY } from './actor.ts'
import { writeAudit } from './audit.ts'
import type { Context } from './context.ts'
import { createGuessLimit } from './guess-limit.ts'
import { createSecret, hashSecret, isSecretOfOurs } from './secret.ts'
import { timestamp, timestampOrNull } from './time.ts'

const SESSION_MS = 14 * 86_400_000
const TOUCH_MS = 60_000
const LINK_MS = 7 * 86_400_000
const GUESSES = 10

/** Where a request comes from, for sessions and the audit log. */
export type Origin = { readonly address: string | null; readonly browser: string | null; readonly requestId: string }

/** Signing in and out, by password, by one-time link, by token; and knowing who calls. */
export type SignIn = {
  readonly withPassword: (email: string, password: string, from: Origin) => Promise<SignedIn>
  readonly withLink: (
    input: { token: string; email?: string | undefined; name: string; password: string },
    from: Origin,
  ) => Promise<SignedIn>
  readonly readLink: (token: string, from: Origin) => Promise<Invitation>
  readonly changePassword: (actor: Actor, current: string, password: string) => Promise<void>
  readonly whoHasCookie: (cookie: string, from: Origin) => Promise<Actor>
  readonly whoHasToken: (token: string, from: Origin) => Promise<Actor>
  readonly me: (actor: Actor) => Promise<Me>
}

/** `cookie` is the session's secret, to be kept by the browser alone. */
export type SignedIn = { readonly cookie: string; readonly expiresAt: number; readonly me: Me }

/** `localToken` is what commands in the data folder's own place present. */
export function createSignIn({ store, clock }: Context, localToken: string): SignIn {
  const { db } = store
  const guesses = createGuessLimit(GUESSES, clock)
  const localHash = hashSecret(localToken)
  // Verified for unknown people, so that the time of an answer does not tell who has an account. Made with the first sign-in, whoever it is,
  // and waited for by all: it takes 64 MiB and a tenth of a second of a core, which a start has no use for.
  let dummy: Promise<string> | undefined
  const dummyHash = () => (dummy ??= Bun.password.hash(createSecret('prs_'), 'argon2id'))
  const wrong = () => new AppError('unauthenticated', 'The e-mail address or the password is wrong.')

  const begin = async (transaction: Db, person: PersonRow, from: Origin): Promise<SignedIn> => {
    const now = clock()
    const cookie = createSecret('prs_')
    const session: SessionRow = {
      id: newId('ses'),
      person_id: person.id,
      hash: hashSecret(cookie),
      csrf_token: createSecret('prs_').slice(4, 36),
      created_at: now,
      last_seen_at: now,
      expires_at: now + SESSION_MS,
      address: from.address,
      browser: from.browser?.slice(0, 200) ?? null,
    }
    await sessionsIn(transaction).insert(session)
    await sessionsIn(transaction).deleteExpired(now)
    await peopleIn(transaction).seen(person.id, now)
    const actor = actorOf(person, session, from)
    await writeAudit(transaction, actor, { action: 'sessions:Create', target: session.id }, now)
    return { cookie, expiresAt: session.expires_at, me: meOf(actor, toUser({ ...person, last_seen_at: now })) }
  }

  return {
    async withPassword(email, password, from) {
      const names = [`email ${email}`, `address ${from.address}`]
      guesses.check(...names)
      const person = await peopleIn(db).withEmail(email)
      const unknown = await dummyHash()
      const right = await Bun.password.verify(password, person?.password_hash ?? unknown)
      if (!person?.password_hash || !right) {
        guesses.failed(...names)
        throw wrong()
      }
      guesses.succeeded(`email ${email}`)
      return db.transaction().execute((transaction) => begin(transaction, person, from))
    },

    async withLink({ token, email, name, password }, from) {
      guesses.check(`link ${from.address}`)
      const hash = hashSecret(token)
      const found = await invitationsIn(db).open(hash, clock())
      if (!found) throw failedLink()
      const password_hash = await Bun.password.hash(password, 'argon2id')
      return db.transaction().execute(async (transaction) => {
        if (!(await invitationsIn(transaction).use(hash, clock()))) throw failedLink()
        const invited = found.person_id === null ? undefined : await peopleIn(transaction).get(found.person_id)
        if (found.person_id !== null && !invited) throw failedLink()
        if (!invited && email === undefined)
          throw new AppError('invalid_request', 'email is missing: the first owner chooses one.', { field: 'email' })
        const now = clock()
        const person: PersonRow = invited
          ? { ...invited, name, password_hash, updated_at: now }
          : {
              id: newId('usr'),
              email: email ?? '',
              name,
              role: found.role,
              password_hash,
              created_at: now,
              updated_at: now,
              last_seen_at: null,
              version: 1,
            }
        if (invited) {
          await peopleIn(transaction).update(invited.id, invited.version, { name, password_hash, updated_at: now })
          await sessionsIn(transaction).deleteOthers(invited.id)
        } else {
          if (await peopleIn(transaction).withEmail(person.email))
            throw new AppError('conflict', 'There is a person with that e-mail address already.', { field: 'email' })
          await peopleIn(transaction).insert(person)
        }
        await invitationsIn(transaction).withdraw(found.person_id)
        return begin(transaction, { ...person, version: person.version + (invited ? 1 : 0) }, from)
      })

      function failedLink(): AppError {
        guesses.failed(`link ${from.address}`)
        return new AppError(
          'unauthenticated',
          'This link was used, has ended, or never was. Ask for another; "portreeve users link" prints one.',
        )
      }
    },

    async readLink(token, from) {
      guesses.check(`link ${from.address}`)
      const found = await invitationsIn(db).open(hashSecret(token), clock())
      if (!found) {
        guesses.failed(`link ${from.address}`)
        throw new AppError(
          'not_found',
          'This link was used, has ended, or never was. Ask for another; "portreeve users link" prints one.',
        )
      }
      const person = found.person_id === null ? undefined : await peopleIn(db).get(found.person_id)
      return {
        purpose: found.purpose as Invitation['purpose'],
        email: person?.email ?? null,
        role: found.role as Role,
        expires_at: timestamp(found.expires_at),
      }
    },

    async changePassword(actor, current, password) {
      const person = actor.kind === 'person' && actor.id ? await peopleIn(db).get(actor.id) : undefined
      if (!person?.password_hash) throw new AppError('forbidden', 'Only people who are signed in have a password.')
      guesses.check(`password ${person.id}`)
      if (!(await Bun.password.verify(current, person.password_hash))) {
        guesses.failed(`password ${person.id}`)
        throw new AppError('invalid_request', 'The present password is wrong.', { field: 'current' })
      }
      const password_hash = await Bun.password.hash(password, 'argon2id')
      await db.transaction().execute(async (transaction) => {
        await peopleIn(transaction).update(person.id, person.version, { password_hash, updated_at: clock() })
        await sessionsIn(transaction).deleteOthers(person.id, actor.sessionId)
        await writeAudit(transaction, actor, { action: 'password:Change', target: person.id }, clock())
      })
    },

    async whoHasCookie(cookie, from) {
      if (!isSecretOfOurs(cookie)) return NOBODY
      const found = await sessionsIn(db).withHash(hashSecret(cookie), clock())
      if (!found) return NOBODY
      const now = clock()
      if (now - found.session.last_seen_at > TOUCH_MS) {
        await sessionsIn(db).touch(found.session.id, now, now + SESSION_MS)
        await peopleIn(db).seen(found.person.id, now)
      }
      return actorOf(found.person, found.session, from)
    },

    async whoHasToken(token, from) {
      if (!isSecretOfOurs(token)) return NOBODY
      const hash = hashSecret(token)
      if (hash === localHash) return { ...COMMAND_LINE, address: from.address, requestId: from.requestId }
      const found = await tokensIn(db).withHash(hash, clock())
      if (!found) return NOBODY
      if (clock() - (found.last_used_at ?? 0) > TOUCH_MS) await tokensIn(db).used(found.id, clock())
      return {
        kind: 'token',
        id: found.id,
        name: `token ${found.name}`,
        role: found.role as Role,
        address: from.address,
        requestId: from.requestId,
      }
    },

    async me(actor) {
      const person = actor.kind === 'person' && actor.id ? await peopleIn(db).get(actor.id) : undefined
      return meOf(actor, person ? toUser(person) : null)
    },
  }
}

/** Makes a one-time link's token: for a person, or for the first owner. Earlier open ones end. */
export async function createLink(
  db: Db,
  now: number,
  input: { readonly purpose: Invitation['purpose']; readonly personId: string | null; readonly role: Role },
): Promise<{ token: string; expiresAt: number }> {
  const token = createSecret('pri_')
  const expiresAt = now + LINK_MS
  await invitationsIn(db).withdraw(input.personId)
  await invitationsIn(db).insert({
    hash: hashSecret(token),
    purpose: input.purpose,
    person_id: input.personId,
    role: input.role,
    created_at: now,
    expires_at: expiresAt,
    used_at: null,
  })
  return { token, expiresAt }
}

export function toUser(row: PersonRow): User {
  return {
    id: row.id,
    email: row.email,
    name: row.name,
    role: row.role as Role,
    status: row.password_hash === null ? 'invited' : 'active',
    version: row.version,
    created_at: timestamp(row.created_at),
    last_seen_at: timestampOrNull(row.last_seen_at),
  }
}

export function toSessionView(row: SessionRow, current: string | undefined): SessionView {
  return {
    id: row.id,
    current: row.id === current,
    created_at: timestamp(row.created_at),
    last_seen_at: timestamp(row.last_seen_at),
    expires_at: timestamp(row.expires_at),
    address: row.address,
    browser: row.browser,
  }
}

function actorOf(person: PersonRow, session: SessionRow, from: Origin): Actor {
  return {
    kind: 'person',
    id: person.id,
    name: person.email,
    role: person.role as Role,
    sessionId: session.id,
    csrfToken: session.csrf_token,
    address: from.address,
    requestId: from.requestId,
  }
}

function meOf(actor: Actor, user: User | null): Me {
  const role = actor.role ?? 'viewer'
  return { user, role, actions: actionsOf(role), csrf_token: actor.csrfToken ?? null }
}
