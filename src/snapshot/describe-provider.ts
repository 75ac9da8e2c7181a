import { AppError } from '../errors.ts'
import type { Capabilities, Quirks } from '../llm/target.ts'
import type { ServedEndpoint, SnapshotAuth, SnapshotProvider } from './snapshot.ts'
import type { SourceProvider } from './source.ts'

/** What the registry and the set-up together say about one provider. */
export type ProviderDescription = {
  readonly baseUrl: string
  readonly builtIn: boolean
  readonly chat: readonly ServedEndpoint[]
  readonly endpoints: SnapshotProvider['endpoints']
  readonly auth: SnapshotAuth
  readonly quirks: Quirks
  readonly capabilities: (model: string) => Capabilities
  readonly models: readonly string[]
  readonly credentialOptional: boolean
  readonly cost: SnapshotProvider['cost']
}

const BEARER: SnapshotAuth = { kind: 'header', name: 'authorization', prefix: 'Bearer ' }
const OPENAI_CHAT: ServedEndpoint = { protocol: 'openai-chat', path: '/chat/completions' }
const OPENAI_ENDPOINTS: SnapshotProvider['endpoints'] = {
  completions: { protocol: 'openai-chat', path: '/completions' },
  embeddings: { protocol: 'openai-chat', path: '/embeddings' },
  moderations: { protocol: 'openai-chat', path: '/moderations' },
  images: { protocol: 'openai-chat', path: '/images/generations' },
  speech: { protocol: 'openai-chat', path: '/audio/speech' },
  transcriptions: { protocol: 'openai-chat', path: '/audio/transcriptions' },
  translations: { protocol: 'openai-chat', path: '/audio/translations' },
  rerank: { protocol: 'openai-chat', path: '/rerank' },
}

/** Throws `invalid_configuration` when the type is unknown or something it needs is missing. */
export function describeProvider(provider: SourceProvider): ProviderDescription {
  const common = {
    chat: [OPENAI_CHAT],
    endpoints: OPENAI_ENDPOINTS,
    quirks: {},
    capabilities: () => ({}),
    models: [],
    credentialOptional: true,
    cost: () => ({ micros: null, source: null }),
  }
  if (provider.type === 'demo') {
    return { ...common, baseUrl: 'http://demo.invalid/v1', builtIn: true, auth: { kind: 'none' } }
  }
  if (provider.type === 'openai-compatible') {
    if (!provider.base_url)
      throw new AppError('invalid_configuration', 'base_url is missing: an openai-compatible provider needs it')
    return { ...common, baseUrl: provider.base_url, builtIn: false, auth: BEARER }
  }
  throw new AppError('invalid_configuration', `type "${provider.type}" is not known`)
}
