import type { Alias } from '../contract/alias.ts'
import type { Configuration } from '../contract/configuration.ts'
import type { Key } from '../contract/key.ts'
import type { Provider } from '../contract/provider.ts'

/** An API key as the gateway needs it: known by its hash alone. */
export type SourceKey = Omit<Key, 'secret' | 'expires_at'> & {
  readonly id: string
  /** Hex SHA-256 of the secret. */
  readonly hash: string
  /** Milliseconds since the epoch; null for never. */
  readonly expiresAt: number | null
  readonly revokedAt: number | null
}

/** One credential with its secret resolved. */
export type SourceCredential = {
  readonly id: string
  readonly secret: string
  readonly weight: number
  readonly expiresAt: number | null
  readonly requests_per_minute?: number | undefined
  readonly tokens_per_minute?: number | undefined
}

/** A provider whose references are resolved. An empty `credentials` means that the vendor asks for none. */
export type SourceProvider = Omit<Provider, 'api_key' | 'api_keys'> & {
  readonly credentials: readonly SourceCredential[]
  /** Where it was set up: shown to people, never used for routing. */
  readonly origin: 'file' | 'database' | 'environment' | 'built-in'
}

/** A price that replaces the catalogue's, in micro-dollars for a million tokens. */
export type SourcePrice = {
  readonly provider: string
  readonly model: string
  readonly input?: number
  readonly output?: number
  readonly cacheRead?: number
  readonly cacheWrite?: number
  /** Whether `portreeve.yaml` has it, which is judged as a whole. */
  readonly inFile?: boolean
}

/** The sections about traffic, as they are configured; secrets of webhooks are resolved. */
export type SourceTraffic = Pick<
  Configuration,
  'limits' | 'budgets' | 'guards' | 'cache' | 'overload' | 'responses' | 'sharing'
>

/** Everything the data plane runs on, merged and with references resolved: the input of `compileSnapshot`. */
export type SnapshotSource = {
  /** Rises with each change; the gateway reports it. */
  readonly version: number
  readonly providers: readonly SourceProvider[]
  readonly aliases: readonly Alias[]
  readonly keys: readonly SourceKey[]
  readonly prices: readonly SourcePrice[]
  readonly traffic?: Partial<SourceTraffic> | undefined
}
