import { scopeOf } from '../config/config.ts'
import { resolveReference, type ReferenceScope } from '../config/reference.ts'
import type { Configuration } from '../contract/configuration.ts'
import type { Provider, ProviderKey } from '../contract/provider.ts'
import { findProvider, providersInEnvironment } from '../llm/providers.ts'
import type { SnapshotSource, SourceCredential, SourcePrice, SourceProvider } from '../snapshot/source.ts'
import { keysIn } from '../store/api-key.ts'
import { type ResourceRow, resourcesIn } from '../store/resource.ts'
import type { Db } from '../store/schema.ts'
import { entriesOfFile, type Entry, type Kind, KINDS, type ValueOf } from './entry.ts'
import { keysOfFile, sourceKeys } from './key-source.ts'
import type { Sealer } from './sealing.ts'

/** `portreeve.yaml` as it is used now. */
export type FileInUse = {
  readonly path: string
  readonly text: string
  readonly configuration: Configuration
  readonly loadedAt: number
}

/** Everything that is set up, wherever it is kept. The file wins over the database, the database over the environment. */
export type Merged = {
  readonly source: SnapshotSource
  readonly entries: { readonly [K in Kind]: readonly Entry<K>[] }
  /** Vendors that the environment switched on. */
  readonly environment: readonly { readonly provider: string; readonly variable: string }[]
  /** What stands against the use of an entry, by `kind id`. */
  readonly problems: ReadonlyMap<string, string>
}

export type MergeInput = {
  readonly db: Db
  readonly file: FileInUse | null
  readonly env: ReferenceScope['env']
  readonly sealer: Sealer
  readonly version: number
}

/** The id and type of the provider that answers without any vendor. */
const DEMO = 'demo'

export async function mergeConfiguration({ db, file, env, sealer, version }: MergeInput): Promise<Merged> {
  const rows = await resourcesIn(db).all()
  const known = rows.filter((row) => row.kind in KINDS)
  const stored = known.length === 0 ? [] : await entriesOf(known, sealer)
  const scope = file ? scopeOf(file.path, env) : { env, folder: '.' }
  const problems = new Map<string, string>()
  for (const entry of stored) if (entry.sealProblem) problems.set(`${entry.kind} ${entry.id}`, entry.sealProblem)

  const merge = <K extends Kind>(kind: K): Entry<K>[] => {
    const byId = new Map<string, Entry<K>>()
    for (const entry of stored) if (entry.kind === kind) byId.set(entry.id, entry as Entry<K>)
    for (const entry of file ? entriesOfFile(kind, file.configuration) : []) byId.set(entry.id, entry)
    return [...byId.values()].toSorted((a, b) => (a.id < b.id ? -1 : 1))
  }
  const { entries: fromEnvironment, variables } = environmentProviders(env)
  const providers = merge('provider')
  const taken = new Set(providers.map(({ id }) => id))
  providers.push(...fromEnvironment.filter(({ id }) => !taken.has(id)))
  const entries = {
    provider: providers,
    alias: merge('alias'),
    limit: merge('limit'),
    budget: merge('budget'),
    guard: merge('guard'),
    price: merge('price'),
    section: merge('section'),
  }
  const rules = <K extends Kind>(list: readonly Entry<K>[]) =>
    list.map(({ value }) => resolvedSecrets(value, scope) as ValueOf<K>)
  const configuration = file?.configuration
  const source: SnapshotSource = {
    version,
    providers: providers.map((entry) => sourceProvider(entry, scope, env, problems)),
    aliases: entries.alias.map(({ value }) => value),
    keys: [...(configuration ? keysOfFile(configuration.keys, scope) : []), ...sourceKeys(await keysIn(db).all())],
    prices: entries.price.map(sourcePrice),
    traffic: {
      limits: rules(entries.limit),
      budgets: rules(entries.budget),
      guards: rules(entries.guard),
      ...Object.fromEntries(entries.section.map(({ value: { name, settings } }) => [name, settings])),
    },
  }
  return { source, entries, environment: variables, problems }
}

