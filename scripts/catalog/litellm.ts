// LiteLLM's price map: features, days of shutdown, and prices where genai-prices has none.
import { join } from 'node:path'
import type { PriceRule, Rates } from '../../src/llm/price.ts'
import { perMillion, type ModelFacts, type SourceFacts } from './facts.ts'
import { idsBy } from './providers.ts'

type Entry = Record<string, unknown> & { litellm_provider?: string; mode?: string }

const KINDS: Readonly<Record<string, string>> = {
  chat: 'chat',
  responses: 'chat',
  completion: 'completion',
  embedding: 'embedding',
  image_generation: 'image',
  image_edit: 'image',
  audio_transcription: 'transcription',
  audio_speech: 'speech',
  rerank: 'rerank',
  moderation: 'moderation',
  video_generation: 'video',
  realtime: 'realtime',
  ocr: 'ocr',
}

const FEATURES: Readonly<Record<string, string>> = {
  supports_function_calling: 'tools',
  supports_parallel_function_calling: 'parallelToolCalls',
  supports_response_schema: 'jsonSchema',
  supports_reasoning: 'reasoning',
  supports_prompt_caching: 'promptCache',
}

export async function readLitellm(folder: string): Promise<SourceFacts> {
  const map: Record<string, Entry> = await Bun.file(
    join(folder, 'litellm/model_prices_and_context_window_backup.json'),
  ).json()
  const ids = idsBy('litellm')
  const facts = new Map<string, ModelFacts[]>()
  for (const [key, entry] of Object.entries(map)) {
    const id = ids.get(entry.litellm_provider ?? '')
    const kind = KINDS[entry.mode ?? '']
    // Keys of images begin with their size; fine-tuned and regional variants repeat their base.
    if (
      !id ||
      !kind ||
      /^\d+-x-|^ft:|\*|^(azure\/(eu|us|global|global-standard|apac|container)(\/|$)|bedrock\/)/.test(key)
    )
      continue
    const name = bareName(key, entry.litellm_provider ?? '')
    if (name) facts.set(id, [...(facts.get(id) ?? []), factsOf(name, kind, entry)])
  }
  return facts
}

/** Keys carry LiteLLM's own route before the vendor's name of the model. */
function bareName(key: string, provider: string): string {
  const routes = [provider, provider.replace(/-.*$/, ''), 'gemini', 'vertex_ai', 'watsonx', 'text-completion-openai']
  for (const route of routes) if (key.startsWith(`${route}/`)) return key.slice(route.length + 1)
  return key
}

function factsOf(id: string, kind: string, entry: Entry): ModelFacts {
  const number = (name: string) => (typeof entry[name] === 'number' && entry[name] > 0 ? entry[name] : undefined)
  const yes = Object.entries(FEATURES).flatMap(([flag, feature]) => (entry[flag] === true ? [feature] : []))
  const no = Object.entries(FEATURES).flatMap(([flag, feature]) => (entry[flag] === false ? [feature] : []))
  const input = [
    'text',
    ...(entry['supports_vision'] === true ? ['image'] : []),
    ...(entry['supports_audio_input'] === true ? ['audio'] : []),
    ...(entry['supports_video_input'] === true ? ['video'] : []),
    ...(entry['supports_pdf_input'] === true ? ['document'] : []),
  ]
  const shutdown = entry['deprecation_date']
  return {
    id,
    kind,
    context: number('max_input_tokens'),
    output: kind === 'chat' || kind === 'completion' ? number('max_output_tokens') : undefined,
    ...(kind === 'chat' && { in: input, out: ['text', ...(entry['supports_audio_output'] === true ? ['audio'] : [])] }),
    yes: [...yes, ...(entry['supports_sampling_params'] === true ? ['temperature'] : [])],
    no: [...no, ...(entry['supports_sampling_params'] === false ? ['temperature'] : [])],
    control: entry['supports_adaptive_thinking'] === true ? 'effort' : undefined,
    ...(typeof shutdown === 'string' && /^20\d\d-\d\d-\d\d$/.test(shutdown) && { shutdown }),
    price: priceOf(entry),
  }
}

const TOKEN_RATES: Readonly<Record<string, keyof Rates>> = {
  input_cost_per_token: 'input',
  output_cost_per_token: 'output',
  cache_read_input_token_cost: 'cacheRead',
  cache_creation_input_token_cost: 'cacheWrite',
  cache_creation_input_token_cost_above_1hr: 'cacheWrite1h',
  input_cost_per_audio_token: 'inputAudio',
  output_cost_per_audio_token: 'outputAudio',
  input_cost_per_image_token: 'inputImage',
  output_cost_per_image_token: 'outputImage',
  output_cost_per_reasoning_token: 'reasoning',
}

function priceOf(entry: Entry): PriceRule[] | undefined {
  const rates = ratesOf(entry, '')
  if (typeof entry['input_cost_per_query'] === 'number' && entry['input_cost_per_query'] > 0)
    rates.requests = Number((entry['input_cost_per_query'] * 1000).toPrecision(12))
  if (
    typeof entry['input_cost_per_second'] === 'number' &&
    entry['input_cost_per_second'] > 0 &&
    entry.mode === 'audio_transcription'
  )
    rates.audioHours = Number((entry['input_cost_per_second'] * 3600).toPrecision(12))
  const search = entry['search_context_cost_per_query'] as { search_context_size_medium?: number } | undefined
  if (search?.search_context_size_medium)
    rates.webSearches = Number((search.search_context_size_medium * 1000).toPrecision(12))
  if (!Object.values(rates).some((rate) => rate > 0)) return undefined
  const tiers = [
    ...new Set(
      Object.keys(entry).flatMap((key) => /^(?:input|output)_cost_per_token_above_(\d+)k_tokens$/.exec(key)?.[1] ?? []),
    ),
  ]
    .map((thousands) => ({
      above: Number(thousands) * 1000,
      rates: { ...rates, ...ratesOf(entry, `_above_${thousands}k_tokens`) },
    }))
    .sort((left, right) => left.above - right.above)
  return [{ rates, ...(tiers.length && { tiers }) }]
}

function ratesOf(entry: Entry, suffix: string): { -readonly [K in keyof Rates]: number } {
  const rates: { -readonly [K in keyof Rates]: number } = {}
  for (const [key, name] of Object.entries(TOKEN_RATES)) {
    const each = entry[key + suffix]
    if (typeof each === 'number' && (each > 0 || name === 'output')) rates[name] = perMillion(each)
  }
  return rates
}
