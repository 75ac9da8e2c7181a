import { AppError } from '../errors.ts'
import { closest } from '../lib/closest.ts'
import { compileWildcards } from '../lib/wildcard.ts'
import { capabilitiesOf, currentModels } from '../llm/catalog.ts'
import { DEMO_MODELS } from '../llm/demo/models.ts'
import { costMicros } from '../llm/price.ts'
import { compilePrices, type Prices } from '../llm/prices.ts'
import { findProvider, PROVIDERS } from '../llm/providers.ts'
import type { Alias } from '../contract/alias.ts'
import type { Place } from '../contract/routing.ts'
import { compileTraffic } from './compile-traffic.ts'
import { describeProvider } from './describe-provider.ts'
import type { Snapshot, SnapshotAlias, SnapshotKey, SnapshotProvider } from './snapshot.ts'
import type { SnapshotSource, SourceKey, SourcePrice, SourceProvider } from './source.ts'

const DEFAULT_TIMEOUTS = { connectMs: 5_000, firstByteMs: 120_000, idleMs: 60_000, totalMs: 600_000 }

/**
 * Makes the data plane's snapshot. Throws `invalid_configuration` naming every place at fault; the caller keeps the snapshot it has.
 */
export function compileSnapshot(source: SnapshotSource): Snapshot {
  const findings: { place: string; message: string }[] = []
  const attempt = <T>(place: string, make: () => T): T | undefined => {
    try {
      return make()
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      findings.push({ place, message: error.message })
      return undefined
    }
  }
  const prices = compilePrices(source.prices)
  const providers = new Map<string, SnapshotProvider>()
  for (const provider of source.providers) {
    if (!provider.enabled) continue
    const compiled = attempt(`providers.${provider.id}`, () => compileProvider(provider, prices, source.prices))
    if (compiled) providers.set(provider.id, compiled)
  }
  const aliases = new Map<string, SnapshotAlias>()
  for (const alias of source.aliases) {
    const compiled = attempt(`aliases.${alias.name}`, () => compileAlias(alias, providers))
    if (compiled) aliases.set(alias.name, compiled)
  }
  const known = source.providers.map(({ id }) => id)
  for (const { provider, model, inFile } of source.prices)
    if (inFile) attempt(`prices.${provider}/${model}`, () => checkPriced(provider, known))
  const keys = new Map(source.keys.map((key) => [key.hash, compileKey(key)]))
  const traffic = compileTraffic(source.traffic ?? {}, attempt)
  if (findings.length > 0) {
    throw new AppError('invalid_configuration', `${findings[0]!.place}: ${findings[0]!.message}`, { findings })
  }
  return { version: source.version, providers, aliases, keys, traffic }
}

/** Throws where a price is for nobody: neither for what is set up nor for a vendor that the environment may switch on. */
export function checkPriced(provider: string, setUp: readonly string[]): void {
  if (setUp.includes(provider) || findProvider(provider)) return
  const near = closest(provider, [...setUp, ...PROVIDERS.map(({ id }) => id)])
  const hint = near ? `did you mean "${near}"?` : `set it up, or use one of ${setUp.join(', ')}`
  throw new AppError(
    'invalid_configuration',
    `provider "${provider}" is neither set up nor a vendor that is known; ${hint}`,
    { field: 'provider' },
  )
}

function compileKey(key: SourceKey): SnapshotKey {
  return {
    id: key.id,
    name: key.name,
    team: key.team ?? null,
    application: key.application ?? null,
    expiresAt: key.expiresAt ?? Number.POSITIVE_INFINITY,
    revoked: key.revokedAt !== null,
    // Keys that were stored before there were priorities have none.
    priority: key.priority ?? 'normal',
    onUnsupported: key.on_unsupported,
    allows: compileWildcards(key.models),
  }
}

function compileProvider(provider: SourceProvider, prices: Prices, set: readonly SourcePrice[]): SnapshotProvider {
  const { headers, ...description } = describeProvider(provider)
  const timeouts = provider.timeouts ?? {}
  return {
    id: provider.id,
    type: provider.type,
    ...description,
    headerLines: headerLines(provider.id, { ...headers, ...provider.headers }),
    variables: provider.variables ?? {},
    credentials: provider.credentials.map(({ requests_per_minute, tokens_per_minute, expiresAt, ...credential }) => ({
      ...credential,
      expiresAt: expiresAt ?? Number.POSITIVE_INFINITY,
      requestsPerMinute: requests_per_minute,
      tokensPerMinute: tokens_per_minute,
    })),
    breaker: provider.breaker,
    timeouts: {
      connectMs: timeouts.connect_ms ?? DEFAULT_TIMEOUTS.connectMs,
      firstByteMs: timeouts.first_byte_ms ?? DEFAULT_TIMEOUTS.firstByteMs,
      idleMs: timeouts.idle_ms ?? DEFAULT_TIMEOUTS.idleMs,
      totalMs: timeouts.total_ms ?? DEFAULT_TIMEOUTS.totalMs,
    },
    capabilities: (model) => capabilitiesOf(provider.type, model),
    cost: (model, usage, atMs) => costMicros(prices(provider.id, provider.type, model), usage, atMs),
    listed: () =>
      provider.models ??
      withPriced(
        description.builtIn ? Object.keys(DEMO_MODELS) : currentModels(provider.type, Date.now()).map(({ id }) => id),
        set.filter((price) => price.provider === provider.id).map(({ model }) => model),
      ),
  }
}

/** A model that has a price of its own is one that calls name, whether or not the catalogue knows it. */
function withPriced(known: readonly string[], priced: readonly string[]): readonly string[] {
  if (priced.length === 0) return known
  const names = new Set(known.map((name) => name.toLowerCase()))
  return [...priced.filter((name) => !names.has(name.toLowerCase())), ...known]
}

const RESERVED_HEADERS = new Set(['host', 'content-length', 'transfer-encoding', 'connection', 'accept-encoding'])

function headerLines(id: string, headers: Readonly<Record<string, string>>): string {
  return Object.entries(headers)
    .map(([name, value]) => {
      if (RESERVED_HEADERS.has(name.toLowerCase())) {
        throw new AppError('invalid_configuration', `header "${name}" is set by the gateway itself: remove it`)
      }
      if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(value)) {
        throw new AppError('invalid_configuration', `header "${name}" of provider ${id} holds a control character`)
      }
      return `${name.toLowerCase()}: ${value}\r\n`
    })
    .join('')
}

function compileAlias(alias: Alias, providers: ReadonlyMap<string, SnapshotProvider>): SnapshotAlias {
  const check = (place: Place | undefined, where: string) => {
    if (!place || providers.has(place.provider)) return
    const known = [...providers.keys()].join(', ') || 'none'
    throw new AppError(
      'invalid_configuration',
      `${where}.provider "${place.provider}" is not set up or is switched off (set up: ${known})`,
    )
  }
  for (const [index, target] of alias.targets.entries()) check(target, `targets[${index}]`)
  for (const [index, place] of alias.fallbacks.entries()) check(place, `fallbacks[${index}]`)
  for (const [failure, places] of Object.entries(alias.fallbacks_on ?? {}))
    for (const [index, place] of places.entries()) check(place, `fallbacks_on.${failure}[${index}]`)
  check(alias.canary, 'canary')
  check(alias.mirror, 'mirror')
  const targets = alias.targets.map(({ provider, model }) => ({ provider: providers.get(provider)!, model }))
  return { name: alias.name, targets, source: alias }
}