/** The schemas are loaded where there is something to read with them. */
async function entriesOf(rows: readonly ResourceRow[], sealer: Sealer): Promise<Entry[]> {
  const { entryOfRow } = await import('./entry-row.ts')
  return rows.map((row) => entryOfRow(row, sealer))
}

function environmentProviders(env: MergeInput['env']) {
  const found = providersInEnvironment(env)
  const entry = (value: Provider, origin: 'environment' | 'built-in'): Entry<'provider'> => ({
    kind: 'provider',
    id: value.id,
    value,
    origin,
    version: 0,
    createdAt: null,
    updatedAt: null,
  })
  const entries = found.map(({ provider, key, baseUrl, variables }) =>
    entry(
      {
        id: provider.id,
        type: provider.id,
        enabled: true,
        ...(baseUrl && { base_url: baseUrl }),
        ...(key && { api_key: `env:${key}` }),
        ...(Object.keys(variables).length > 0 && { variables }),
      },
      'environment',
    ),
  )
  return {
    entries: [...entries, entry({ id: DEMO, type: DEMO, enabled: true }, 'built-in')],
    variables: found.flatMap(({ provider, key }) => (key ? [{ provider: provider.id, variable: key }] : [])),
  }
}

function sourceProvider(
  entry: Entry<'provider'>,
  scope: ReferenceScope,
  env: MergeInput['env'],
  problems: Map<string, string>,
): SourceProvider {
  const { api_key, api_keys, headers, ...rest } = entry.value
  const credentials: SourceCredential[] = []
  const add = (
    id: string,
    secret: string | undefined,
    { weight = 1, expires_at, requests_per_minute, tokens_per_minute }: Partial<ProviderKey> = {},
  ) => {
    // A secret whose seal does not open is missing, whatever the schema says.
    if (secret === undefined) return
    const resolved = entry.origin === 'database' ? { value: secret } : resolveReference(secret, scope)
    if ('missing' in resolved) problems.set(`provider ${entry.id}`, resolved.missing)
    else
      credentials.push({
        id,
        secret: resolved.value,
        weight,
        expiresAt: expires_at ? Date.parse(expires_at) : null,
        requests_per_minute,
        tokens_per_minute,
      })
  }
  const given = api_key ?? (api_keys?.length ? undefined : usualKey(entry.value, env))
  if (given !== undefined) add('default', given)
  for (const key of api_keys ?? []) add(key.id, key.secret, key)
  const sent = Object.entries(headers ?? {}).flatMap(([name, value]): [string, string][] => {
    const resolved = entry.origin === 'database' ? { value } : resolveReference(value, scope)
    if ('missing' in resolved) problems.set(`provider ${entry.id}`, resolved.missing)
    return 'value' in resolved ? [[name, resolved.value]] : []
  })
  return { ...rest, ...(sent.length > 0 && { headers: Object.fromEntries(sent) }), credentials, origin: entry.origin }
}

/** A vendor set up without a key uses the one that the environment holds under the vendor's own name; only at the vendor's own address. */
function usualKey(provider: Provider, env: MergeInput['env']): string | undefined {
  if (provider.base_url !== undefined) return undefined
  const name = findProvider(provider.type)?.keys.find((key) => env[key]?.trim())
  return name && env[name]
}

function sourcePrice({ value, origin }: Entry<'price'>): SourcePrice {
  const { provider, model, input, output, cache_read, cache_write } = value
  return {
    provider,
    model,
    ...(input !== undefined && { input }),
    ...(output !== undefined && { output }),
    ...(cache_read !== undefined && { cacheRead: cache_read }),
    ...(cache_write !== undefined && { cacheWrite: cache_write }),
    ...(origin === 'file' && { inFile: true }),
  }
}

/** A rule with the references in it replaced by what they stand for. */
function resolvedSecrets<T>(value: T, scope: ReferenceScope): T {
  return JSON.parse(JSON.stringify(value), (name, item: unknown) => {
    if (name !== 'secret' || typeof item !== 'string') return item
    const resolved = resolveReference(item, scope)
    return 'value' in resolved ? resolved.value : undefined
  }) as T
}
