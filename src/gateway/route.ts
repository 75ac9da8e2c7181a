import { ANTHROPIC_ROUTES, OPENAI_ROUTES, type Route } from '../snapshot/endpoint.ts'

/** Where a path leads in the data plane. `model` and `stream` are what the path itself says (Gemini). */
export type Match =
  | { readonly kind: 'call'; readonly route: Route; readonly model?: string; readonly stream?: boolean }
  | StoredMatch
  | { readonly kind: 'models'; readonly model?: string; readonly gemini?: true }

/** A response that a vendor keeps, and what is asked about it. */
export type StoredMatch = {
  readonly kind: 'stored'
  readonly id: string
  readonly action: '' | '/cancel' | '/input_items'
}

const OPENAI_ROOTS = ['/openai/v1', '/v1', ''] as const
const ANTHROPIC_ROOTS = ['/anthropic/v1', '/v1', ''] as const
// Vercel's client leaves `models/` out before a name with a slash in it.
const GEMINI = /^(?:\/gemini)?\/v1(?:beta)?\/(?:models\/)?([^:]+):([A-Za-z]+)$/

const GEMINI_MODELS = /^\/(?:gemini\/v1(?:beta)?|v1beta)\/models(?:\/(.+))?$/

// Two names there are operations of their own.
const STORED = /^(?:(?:\/openai)?\/v1)?\/responses\/(?!(?:compact|input_tokens)$)([^/]+)(\/cancel|\/input_items)?$/

const GEMINI_METHODS: Readonly<Record<string, { route: Route; stream?: boolean }>> = {
  generateContent: { route: { endpoint: 'chat', dialect: 'gemini', recordedAs: 'generateContent' }, stream: false },
  streamGenerateContent: {
    route: { endpoint: 'chat', dialect: 'gemini', recordedAs: 'streamGenerateContent' },
    stream: true,
  },
  countTokens: { route: { endpoint: 'count_tokens', dialect: 'gemini', recordedAs: 'countTokens' } },
  embedContent: { route: { endpoint: 'embeddings', dialect: 'gemini', recordedAs: 'embedContent' } },
  batchEmbedContents: { route: { endpoint: 'embeddings', dialect: 'gemini', recordedAs: 'batchEmbedContents' } },
}

const EXACT: ReadonlyMap<string, Match> = new Map([
  ...OPENAI_ROOTS.flatMap((root) =>
    [...OPENAI_ROUTES].map(([path, route]) => [root + path, { kind: 'call', route }] as [string, Match]),
  ),
  ...ANTHROPIC_ROOTS.flatMap((root) =>
    [...ANTHROPIC_ROUTES].map(([path, route]) => [root + path, { kind: 'call', route }] as [string, Match]),
  ),
  ...OPENAI_ROOTS.map((root) => [`${root}/models`, { kind: 'models' }] as [string, Match]),
])

/** The data plane's address table; undefined where the path is not one of its own. `path` is the raw path without its query. */
export function matchPath(path: string): Match | undefined {
  const exact = EXACT.get(path)
  if (exact) return exact
  const gemini = GEMINI.exec(path)
  const method = gemini && GEMINI_METHODS[gemini[2]!]
  if (method) return { kind: 'call', ...method, model: decode(gemini[1]!) }
  const stored = STORED.exec(path)
  if (stored) return { kind: 'stored', id: decode(stored[1]!), action: (stored[2] ?? '') as StoredMatch['action'] }
  const models = GEMINI_MODELS.exec(path)
  if (models) {
    const model = models[1]
    return { kind: 'models', gemini: true, ...(model === undefined ? {} : { model: decode(model) }) }
  }
  for (const root of OPENAI_ROOTS) {
    const prefix = `${root}/models/`
    if (path.startsWith(prefix) && path.length > prefix.length)
      return { kind: 'models', model: decode(path.slice(prefix.length)) }
  }
  return undefined
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** Whether a path belongs to the data plane's address space, so that a miss is answered in its dialect. */
export function isDataPlanePath(path: string): boolean {
  return /^\/(?:v1|v1beta|openai|anthropic|gemini)(?:\/|$)/.test(path)
}

/** The dialect in which a path that leads nowhere is refused. */
export function dialectOfPath(path: string): Route['dialect'] {
  if (path.startsWith('/anthropic') || path.includes('/messages')) return 'anthropic-messages'
  if (path.startsWith('/gemini') || path.startsWith('/v1beta')) return 'gemini'
  return 'openai-chat'
}
