// @pydantic/genai-prices: prices with their rules of matching, tiers, days and hours.
import {
  waitForUpdate,
  type ConditionalPrice,
  type MatchLogic,
  type ModelInfo,
  type ModelPrice,
} from '@pydantic/genai-prices'
import type { PriceRule, Rates } from '../../src/llm/price.ts'
import type { Match, ModelFacts, SourceFacts } from './facts.ts'
import { idsBy } from './providers.ts'

const RATES: Readonly<Record<string, keyof Rates>> = {
  input_mtok: 'input',
  cache_read_mtok: 'cacheRead',
  cache_write_mtok: 'cacheWrite',
  cache_write_1h_mtok: 'cacheWrite1h',
  input_audio_mtok: 'inputAudio',
  input_image_mtok: 'inputImage',
  output_mtok: 'output',
  output_reasoning_mtok: 'reasoning',
  output_audio_mtok: 'outputAudio',
  output_image_mtok: 'outputImage',
  requests_kcount: 'requests',
  web_searches_kcount: 'webSearches',
  storage_searches_kcount: 'fileSearches',
  input_document_kpages: 'pages',
  input_annotated_document_kpages: 'annotatedPages',
  input_text_messages_kcount: 'messages',
  input_audio_hours: 'audioHours',
}

/** Classes that no vendor reports apart from the one around them. */
const UNREPORTED = new Set([
  'cache_audio_read_mtok',
  'cache_image_read_mtok',
  'input_video_mtok',
  'output_video_mtok',
  'output_citation_mtok',
])

type Tiered = { readonly base: number; readonly tiers: readonly { readonly start: number; readonly price: number }[] }

/** The data that the package was published with. */
export async function genaiProviders() {
  const providers = await waitForUpdate()
  if (!providers) throw new Error('@pydantic/genai-prices brought no data')
  return providers
}

/** A model's price as rules; undefined where the package lists the model without a price that it says is free. */
export function rulesOf(model: ModelInfo, provider: string): PriceRule[] | undefined {
  const given: readonly ConditionalPrice[] = Array.isArray(model.prices) ? model.prices : [{ prices: model.prices }]
  if (given.every(({ prices }) => !Object.keys(prices).length))
    return isFree(model, provider) ? [{ rates: {} }] : undefined
  return given.map(({ prices, constraint }) => ({
    ...ruleOf(prices),
    ...(constraint?.type === 'start_date' && { from: constraint.start_date }),
    ...(constraint?.type === 'time_of_date' && {
      between: [secondsOf(constraint.start_time), secondsOf(constraint.end_time)] as const,
    }),
    ...(provider === 'groq' && model.id.startsWith('whisper-large-v3') && { leastAudioMs: 10_000 }),
  }))
}

/** The package leaves a price of zero out: free when it says so, else nobody looked it up. */
function isFree(model: ModelInfo, provider: string): boolean {
  return (
    model.id.endsWith(':free') ||
    /\bfree\b|included/i.test(model.price_comments ?? '') ||
    (provider === 'google' && model.id.startsWith('gemma')) ||
    (provider === 'openai' && model.id === 'moderation')
  )
}

function ruleOf(prices: ModelPrice): PriceRule {
  const starts = new Set<number>()
  for (const price of Object.values(prices))
    if (typeof price === 'object') for (const { start } of price.tiers) starts.add(start)
  const tiers = [...starts].sort((left, right) => left - right)
  return {
    rates: ratesAt(prices, -1),
    ...(tiers.length && { tiers: tiers.map((above) => ({ above, rates: ratesAt(prices, above) })) }),
  }
}

function ratesAt(prices: ModelPrice, start: number): Rates {
  const rates: { -readonly [K in keyof Rates]: number } = {}
  for (const [key, price] of Object.entries(prices)) {
    const name = RATES[key] ?? (key === 'audio_hours' ? 'audioHours' : undefined)
    if (!name) {
      if (!UNREPORTED.has(key)) throw new Error(`genai-prices has a new class of price: ${key}`)
      continue
    }
    if (price === undefined || (key === 'audio_hours' && 'input_audio_hours' in prices)) continue
    rates[name] = typeof price === 'number' ? price : tierAt(price, start)
  }
  return rates
}

function tierAt({ base, tiers }: Tiered, start: number): number {
  let found = base
  for (const tier of tiers.toSorted((left, right) => left.start - right.start))
    if (tier.start <= start) found = tier.price
  return found
}

function secondsOf(time: string): number {
  const [, hours, minutes, seconds] = /^(\d\d):(\d\d):(\d\d)Z$/.exec(time) ?? []
  if (!hours) throw new Error(`genai-prices has a time in a new form: ${time}`)
  return Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)
}

const MARKS = { equals: '=', starts_with: '^', ends_with: '$', contains: '*', regex: '/' } as const

/** Any of the lists must hold, with all of its terms. */
export function matchOf(logic: MatchLogic): Match {
  if ('or' in logic) return logic.or.flatMap((each) => matchOf(each))
  if ('and' in logic)
    return logic.and
      .map((each) => matchOf(each))
      .reduce((whole, part) => whole.flatMap((left) => part.map((right) => [...left, ...right])))
  for (const [name, mark] of Object.entries(MARKS)) {
    const value = (logic as Record<string, string>)[name]
    if (value !== undefined) return [[mark + (name === 'regex' ? value : value.toLowerCase())]]
  }
  throw new Error(`genai-prices matches in a new way: ${JSON.stringify(logic)}`)
}

export async function readGenaiPrices(): Promise<SourceFacts> {
  const ids = idsBy('genai')
  const facts = new Map<string, ModelFacts[]>()
  for (const provider of await genaiProviders()) {
    const host = /^huggingface_(.+)$/.exec(provider.id)?.[1]
    const id = host ? 'huggingface' : ids.get(provider.id)
    if (!id) continue
    const list = facts.get(id) ?? []
    for (const model of provider.models) {
      const name = host ? `${model.id}:${host}` : model.id
      const match = host ? [[`=${name.toLowerCase()}`]] : matchOf(model.match)
      const plain = match.length === 1 && match[0]!.length === 1 && match[0]![0] === `=${name.toLowerCase()}`
      list.push({
        id: name,
        name: model.name,
        match: plain ? undefined : match,
        context: model.context_window,
        deprecated: model.deprecated,
        price: rulesOf(model, provider.id),
      })
    }
    facts.set(id, list)
  }
  return facts
}
