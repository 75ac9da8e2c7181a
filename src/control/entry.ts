import type { z } from 'zod'
import { isReference } from '../config/reference.ts'
import { changeSecrets, secretPaths } from '../contract/schema-path.ts'
import { Alias } from '../contract/alias.ts'
import type { Origin } from '../contract/api/shared.ts'
import { Budget } from '../contract/budget.ts'
import type { Configuration } from '../contract/configuration.ts'
import { Guard } from '../contract/guard.ts'
import { Limit } from '../contract/limit.ts'
import { ModelPrice } from '../contract/price.ts'
import { Provider } from '../contract/provider.ts'
import { Section, SECTIONS } from '../contract/section.ts'
import { AppError } from '../errors.ts'
import type { ResourceRow } from '../store/resource.ts'
import type { Sealer } from './sealing.ts'

/** The kinds of configuration that are kept one by one: plural, schema, those in the file, and what names one. */
export const KINDS = {
  provider: { many: 'providers', schema: Provider, inFile: listed('providers'), idOf: ({ id }: Provider) => id },
  alias: { many: 'aliases', schema: Alias, inFile: listed('aliases'), idOf: nameOf },
  limit: { many: 'limits', schema: Limit, inFile: listed('limits'), idOf: nameOf },
  budget: { many: 'budgets', schema: Budget, inFile: listed('budgets'), idOf: nameOf },
  guard: { many: 'guards', schema: Guard, inFile: listed('guards'), idOf: nameOf },
  price: {
    many: 'prices',
    schema: ModelPrice,
    inFile: listed('prices'),
    idOf: ({ provider, model }: ModelPrice) => `${provider}/${model}`,
  },
  section: {
    many: 'sections',
    schema: Section,
    inFile: (file: Configuration) =>
      SECTIONS.flatMap((name) => (file[name] === undefined ? [] : [{ name, settings: file[name] } as Section])),
    idOf: nameOf,
  },
} as const
export type Kind = keyof typeof KINDS
export type ValueOf<K extends Kind> = z.infer<(typeof KINDS)[K]['schema']>

function listed<List extends 'providers' | 'aliases' | 'limits' | 'budgets' | 'guards' | 'prices'>(list: List) {
  return (file: Configuration) => file[list]
}

function nameOf({ name }: { readonly name: string }): string {
  return name
}

/** One thing of the configuration, wherever it is kept. `value` holds its secrets or the references to them. */
export type Entry<K extends Kind = Kind> = {
  readonly kind: K
  readonly id: string
  readonly value: ValueOf<K>
  readonly origin: Origin
  /** 0 for what is not in the database. */
  readonly version: number
  readonly createdAt: number | null
  readonly updatedAt: number | null
  /** Why its secrets cannot be used, in words. */
  readonly sealProblem?: string
}

/** The entries of one kind in the file. */
export function entriesOfFile<K extends Kind>(kind: K, configuration: Configuration): Entry<K>[] {
  const { inFile, idOf } = KINDS[kind]
  return (inFile(configuration) as readonly unknown[] as readonly ValueOf<K>[]).map((value) => ({
    kind,
    id: (idOf as (value: ValueOf<K>) => string)(value),
    value,
    origin: 'file',
    version: 0,
    createdAt: null,
    updatedAt: null,
  }))
}

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
  if (row.secrets === null) return { ...entry, value: KINDS[kind].schema.parse(body) }
  try {
    const secrets = JSON.parse(sealer.open(row.secrets, placeOf(kind, row.id))) as [(string | number)[], string][]
    for (const [path, secret] of secrets) put(body, path, secret)
    return { ...entry, value: KINDS[kind].schema.parse(body) }
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
  const secrets = secretPaths(KINDS[kind].schema, body).map((path) => [path, take(body, path)] as const)
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
  return changeSecrets(KINDS[kind].schema, value as ValueOf<K>, () => undefined)
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
