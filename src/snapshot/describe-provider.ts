import { AppError } from '../errors.ts'
import { closest } from '../lib/closest.ts'
import { homeOf, placesOf, type AddressSettings, type Place } from '../llm/address.ts'
import { operationSide } from '../llm/operation.ts'
import type { Operation, Provider, Shape } from '../llm/provider.ts'
import { findProvider, PROVIDERS } from '../llm/providers.ts'
import type { Quirks } from '../llm/target.ts'
import type { ProtocolId } from '../llm/spec.ts'
import type { Endpoint } from './endpoint.ts'
import { parseOrigin } from './origin.ts'
import type { ServedEndpoint, SnapshotProvider } from './snapshot.ts'
import type { SourceProvider } from './source.ts'

/** What the registry and the set-up together say about one provider. */
export type ProviderDescription = Pick<SnapshotProvider, 'builtIn' | 'chat' | 'endpoints' | 'credentialOptional'> & {
  readonly headers: Readonly<Record<string, string>>
}

type Paths = { readonly path: string; readonly streamPath?: string }

/** Where each format of chat is called when its bytes pass through; formats that are always translated name their path themselves. */
const CHAT_PATHS: Partial<Record<ProtocolId, Paths>> = {
  'openai-chat': { path: '/chat/completions' },
  'openai-responses': { path: '/responses' },
  'anthropic-messages': { path: '/messages' },
  gemini: { path: '/models/{model}:generateContent', streamPath: '/models/{model}:streamGenerateContent?alt=sse' },
}

const OPENAI_OPERATIONS: readonly (readonly [Exclude<Endpoint, 'chat'>, Operation, string])[] = [
  ['completions', 'completions', '/completions'],
  ['embeddings', 'embeddings', '/embeddings'],
  ['moderations', 'moderations', '/moderations'],
  ['images', 'images', '/images/generations'],
  ['speech', 'speech', '/audio/speech'],
  ['transcriptions', 'transcriptions', '/audio/transcriptions'],
  ['translations', 'translations', '/audio/translations'],
  ['rerank', 'rerank', '/rerank'],
]

/** The registry's address of the provider that answers inside the process. */
const IN_PROCESS = 'demo:'

/** Throws `invalid_configuration` when the type is unknown or something it needs is missing. */
export function describeProvider(source: SourceProvider): ProviderDescription {
  const provider = findProvider(source.type)
  if (!provider) throw unknownType(source.type)
  const settings: AddressSettings = { baseUrl: source.base_url?.replace(/\/+$/, ''), variables: source.variables }
  const inProcess = provider.baseUrl === IN_PROCESS
  if (inProcess) settingsMustBeEmpty(source)
  const home = homeOf(provider, settings)
  const places = placesOf(provider, settings)
  return {
    builtIn: inProcess,
    chat: places.map(served),
    endpoints: operationsOf(provider, home, places),
    credentialOptional:
      provider.auth.scheme === 'none' ||
      provider.auth.scheme === 'sigv4' ||
      provider.auth.scheme === 'google' ||
      source.base_url !== undefined,
    headers: provider.quirks.headers ?? {},
  }
}

function served(place: Place): ServedEndpoint {
  const paths = CHAT_PATHS[place.protocol] ?? { path: '' }
  const own = place.quirks.paths?.[place.protocol === 'openai-responses' ? 'responses' : 'chat']
  const streamed = place.quirks.paths?.['chat-stream']
  return {
    protocol: place.protocol,
    origin: parseOrigin(place.baseUrl),
    query: place.query,
    ...(own ? { path: own, ...(streamed && { streamPath: streamed }) } : paths),
    auth: place.auth,
    quirks: place.quirks,
    rewrites: rewrites(place.quirks),
  }
}

function rewrites(quirks: Quirks): boolean {
  const { rename, drop, defaults, textOnly, systemRole, toolIds, toolChoiceRequired } = quirks
  const { structured, reasoningInput, reasoningControl } = quirks
  const all = [
    rename,
    drop,
    defaults,
    textOnly,
    systemRole,
    toolIds,
    toolChoiceRequired,
    structured,
    reasoningInput,
    reasoningControl,
  ]
  return all.some((quirk) => quirk !== undefined && quirk !== false)
}

function operationsOf(
  provider: Provider,
  home: Omit<Place, 'protocol'>,
  places: readonly Place[],
): SnapshotProvider['endpoints'] {
  const offered = new Set(provider.operations.openai ?? [])
  const { auth, quirks, query } = home
  const endpoints: Partial<Record<Exclude<Endpoint, 'chat'>, ServedEndpoint>> = {}
  const at = {
    protocol: 'openai-chat',
    origin: parseOrigin(home.baseUrl),
    query,
    auth,
    quirks,
    rewrites: false,
  } as const
  for (const [endpoint, operation, path] of OPENAI_OPERATIONS)
    if (offered.has(operation)) endpoints[endpoint] = { ...at, path: quirks.paths?.[operation] ?? path }
  for (const [shape, operations] of Object.entries(provider.operations) as [Shape, readonly Operation[]][])
    for (const operation of operations) {
      const side = operationSide(shape, operation)
      if (side && (operation === 'embeddings' || operation === 'rerank'))
        endpoints[operation] ??= { ...at, path: '', side }
    }
  const counter = counterOf(provider, places)
  if (counter) endpoints.count_tokens = counter
  return endpoints
}

/** Where the vendor counts tokens: beside the chat of the format that knows how. */
function counterOf(provider: Provider, places: readonly Place[]): ServedEndpoint | undefined {
  const counts = Object.values(provider.operations).some((operations) => operations.includes('count-tokens'))
  const place = counts ? places.find(({ protocol }) => COUNT_PATHS[protocol] !== undefined) : undefined
  return place && { ...served(place), path: COUNT_PATHS[place.protocol] ?? '', rewrites: false }
}

const COUNT_PATHS: Partial<Record<ProtocolId, string>> = {
  'anthropic-messages': '/messages/count_tokens',
  gemini: '/models/{model}:countTokens',
}

function settingsMustBeEmpty(source: SourceProvider): void {
  if (source.base_url)
    throw new AppError('invalid_configuration', `base_url: the built-in ${source.type} has no address; remove it`)
}

/** Says which vendor may have been meant; the same from the file, the management API and the command line. */
export function unknownType(type: string): AppError {
  const near = closest(
    type,
    PROVIDERS.map(({ id }) => id),
  )
  return new AppError(
    'invalid_configuration',
    `type "${type}" is not in the registry.${near ? ` Did you mean "${near}"?` : ''} Use openai-compatible with base_url for a server of your own`,
  )
}
