import { ANTHROPIC_ROUTES, OPENAI_ROUTES, type Route } from '../snapshot/endpoint.ts'

/** Where a path leads in the data plane. `model` and `stream` are what the path itself says (Gemini). */
export type Match =
  | { readonly kind: 'call'; readonly route: Route; readonly model?: string; readonly stream?: boolean }
  | StoredMatch
  | { readonly kind: 'models'; readonly model?: string; readonly gemini?: true }

/** Something that a vendor keeps, and what is asked about it. */
export type StoredMatch = {
  readonly kind: 'stored'
  readonly thing: 'responses' | 'conversations'
  /** Null where one is to be made. */
  readonly id: string | null
  /** The address with `*` for each id. */
  readonly shape: string
  /** Below the thing's own path, fit to be sent. */
  readonly path: string
}

const OPENAI_ROOTS = ['/openai/v1', '/v1', ''] as const
const ANTHROPIC_ROOTS = ['/anthropic/v1', '/v1', ''] as const
// Vercel's client leaves `models/` out before a name with a slash in it.
const GEMINI = /^(?:\/gemini)?\/v1(?:beta)?\/(?:models\/)?([^:]+):([A-Za-z]+)$/

const GEMINI_MODELS = /^\/(?:gemini\/v1(?:beta)?|v1beta)\/models(?:\/(.+))?$/

// Two names below responses are operations of their own.
const STORED = new RegExp(
  '^(?:(?:/openai)?/v1)?/(?:' +
    '(responses)/(?!(?:compact|input_tokens)$)([^/]+)(/cancel|/input_items)?' +
    '|(conversations)(?:/([^/]+)(?:(/items)(?:/([^/]+))?)?)?' +
    ')$',
)

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
  const stored = matchStored(path)
  if (stored) return stored
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

function matchStored(path: string): StoredMatch | undefined {
  const found = STORED.exec(path)
  if (!found) return undefined
  const thing = (found[1] ?? found[4]) as StoredMatch['thing']
  const [id, action = '', item] = found[1] ? [found[2], found[3]] : [found[5], found[6], found[7]]
  if (id === undefined) return { kind: 'stored', thing, id: null, shape: `/${thing}`, path: '' }
  const rest = (name: string) => `${action}${item === undefined ? '' : `/${name}`}`
  return {
    kind: 'stored',
    thing,
    id: decode(id),
    shape: `/${thing}/*${rest('*')}`,
    path: `/${encode(id)}${rest(encode(item ?? ''))}`,
  }
}

/** However the client spelt it, the vendor gets one spelling, in which nothing leads elsewhere. */
const encode = (part: string) => encodeURIComponent(decode(part)).replace(/^\.+$/, (dots) => '%2E'.repeat(dots.length))

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
