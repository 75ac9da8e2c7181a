// API keys as rows of the database, without the schema: a row was judged when it was written.
import { DEFAULT_KEY } from '../contract/defaults.ts'
import type { Key } from '../contract/key.ts'
import { newId } from '../lib/id.ts'
import type { ApiKeyRow } from '../store/api-key.ts'
import { hashSecret, hintOf } from './secret.ts'

export type NewKey = Omit<Key, 'secret'>

/** What a row keeps as JSON: everything of the contract's key beside name, secret and end. What came later into it has its default. */
export function keyBody(row: Pick<ApiKeyRow, 'body'>): Omit<NewKey, 'name' | 'expires_at'> {
  const stored = JSON.parse(row.body) as Partial<Omit<NewKey, 'name' | 'expires_at'>>
  return { ...DEFAULT_KEY, models: [...DEFAULT_KEY.models], ...stored }
}

/** A row for a key that is not in the database yet. */
export function newRow(key: NewKey, secret: string, createdBy: string, now: number): ApiKeyRow {
  return {
    ...keyFields(key),
    id: newId('key'),
    hash: hashSecret(secret),
    hint: hintOf(secret),
    previous_hash: null,
    previous_until: null,
    revoked_at: null,
    last_used_at: null,
    created_by: createdBy,
    created_at: now,
    updated_at: now,
    version: 1,
  }
}

/** The fields of a row that say what a key may do. */
export function keyFields({ name, expires_at, ...body }: NewKey) {
  return {
    name,
    team: body.team ?? null,
    body: JSON.stringify(body),
    expires_at: expires_at === undefined ? null : Date.parse(expires_at),
  }
}
