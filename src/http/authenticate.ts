import { timingSafeEqual } from 'node:crypto'
import { type Actor, NOBODY } from '../control/actor.ts'
import type { Origin, SignIn } from '../control/sign-in.ts'
import { AppError } from '../errors.ts'

const NAME = 'portreeve_session'

/** Who sends a request: a token is asked first, so that a program in a browser's place is never taken for the person. */
export async function whoSends(request: Request, signIn: SignIn, from: Origin): Promise<Actor> {
  const authorization = request.headers.get('authorization')
  if (authorization !== null) {
    const token = /^Bearer\s+(\S+)$/i.exec(authorization)?.[1]
    const actor = token === undefined ? NOBODY : await signIn.whoHasToken(token, from)
    if (actor.role === null)
      throw new AppError(
        'unauthenticated',
        'The token is not known, was revoked, or has expired. Management tokens begin with pra_; API keys are for models.',
      )
    return actor
  }
  const cookie = cookieIn(request)
  return cookie === undefined ? NOBODY : signIn.whoHasCookie(cookie, from)
}

/** A browser sends the cookie by itself, so a change needs what only the console's own page can read. */
export function checkCsrf(request: Request, actor: Actor): void {
  if (actor.csrfToken === undefined) return
  const given = Buffer.from(request.headers.get('x-csrf-token') ?? '')
  const wanted = Buffer.from(actor.csrfToken)
  if (given.length === wanted.length && timingSafeEqual(given, wanted)) return
  throw new AppError('forbidden', 'x-csrf-token is missing or wrong: send csrf_token of GET /api/v1/session.')
}

function cookieIn(request: Request): string | undefined {
  for (const pair of request.headers.get('cookie')?.split(';') ?? []) {
    const [name, value] = pair.trim().split('=')
    if (name === NAME || name === `__Host-${NAME}`) return value
  }
  return undefined
}

/** The cookie of a session; null ends it. */
export function sessionCookie(value: string | null, secure: boolean, expiresAt = 0): string {
  const name = secure ? `__Host-${NAME}` : NAME
  const end = value === null ? 'Max-Age=0' : `Expires=${new Date(expiresAt).toUTCString()}`
  return [`${name}=${value ?? ''}`, 'Path=/', 'HttpOnly', 'SameSite=Strict', end, ...(secure ? ['Secure'] : [])].join(
    '; ',
  )
}
