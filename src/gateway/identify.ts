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
  request: Pick<Inbound, 'header'>,
  queryKey: string | undefined,
): SnapshotKey {
  const secret = secretIn(request) ?? queryKey
  if (!secret) {
    throw new AppError('missing_api_key', 'no API key was given: send it as "Authorization: Bearer YOUR_KEY"')
  }
  const key = secret.length <= LONGEST_KEY ? snapshot.keys.get(sha256(secret)) : undefined
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

function secretIn(request: Pick<Inbound, 'header'>): string | undefined {
  const authorization = request.header('authorization')
  if (authorization) {
    // The usual spelling is read without the pattern.
    if (authorization.startsWith('Bearer ') && !authorization.includes(' ', 7)) return authorization.slice(7)
    return /^bearer +(\S+) *$/i.exec(authorization)?.[1] ?? authorization
  }
  return request.header('x-api-key') ?? request.header('api-key') ?? request.header('x-goog-api-key')
}

function sha256(text: string): string {
  return Bun.SHA256.hash(text, 'hex')
}
