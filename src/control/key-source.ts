import { resolveReference, type ReferenceScope } from '../config/reference.ts'
import type { FileKey } from '../contract/key.ts'
import type { SourceKey } from '../snapshot/source.ts'
import type { ApiKeyRow } from '../store/api-key.ts'
import { keyBody } from './key-row.ts'
import { hashSecret } from './secret.ts'

/** A key of the file has no row; its id follows from its name, so that its records stay together over restarts. */
export function idOfFileKey(name: string): string {
  return `key_${hashSecret(`portreeve.yaml ${name}`).slice(0, 32)}`
}

/** The keys of the file. One whose secret cannot be found is left out: reading the file has said so. */
export function keysOfFile(keys: readonly FileKey[], scope: ReferenceScope): SourceKey[] {
  return keys.flatMap(({ secret, expires_at, ...key }) => {
    const resolved = resolveReference(secret, scope)
    if ('missing' in resolved) return []
    const expiresAt = expires_at === undefined ? null : Date.parse(expires_at)
    return [{ ...key, id: idOfFileKey(key.name), hash: hashSecret(resolved.value), expiresAt, revokedAt: null }]
  })
}

/** The keys of the database; one that was rotated is known by both its secrets until the overlap ends. */
export function sourceKeys(rows: readonly ApiKeyRow[]): SourceKey[] {
  return rows.flatMap((row) => {
    const key = { ...keyBody(row), name: row.name, id: row.id, revokedAt: row.revoked_at }
    const present = { ...key, hash: row.hash, expiresAt: row.expires_at }
    if (row.previous_hash === null) return [present]
    const until = Math.min(row.previous_until ?? 0, row.expires_at ?? Number.MAX_SAFE_INTEGER)
    return [present, { ...key, hash: row.previous_hash, expiresAt: until }]
  })
}
