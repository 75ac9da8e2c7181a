import { type Action, mayTake, type Role } from '../contract/action.ts'
import { AppError } from '../errors.ts'

/** Who acts. The role decides what they may do; the rest is for the audit log. */
export type Actor = {
  readonly kind: 'person' | 'token' | 'command-line' | 'system' | 'nobody'
  /** Of the person or token. */
  readonly id: string | null
  /** As the audit log shows it. */
  readonly name: string
  /** Null for a caller who is not signed in. */
  readonly role: Role | null
  readonly sessionId?: string
  readonly csrfToken?: string
  readonly address?: string | null
  readonly requestId?: string | null
}

export const NOBODY: Actor = { kind: 'nobody', id: null, name: 'nobody', role: null }
export const SYSTEM: Actor = { kind: 'system', id: null, name: 'portreeve', role: 'owner' }
export const COMMAND_LINE: Actor = { kind: 'command-line', id: null, name: 'command line', role: 'owner' }

/** Throws `unauthenticated` or `forbidden` unless the actor may take the action. */
export function authorise(actor: Actor, action: Action): void {
  if (mayTake(actor.role, action)) return
  if (actor.role === null)
    throw new AppError('unauthenticated', 'Sign in, or send a management token as "Authorization: Bearer pra_…".')
  throw new AppError('forbidden', `The role ${actor.role} may not take the action ${action}. Ask an owner.`)
}
