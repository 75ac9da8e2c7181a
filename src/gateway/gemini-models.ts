import { AppError } from '../errors.ts'
import { findModel, type ModelKind } from '../llm/catalog.ts'
import type { Snapshot, SnapshotKey, SnapshotTarget } from '../snapshot/snapshot.ts'
import { describeModel, listModels } from './models.ts'
import { resolve } from './resolve.ts'

/** A model as Google's clients read it: https://ai.google.dev/api/models */
export type GeminiModel = {
  readonly name: string
  readonly baseModelId: string
  readonly version: string
  readonly displayName: string
  readonly description: string
  readonly inputTokenLimit?: number
  readonly outputTokenLimit?: number
  readonly supportedGenerationMethods: readonly string[]
  readonly thinking?: boolean
}

type GeminiModels = { readonly models: readonly GeminiModel[]; readonly nextPageToken?: string }

const USUAL_PAGE = 50
const LARGEST_PAGE = 1_000

/** `GET /v1beta/models`: every model and alias that the key may use, page by page. Throws `invalid_request` for a page that cannot be. */
export function listGeminiModels(snapshot: Snapshot, key: SnapshotKey, query: URLSearchParams): GeminiModels {
  const size = wholeNumber(query, 'pageSize', USUAL_PAGE)
  const from = wholeNumber(query, 'pageToken', 0)
  const { data } = listModels(snapshot, key)
  const to = from + Math.min(size === 0 ? USUAL_PAGE : size, LARGEST_PAGE)
  const models = data.slice(from, to).map(({ id }) => toGemini(snapshot, key, id))
  return to < data.length ? { models, nextPageToken: String(to) } : { models }
}

/** `GET /v1beta/models/{model}`. Throws `model_not_found` or `model_not_allowed`. */
export function describeGeminiModel(snapshot: Snapshot, key: SnapshotKey, id: string): GeminiModel {
  return toGemini(snapshot, key, id)
}

function toGemini(snapshot: Snapshot, key: SnapshotKey, id: string): GeminiModel {
  const { portreeve } = describeModel(snapshot, key, id)
  const { contextTokens, maxOutputTokens, reasoning } = portreeve?.capabilities ?? {}
  return {
    name: `models/${id}`,
    baseModelId: id,
    version: '',
    displayName: id,
    description: portreeve?.targets ? `Alias of ${portreeve.targets.join(', ')}` : '',
    ...(contextTokens === undefined ? {} : { inputTokenLimit: contextTokens }),
    ...(maxOutputTokens === undefined ? {} : { outputTokenLimit: maxOutputTokens }),
    supportedGenerationMethods: methodsOf(resolve(snapshot, key, id).targets),
    ...(reasoning === undefined ? {} : { thinking: reasoning }),
  }
}

const TALKS = ['generateContent', 'streamGenerateContent', 'countTokens']
const EMBEDS = ['embedContent', 'batchEmbedContents']
/** Kinds of model that answer to a prompt. */
const CHATTY: readonly (string | undefined)[] = ['chat', 'completion', undefined]

/** What every target of the name can be asked for; a model that the catalogue does not know may do whatever its provider serves. */
function methodsOf(targets: readonly SnapshotTarget[]): string[] {
  const kinds = targets.map(({ provider, model }) => findModel(provider.type, model)?.kind)
  const all = (holds: (target: SnapshotTarget, kind: ModelKind | undefined) => boolean) =>
    targets.every((target, index) => holds(target, kinds[index]))
  return [
    ...(all(({ provider }, kind) => provider.chat.length > 0 && CHATTY.includes(kind)) ? TALKS : []),
    ...(all(
      ({ provider }, kind) => provider.endpoints.embeddings !== undefined && (kind ?? 'embedding') === 'embedding',
    )
      ? EMBEDS
      : []),
  ]
}

function wholeNumber(query: URLSearchParams, name: string, usual: number): number {
  const value = query.get(name)
  if (value === null || value === '') return usual
  if (!/^\d{1,9}$/.test(value))
    throw new AppError('invalid_request', `${name} must be a whole number that this list gave`, { field: name })
  return Number(value)
}
