import { AppError } from '../errors.ts'
import type { SnapshotCredential, SnapshotTarget } from '../snapshot/snapshot.ts'
import type { CredentialPool, CredentialUse } from './health/credentials.ts'

/** A credential for one attempt: none of `tried` while there are others, never one that is excluded. Throws `provider_unavailable` when there is none. */
export function pickCredential(
  { provider }: SnapshotTarget,
  pool: CredentialPool | undefined,
  tried: ReadonlySet<string> | undefined,
  excluded: ReadonlySet<string> | undefined,
): CredentialUse | undefined {
  if (provider.credentials.length === 0) {
    if (provider.credentialOptional) return undefined
    throw new AppError(
      'provider_unavailable',
      `the provider "${provider.id}" has no API key: set api_key for it, or its variable in the environment`,
    )
  }
  const now = Date.now()
  // When each has been tried, the same one may do better the second time.
  const use = pool?.pick(now, Math.random, 0, tried) ?? pool?.pick(now, Math.random, 0, excluded)
  if (use) return use
  const waitMs = pool?.waitMs(now) ?? Infinity
  const text = Number.isFinite(waitMs)
    ? `every API key of the provider "${provider.id}" rests: the vendor limits or rejects it`
    : `every API key of the provider "${provider.id}" has expired: its operator must renew one`
  throw new AppError('provider_unavailable', text, Number.isFinite(waitMs) ? { retryAfterMs: Math.ceil(waitMs) } : {})
}

export function credentialOf({ provider }: SnapshotTarget, id: string | undefined): SnapshotCredential | undefined {
  for (const credential of provider.credentials) if (credential.id === id) return credential
  return undefined
}
