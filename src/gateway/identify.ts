import { AppError } from '../errors.ts'
import type { Inbound } from './downstream/inbound.ts'
import type { Snapshot, SnapshotKey } from '../snapshot/snapshot.ts'

const LONGEST_KEY = 512

/**
 * The key that a call carries: `Authorization: Bearer`, `x-api-key`, `api-key`, `x-goog-api-key`, or Gemini's `?key=`. It is found by the
 * SHA-256 of the whole secret, so the time of a look-up tells nothing about other keys.
 */
export function identify(
  snapshot: Snapshot,
  request: Pick<Inbound, 'header' | 'memory'>,
  queryKey: string | undefined,
): SnapshotKey {
  const digest = digestIn(request, queryKey)
  if (digest === undefined) {
    throw new AppError('missing_api_key', 'no API key was given: send it as "Authorization: Bearer YOUR_KEY"')
  }
  const key = snapshot.keys.get(digest)
  if (!key) {
    throw new AppError('invalid_api_key', 'this API key is not known here: check it, or ask for one at this gateway')
  }
  if (key.revoked) throw new AppError('revoked_api_key', `the API key "${key.name}" was revoked: ask for a new one`)
  if (key.expiresAt !== Number.POSITIVE_INFINITY && key.expiresAt <= Date.now()) {
    throw new AppError(
      'expired_api_key',
      `the API key "${key.name}" expired on ${new Date(key.expiresAt).toISOString()}: ask for a new one`,
    )
  }
  return key
}

/** The SHA-256 of the secret, in hexadecimal; undefined where there is none. It is empty for what is longer than any key. */
function digestIn(request: Pick<Inbound, 'header' | 'memory'>, queryKey: string | undefined): string | undefined {
  const { memory } = request
  const authorization = request.header('authorization')
  if (authorization) return memory.digestOf(authorization, digestOfBearer)
  const secret =
    request.header('x-api-key') ?? request.header('api-key') ?? request.header('x-goog-api-key') ?? queryKey
  return secret ? digestOf(secret) : undefined
}

function digestOfBearer(authorization: string): string {
  // The usual spelling is read without the pattern.
  if (authorization.startsWith('Bearer ') && !authorization.includes(' ', 7)) return digestOf(authorization.slice(7))
  return digestOf(/^bearer +(\S+) *$/i.exec(authorization)?.[1] ?? authorization)
}

function digestOf(secret: string): string {
  return secret.length <= LONGEST_KEY ? Bun.SHA256.hash(secret, 'hex') : ''
}
