// Entries as rows of the database. Apart from entry.ts for the schemas: a process whose database keeps no entry runs without them.
import { isReference } from '../config/reference.ts'
import { Alias } from '../contract/alias.ts'
import { Budget } from '../contract/budget.ts'
import { Guard } from '../contract/guard.ts'
import { Limit } from '../contract/limit.ts'
import { ModelPrice } from '../contract/price.ts'
import { Provider } from '../contract/provider.ts'
import { changeSecrets, secretPaths } from '../contract/schema-path.ts'
import { Section } from '../contract/section.ts'
import { AppError } from '../errors.ts'
import type { ResourceRow } from '../store/resource.ts'
import type { Entry, Kind, ValueOf } from './entry.ts'
import type { Sealer } from './sealing.ts'

export const SCHEMAS = {
  provider: Provider,
  alias: Alias,
  limit: Limit,
  budget: Budget,
  guard: Guard,
  price: ModelPrice,
  section: Section,
} as const satisfies Record<Kind, unknown>

/** Reads a row. An entry whose secrets cannot be opened is kept without them and says so, so that the others go on. */
export function entryOfRow(row: ResourceRow, sealer: Sealer): Entry {
  const kind = row.kind as Kind
  const entry = {
    kind,
    id: row.id,
    origin: 'database',
    version: row.version,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  } as const
  const body: unknown = JSON.parse(row.body)
  if (row.secrets === null) return { ...entry, value: SCHEMAS[kind].parse(body) }
  try {
    const secrets = JSON.parse(sealer.open(row.secrets, placeOf(kind, row.id))) as [(string | number)[], string][]
    for (const [path, secret] of secrets) put(body, path, secret)
    return { ...entry, value: SCHEMAS[kind].parse(body) }
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    return { ...entry, value: withoutSecrets(kind, body), sealProblem: error.message }
  }
}

/** What is stored of a value: its body without secrets, and the secrets sealed. */
export function rowOf(
  kind: Kind,
  id: string,
  value: unknown,
  sealer: Sealer,
): Pick<ResourceRow, 'kind' | 'id' | 'body' | 'secrets'> {
  const body = structuredClone(value)
  const secrets = secretPaths(SCHEMAS[kind], body).map((path) => [path, take(body, path)] as const)
  for (const [path, secret] of secrets) {
    // A reference given here could send any variable or file of the server to an address of the caller's choice.
    if (typeof secret === 'string' && isReference(secret)) {
      throw new AppError(
        'invalid_request',
        `${path.join('.')}: references belong in portreeve.yaml; enter the secret itself.`,
        { field: path.join('.') },
      )
    }
  }
  return {
    kind,
    id,
    body: JSON.stringify(body),
    secrets: secrets.length ? sealer.seal(JSON.stringify(secrets), placeOf(kind, id)) : null,
  }
}

/** The value as people may see it. */
export function withoutSecrets<K extends Kind>(kind: K, value: unknown): ValueOf<K> {
  return changeSecrets(SCHEMAS[kind], value as ValueOf<K>, () => undefined)
}

function placeOf(kind: Kind, id: string): string {
  return `${kind} ${id}`
}

function take(value: unknown, path: readonly (string | number)[]): unknown {
  const parent = path.slice(0, -1).reduce<unknown>((at, step) => (at as Record<string | number, unknown>)[step], value)
  const last = path.at(-1) ?? ''
  const found = (parent as Record<string | number, unknown>)[last]
  delete (parent as Record<string | number, unknown>)[last]
  return found
}

function put(value: unknown, path: readonly (string | number)[], secret: string): void {
  const parent = path.slice(0, -1).reduce<unknown>((at, step) => (at as Record<string | number, unknown>)[step], value)
  ;(parent as Record<string | number, unknown>)[path.at(-1) ?? ''] = secret
}
