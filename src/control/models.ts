import type { ModelView, Price, PriceView } from '../contract/api/models.ts'
import type { Page } from '../contract/listing.ts'
import type { ModelPrice } from '../contract/price.ts'
import { catalogProviders, findModel, modelsOf, type Model } from '../llm/catalog.ts'
import { DEMO_MODELS, DEMO_PRICE } from '../llm/demo/models.ts'
import { PROVIDERS } from '../llm/providers.ts'
import type { Rates } from '../llm/price.ts'
import { AppError } from '../errors.ts'
import { checkPriced } from '../snapshot/compile.ts'
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
  readonly catalogue?: boolean | undefined
}

/** The models of the providers that are set up and switched on: those that the provider itself lists, and those of the catalogue. */
export async function listModels(context: Context, query: ModelQuery): Promise<Page<ModelView>> {
  const words = query.search?.toLowerCase().split(/\s+/) ?? []
  const wanted = ({ id, label, capabilities }: ModelView) =>
    words.every((word) => `${id} ${label ?? ''}`.toLowerCase().includes(word)) &&
    (query.capability === undefined || capabilities.includes(query.capability))
  const own = pricesByModel(context)
  const providers = context.live.merged().source.providers.filter(({ enabled }) => enabled)
  const found: ModelView[] = []
  for (const provider of providers) {
    if (query.provider !== undefined && provider.id !== query.provider) continue
    const listed = await modelsOfType(provider.type)
    const prices = own.get(provider.id) ?? new Map<string, ModelPrice>()
    const names = new Set(listed.map(({ id }) => id.toLowerCase()))
    // A model that has a price of its own is one that calls name, whether or not the catalogue knows it.
    const further = [...[...prices.values()].map(({ model }) => model), ...(provider.models ?? [])]
    const unlisted = new Map(
      further.filter((name) => !names.has(name.toLowerCase())).map((name) => [name.toLowerCase(), name]),
    )
    const view = (name: string, model: Model | undefined) =>
      toView(provider.id, name, model, prices.get(name.toLowerCase()))
    const views = [
      ...[...unlisted.values()].map((name) => view(name, findModel(provider.type, name))),
      ...listed.map((model) => view(model.id, model)),
    ]
    found.push(...views.filter(wanted))
  }
  if (query.catalogue) {
    const known = new Set(providers.map(({ type }) => type))
    const listed = new Set(catalogProviders())
    // The registry names the makers of models before those who sell them on.
    for (const { id: type } of PROVIDERS) {
      if (!listed.has(type)) continue
      if (known.has(type) || (query.provider !== undefined && type !== query.provider)) continue
      const views = (await modelsOfType(type)).map((model) => ({
        ...toView(type, model.id, model, undefined),
        set_up: false,
      }))
      found.push(...views.filter(wanted))
    }
  }
  return pageOfAll(found, query, ({ id }) => id)
}

/** The prices that were set here, by provider and by the model's name in small letters: a price holds in whatever case a call writes it. */
function pricesByModel(context: Context): Map<string, Map<string, ModelPrice>> {
  const prices = new Map<string, Map<string, ModelPrice>>()
  for (const { value } of entriesOf(context, 'price')) {
    const ofProvider = prices.get(value.provider) ?? new Map<string, ModelPrice>()
    prices.set(value.provider, ofProvider.set(value.model.toLowerCase(), value))
  }
  return prices
}

const shelves = new Map<string, readonly Model[]>()

/** The catalogue of a vendor, read once; running calls have their turn in between. */
async function modelsOfType(type: string): Promise<readonly Model[]> {
  const known = shelves.get(type)
  if (known) return known
  await new Promise((resolve) => setImmediate(resolve))
  const models = type === 'demo' ? DEMO : modelsOf(type)
  shelves.set(type, models)
  return models
}

/** The catalogue knows what the demo can do; here stands what it is for. */
const DEMO: readonly Model[] = Object.entries(DEMO_MODELS).map(([id, { about, kind }]) => ({
  capabilities: {},
  ...findModel('demo', id),
  provider: 'demo',
  id,
  name: about,
  kind,
  price: DEMO_PRICE,
}))

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
  refuseUnknown(context, model.provider)
  return toPriceView(
    await putThing(context, actor, 'price', `${model.provider}/${model.model}`, { ...price, ...model }, version),
  )
}

function refuseUnknown(context: Context, provider: string): void {
  try {
    checkPriced(
      provider,
      entriesOf(context, 'provider').map(({ id }) => id),
    )
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    throw new AppError('invalid_request', `${error.message}.`, error.details, error)
  }
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
    price: override || rates ? { ...(rates && priceOf(rates)), ...(override && priceOnly(override)) } : null,
    price_source: override ? 'set here' : (model?.price?.source ?? null),
    overridden: override !== undefined,
    shutdown_at: model?.shutdown ? `${model.shutdown}T00:00:00.000Z` : null,
    set_up: true,
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
