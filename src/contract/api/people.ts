import { z } from 'zod'
import { ROLES } from '../action.ts'
import { Paging, pageOf } from '../listing.ts'
import { route } from '../route.ts'
import { Timestamp } from '../shared.ts'
import { IdParam } from './shared.ts'

export const RoleName = z.enum(ROLES)
const Email = z
  .email()
  .max(254)
  .transform((email) => email.toLowerCase())
/** At least 12 characters; no rules about kinds of characters, which only make passwords worse. */
const Password = z.string().min(12, 'use at least 12 characters').max(500)

export const User = z.object({
  id: z.string(),
  email: z.string(),
  name: z.string(),
  role: RoleName,
  /** `invited` until the person chose a password. */
  status: z.enum(['active', 'invited']),
  version: z.int(),
  created_at: Timestamp,
  last_seen_at: Timestamp.nullable(),
})
export type User = z.infer<typeof User>

/** Who is signed in and what they may do; the console hides the rest. */
export const Me = z.object({
  /** Null for a token. */
  user: User.nullable(),
  role: RoleName,
  actions: z.array(z.string()),
  /** Send it as `x-csrf-token` with every request that changes something; null for tokens, which need none. */
  csrf_token: z.string().nullable(),
})
export type Me = z.infer<typeof Me>

export const signIn = route({
  method: 'POST',
  path: '/session',
  action: 'sessions:Create',
  summary: 'Sign in with e-mail and password; sets the session cookie',
  body: z.strictObject({ email: Email, password: z.string().min(1).max(500) }),
  result: Me,
  status: 201,
})

export const getSession = route({
  method: 'GET',
  path: '/session',
  action: 'sessions:ReadOwn',
  summary: 'Read who is signed in and what they may do',
  result: Me,
})

export const signOut = route({
  method: 'DELETE',
  path: '/session',
  action: 'sessions:DeleteOwn',
  summary: 'Sign out',
})

/** What a one-time link is for: the first owner, a person who was invited, or a person who lost the password. */
export const Invitation = z.object({
  purpose: z.enum(['first-owner', 'invitation', 'reset']),
  email: z.string().nullable(),
  role: RoleName,
  expires_at: Timestamp,
})
export type Invitation = z.infer<typeof Invitation>

const LinkToken = z.string().min(20).max(200)

export const readInvitation = route({
  method: 'POST',
  path: '/invitations/read',
  action: 'invitations:Read',
  summary: 'Read what a one-time link is for',
  body: z.strictObject({ token: LinkToken }),
  result: Invitation,
})

export const acceptInvitation = route({
  method: 'POST',
  path: '/invitations/accept',
  action: 'invitations:Accept',
  summary: 'Use a one-time link: choose a password and sign in',
  body: z.strictObject({
    token: LinkToken,
    /** Needed for the first owner; otherwise the invitation’s. */
    email: Email.optional(),
    name: z.string().trim().min(1).max(100),
    password: Password,
  }),
  result: Me,
  status: 201,
})

export const changePassword = route({
  method: 'POST',
  path: '/password',
  action: 'password:Change',
  summary: 'Change one’s own password; every other session ends',
  body: z.strictObject({ current: z.string().min(1).max(500), password: Password }),
})

export const SessionView = z.object({
  id: z.string(),
  current: z.boolean(),
  created_at: Timestamp,
  last_seen_at: Timestamp,
  expires_at: Timestamp,
  address: z.string().nullable(),
  browser: z.string().nullable(),
})
export type SessionView = z.infer<typeof SessionView>

export const listSessions = route({
  method: 'GET',
  path: '/sessions',
  action: 'sessions:ReadOwn',
  summary: 'List one’s own sessions',
  query: Paging,
  result: pageOf(SessionView),
})

export const deleteSession = route({
  method: 'DELETE',
  path: '/sessions/{id}',
  action: 'sessions:DeleteOwn',
  summary: 'End one of one’s own sessions',
  params: IdParam,
})

export const listUsers = route({
  method: 'GET',
  path: '/users',
  action: 'users:List',
  summary: 'List people',
  query: Paging,
  result: pageOf(User),
})

const WithLink = User.extend({
  /** The one-time link to hand over; shown this once. */
  link: z.string(),
  link_expires_at: Timestamp,
})

export const inviteUser = route({
  method: 'POST',
  path: '/users',
  action: 'users:Create',
  summary: 'Invite a person; the answer holds the one-time link to hand over',
  body: z.strictObject({ email: Email, name: z.string().trim().min(1).max(100), role: RoleName }),
  result: WithLink,
  status: 201,
})

export const resetUser = route({
  method: 'POST',
  path: '/users/{id}/reset',
  action: 'users:Update',
  summary: 'Make a one-time link with which a person chooses a new password',
  params: IdParam,
  result: WithLink,
})

export const createOwnerLink = route({
  method: 'POST',
  path: '/invitations/owner',
  action: 'users:Create',
  summary: 'Make the one-time link of the first owner again; only while there is no owner',
  result: z.object({ link: z.string(), link_expires_at: Timestamp }),
  status: 201,
})

export const getUser = route({
  method: 'GET',
  path: '/users/{id}',
  action: 'users:Read',
  summary: 'Read one person',
  params: IdParam,
  result: User,
  versioned: true,
})

export const updateUser = route({
  method: 'PATCH',
  path: '/users/{id}',
  action: 'users:Update',
  summary: 'Change a person’s name or role',
  params: IdParam,
  body: z.strictObject({ name: z.string().trim().min(1).max(100).optional(), role: RoleName.optional() }),
  result: User,
  versioned: true,
  merge: true,
})

export const deleteUser = route({
  method: 'DELETE',
  path: '/users/{id}',
  action: 'users:Delete',
  summary: 'Remove a person and end their sessions',
  params: IdParam,
})
