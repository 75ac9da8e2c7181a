import type { ModelView, Price, PriceView } from '../contract/api/models.ts'
import type { Page } from '../contract/listing.ts'
import { findModel, modelsOf, type Model } from '../llm/catalog.ts'
import type { Rates } from '../llm/price.ts'
import type { Actor } from './actor.ts'
import type { Context } from './context.ts'
import type { Entry } from './entry.ts'
import { pageOfAll } from './page.ts'
import { deleteThing, entriesOf, keptOf, putThing } from './things.ts'

export type ModelQuery = {
  readonly limit: number
  readonly after?: string | undefined
  readonly search?: string | undefined
  readonly provider?: string | undefined
  readonly capability?: string | undefined
}

/** The models of the providers that are set up and switched on: those of the catalogue, and those that the provider itself lists. */
export function listModels(context: Context, query: ModelQuery): Page<ModelView> {
  const words = query.search?.toLowerCase().split(/\s+/) ?? []
  const prices = new Map(entriesOf(context, 'price').map((entry) => [entry.id, entry.value]))
  const found = context.live
    .merged()
    .source.providers.filter(({ id, enabled }) => enabled && (query.provider === undefined || id === query.provider))
    .flatMap((provider) => {
      const listed = modelsOf(provider.type)
      const names = new Set(listed.map(({ id }) => id))
      const own = (provider.models ?? []).filter((name) => !names.has(name))
      return [
        ...own.map((name) =>
          toView(provider.id, name, findModel(provider.type, name), prices.get(`${provider.id}/${name}`)),
        ),
        ...listed.map((model) => toView(provider.id, model.id, model, prices.get(`${provider.id}/${model.id}`))),
      ]
    })
    .filter(({ id, label }) => words.every((word) => `${id} ${label ?? ''}`.toLowerCase().includes(word)))
    .filter(({ capabilities }) => query.capability === undefined || capabilities.includes(query.capability))
  return pageOfAll(found, query, ({ id }) => id)
}

export function listPrices(
  context: Context,
  query: { readonly limit: number; readonly after?: string | undefined },
): Page<PriceView> {
  const page = pageOfAll(entriesOf(context, 'price'), query, ({ id }) => id)
  return { ...page, data: page.data.map(toPriceView) }
}

export async function setPrice(
  context: Context,
  actor: Actor,
  model: { provider: string; model: string },
  price: Price,
  version: number | null,
): Promise<PriceView> {
  return toPriceView(
    await putThing(context, actor, 'price', `${model.provider}/${model.model}`, { ...price, ...model }, version),
  )
}

export function deletePrice(
  context: Context,
  actor: Actor,
  model: { provider: string; model: string },
  version: number | null,
): Promise<void> {
  return deleteThing(context, actor, 'price', `${model.provider}/${model.model}`, version)
}

function toPriceView(entry: Entry<'price'>): PriceView {
  return { ...entry.value, ...keptOf(entry) }
}

function toView(provider: string, name: string, model: Model | undefined, override: Price | undefined): ModelView {
  const {
    contextTokens = null,
    maxOutputTokens = null,
    input = [],
    output = [],
    ...features
  } = model?.capabilities ?? {}
  const rates = model?.price?.rules.at(-1)?.rates
  return {
    id: `${provider}/${name}`,
    provider,
    model: name,
    label: model?.name ?? null,
    kind: model?.kind ?? null,
    capabilities: [
      ...Object.entries(features).flatMap(([feature, has]) => (has === true ? [feature] : [])),
      ...input.flatMap((kind) => (kind === 'text' ? [] : [`${kind}-input`])),
      ...output.flatMap((kind) => (kind === 'text' ? [] : [`${kind}-output`])),
    ],
    context_tokens: contextTokens,
    output_tokens: maxOutputTokens,
    price: override ? priceOnly(override) : rates ? priceOf(rates) : null,
    price_source: override ? 'set here' : (model?.price?.source ?? null),
    overridden: override !== undefined,
    shutdown_at: model?.shutdown ? `${model.shutdown}T00:00:00.000Z` : null,
  }
}

function priceOnly({ input, output, cache_read, cache_write }: Price): Price {
  return {
    ...(input !== undefined && { input }),
    ...(output !== undefined && { output }),
    ...(cache_read !== undefined && { cache_read }),
    ...(cache_write !== undefined && { cache_write }),
  }
}

function priceOf(rates: Rates): Price {
  const micros = (dollars: number | undefined) => (dollars === undefined ? undefined : Math.round(dollars * 1e6))
  const price = {
    input: micros(rates.input),
    output: micros(rates.output),
    cache_read: micros(rates.cacheRead),
    cache_write: micros(rates.cacheWrite),
  }
  return priceOnly(price as Price)
}
