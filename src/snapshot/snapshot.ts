import type { Alias } from '../contract/alias.ts'
import type { Breaker } from '../contract/routing.ts'
import type { Capabilities, Quirks } from '../llm/target.ts'
import type { ProtocolId, Usage } from '../llm/spec.ts'
import type { Cost } from '../llm/price.ts'
import type { OperationSide } from '../llm/operation.ts'
import type { Auth } from '../llm/provider.ts'
import type { Endpoint } from './endpoint.ts'
import type { Origin } from './origin.ts'
import type { SourceTraffic } from './source.ts'

/** The immutable configuration that the data plane runs on. A request holds the one it began with. */
export type Snapshot = {
  readonly version: number
  /** By hex SHA-256 of the secret. */
  readonly keys: ReadonlyMap<string, SnapshotKey>
  readonly providers: ReadonlyMap<string, SnapshotProvider>
  readonly aliases: ReadonlyMap<string, SnapshotAlias>
  readonly traffic: SourceTraffic
}

export type SnapshotKey = {
  readonly id: string
  readonly name: string
  readonly team: string | null
  readonly application: string | null
  /** Milliseconds since the epoch; Infinity for never. */
  readonly expiresAt: number
  readonly revoked: boolean
  /** Who is refused last when the gateway is overloaded. */
  readonly priority: 'low' | 'normal' | 'high'
  readonly onUnsupported: 'map' | 'drop' | 'refuse'
  /** Whether the key may use this model or alias, by the name the caller gives. */
  readonly allows: (model: string) => boolean
}

export type SnapshotCredential = {
  readonly id: string
  readonly secret: string
  readonly weight: number
  readonly expiresAt: number
  readonly requestsPerMinute?: number | undefined
  readonly tokensPerMinute?: number | undefined
}

/** One wire format of a provider, where it is spoken. */
export type ServedEndpoint = {
  readonly protocol: ProtocolId
  readonly origin: Origin
  /** Query that every call carries, without the question mark; mostly empty. */
  readonly query: string
  /** Path below the origin's base path; may hold `{model}`. */
  readonly path: string
  readonly streamPath?: string
  readonly auth: Auth
  readonly quirks: Quirks
  /** The vendor differs from the format in what it takes: requests are read and written anew, even between equal formats. */
  readonly rewrites: boolean
  /** How an endpoint beside chat is translated; absent where the vendor speaks as OpenAI does. */
  readonly side?: OperationSide
}

export type SnapshotProvider = {
  readonly id: string
  readonly type: string
  /** Answers from inside the process, without a socket. */
  readonly builtIn: boolean
  /** The formats of chat that the vendor speaks, the preferred one first. */
  readonly chat: readonly ServedEndpoint[]
  readonly endpoints: Readonly<Partial<Record<Exclude<Endpoint, 'chat'>, ServedEndpoint>>>
  /** Header lines beside authentication, each ended by CRLF. */
  readonly headerLines: string
  readonly credentials: readonly SnapshotCredential[]
  /** A missing credential is no obstacle: the vendor is a server of one's own, or signs in otherwise. */
  readonly credentialOptional: boolean
  /** Placeholders as they were set: schemes that sign need the region. */
  readonly variables: Readonly<Record<string, string>>
  readonly breaker: Breaker | undefined
  readonly timeouts: { connectMs: number; firstByteMs: number; idleMs: number; totalMs: number }
  readonly capabilities: (model: string) => Capabilities
  /** Models to list beside those that are found by name. */
  readonly listed: () => readonly string[]
  /** What a use costs; unpriced where nobody knows, never 0. */
  readonly cost: (model: string, usage: Usage, atMs: number) => Cost
}

export type SnapshotTarget = { readonly provider: SnapshotProvider; readonly model: string }

/** An alias whose places are all set up. */
export type SnapshotAlias = {
  readonly name: string
  readonly targets: readonly SnapshotTarget[]
  readonly source: Alias
}
