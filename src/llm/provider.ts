// What a vendor is to Portreeve: data. No code here or in the gateway asks which vendor it is.
import type { ProtocolId } from './spec.ts'
import type { Quirks } from './target.ts'

/** Where an application buys a token with its own credentials (OAuth 2.0, RFC 6749 section 4.4). */
export type TokenExchange = { readonly url: string; readonly scope: string }

/** How a vendor is told who calls. `secret` below is the credential of the configuration. */
export type Auth =
  /** `Authorization: Bearer secret`. */
  | { readonly scheme: 'bearer' }
  /**
   * A header of the vendor's own, with `prefix` before the secret. Where there is `exchange`, a secret that is the JSON of an application
   * (`client_id`, `client_secret` and what the address has in braces) is exchanged for a token, which is sent as bearer.
   */
  | { readonly scheme: 'header'; readonly name: string; readonly prefix?: string; readonly exchange?: TokenExchange }
  | { readonly scheme: 'query'; readonly name: string }
  /** AWS Signature Version 4 with the credentials of the process; a secret, where one is given, is sent as bearer instead. */
  | { readonly scheme: 'sigv4'; readonly service: string }
  /** A Google access token; a secret that is a service account's JSON is exchanged for one. */
  | { readonly scheme: 'google' }
  /** Nothing is needed; a secret, where one is given, is sent as bearer. */
  | { readonly scheme: 'none' }

/** What a vendor does beside the chat that Portreeve translates; `chat` only in a shape of the vendor's own. */
export type Operation =
  | 'chat'
  | 'completions'
  | 'embeddings'
  | 'rerank'
  | 'moderations'
  | 'images'
  | 'image-edits'
  | 'speech'
  | 'transcriptions'
  | 'translations'
  | 'count-tokens'
  | 'files'
  | 'batches'
  | 'fine-tuning'
  | 'realtime'
  | 'ocr'
  | 'video'
  | 'search'

/** Whose shapes an operation beside chat has. `native` is the vendor's own: carried as it is, never translated. */
export type Shape = 'openai' | 'cohere' | 'voyage' | 'gemini' | 'vertex' | 'bedrock' | 'native'

/** One wire format of chat, where it is spoken. What is absent is the provider's own. */
export type Surface = {
  readonly protocol: ProtocolId
  /** Appended to the provider's base URL. */
  readonly path?: string
  /** Instead of the provider's base URL; unreachable when the configuration gives an address of its own. */
  readonly baseUrl?: string
  readonly auth?: Auth
  readonly quirks?: Quirks
}

/** A placeholder of the base URL. `environment` are names it is read from when the provider is switched on by a key. */
export type Variable = {
  readonly about: string
  readonly environment?: readonly string[]
  /** May hold other variables. */
  readonly default?: string
  /** The default where another variable has this value. */
  readonly when?: { readonly variable: string; readonly is: string; readonly value: string }
}

export type ProviderKind =
  | 'lab'
  | 'cloud'
  | 'host'
  | 'aggregator'
  | 'self-hosted'
  | 'embeddings'
  | 'audio'
  | 'image'
  | 'video'
  | 'search'
  | 'built-in'

/** Codes of SOURCES, comma-separated: where each fact was read. */
export type Sources = {
  readonly address: string
  readonly auth: string
  readonly environment: string
  readonly docs: string
}

export type Provider = {
  readonly id: string
  readonly name: string
  readonly kind: ProviderKind
  /** Absolute, without a final slash, with the vendor's version segment; may hold `{variables}`. */
  readonly baseUrl: string
  readonly auth: Auth
  /** The wire formats of chat, the preferred one first; empty for a vendor without chat that Portreeve can translate. */
  readonly chat: readonly [Surface, ...Surface[]] | readonly []
  readonly operations: Readonly<Partial<Record<Shape, readonly Operation[]>>>
  readonly variables: Readonly<Record<string, Variable>>
  /** Environment names that hold this vendor's key and nothing else: finding one switches the provider on. */
  readonly keys: readonly string[]
  /** Names that may hold its key, or another vendor's, or one for something else: never enough to switch it on. */
  readonly sharedKeys: readonly string[]
  /** Names that hold the base URL of a server of one's own. */
  readonly addresses: readonly string[]
  readonly quirks: Quirks
  readonly docs: string
  /** What a person must know that is not data. */
  readonly notes: readonly string[]
  readonly sources: Sources
}

type Optional = 'auth' | 'operations' | 'variables' | 'keys' | 'sharedKeys' | 'addresses' | 'quirks' | 'notes'

/** A provider as it is written: what is left out is empty, and a protocol alone stands for a surface of that protocol. */
export type ProviderDefinition = Omit<Provider, Optional | 'chat'> &
  Partial<Pick<Provider, Optional>> & { readonly chat: readonly (ProtocolId | Surface)[] }

export function defineProvider(definition: ProviderDefinition): Provider {
  const surfaces = definition.chat.map((each) => (typeof each === 'string' ? { protocol: each } : each))
  return {
    auth: { scheme: 'bearer' },
    operations: {},
    variables: {},
    keys: [],
    sharedKeys: [],
    addresses: [],
    quirks: {},
    notes: [],
    ...definition,
    chat: surfaces as Provider['chat'] & object,
  }
}
