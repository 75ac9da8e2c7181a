// The catalogue of models: what they can do and what they cost. Read from disk when it is first asked, one provider at a time.
import { readFileSync } from 'node:fs'
import { matches, withDashedDay, type Match } from './catalog-match.ts'
import catalogPath from './generated/catalog.txt' with { type: 'file' }
import type { Price, PriceRule } from './price.ts'
import type { Capabilities } from './target.ts'

export type ModelKind =
  | 'chat'
  | 'completion'
  | 'embedding'
  | 'rerank'
  | 'image'
  | 'speech'
  | 'transcription'
  | 'moderation'
  | 'video'
  | 'realtime'
  | 'ocr'

/** One model at one provider. What is absent is unknown. */
export type Model = {
  /** Id in the registry of providers. */
  readonly provider: string
  /** The vendor's name of the model. */
  readonly id: string
  readonly name?: string
  readonly kind: ModelKind
  readonly capabilities: Capabilities
  /** Days, as `2026-03-13`. */
  readonly released?: string
  readonly shutdown?: string
  readonly deprecated?: true
  readonly price?: Price
}

export type CatalogSource = {
  readonly code: string
  readonly package: string
  readonly version: string
  readonly licence: string
}

/** A line of the generated file; scripts/catalog/merge.ts writes it. */
type Entry = {
  readonly id: string
  readonly name?: string
  readonly kind?: ModelKind
  readonly rule?: true
  readonly match?: Match
  readonly pattern?: true
  readonly context?: number
  readonly output?: number
  readonly in?: string
  readonly out?: string
  readonly yes?: string
  readonly no?: string
  readonly control?: 'effort' | 'budget'
  readonly released?: string
  readonly shutdown?: string
  readonly deprecated?: true
  readonly price?: readonly PriceRule[]
  readonly from?: string
}

type Head = {
  readonly sources: readonly CatalogSource[]
  readonly models: number
  readonly places: Readonly<Record<string, readonly [number, number]>>
}

type Shelf = {
  readonly entries: readonly Entry[]
  readonly byId: ReadonlyMap<string, Entry>
  readonly rules: readonly Entry[]
}

/** Providers that sell the models of others under the same names at the same price, in the order to look. */
const RESELLERS: Readonly<Record<string, readonly string[]>> = {
  'azure-openai': ['openai', 'anthropic', 'deepseek', 'xai', 'moonshot'],
  'azure-openai-classic': ['azure-openai', 'openai'],
  'azure-ai-foundry': ['azure-openai', 'openai', 'anthropic', 'deepseek', 'xai', 'moonshot'],
  google: ['anthropic'],
  'google-vertex': ['google', 'anthropic'],
  'google-vertex-anthropic': ['google-vertex', 'anthropic'],
  'anthropic-aws': ['anthropic'],
  'bedrock-mantle': ['amazon-bedrock'],
}

let opened: { readonly head: Head; readonly body: string } | undefined
const shelves = new Map<string, Shelf>()

function open(): { readonly head: Head; readonly body: string } {
  if (!opened) {
    const text = readFileSync(catalogPath, 'utf8')
    const end = text.indexOf('\n')
    opened = { head: JSON.parse(text.slice(0, end)), body: text.slice(end + 1) }
  }
  return opened
}

function shelfOf(provider: string): Shelf {
  const known = shelves.get(provider)
  if (known) return known
  const { head, body } = open()
  const [start, end] = head.places[provider] ?? [0, 0]
  // Lines are objects already: joined by commas they are one array, parsed at once.
  const entries: readonly Entry[] = JSON.parse(`[${body.slice(start, end).trimEnd().replaceAll('\n', ',')}]`)
  const byId = new Map(entries.toReversed().map((entry) => [entry.id.toLowerCase(), entry]))
  const shelf = { entries, byId, rules: entries.filter(({ rule }) => rule) }
  shelves.set(provider, shelf)
  return shelf
}

/** Versions and licences of the packages that the catalogue was made from, and how many models it has. */
export function catalogFacts(): { readonly sources: readonly CatalogSource[]; readonly models: number } {
  const { head } = open()
  return { sources: head.sources, models: head.models }
}

export const catalogProviders = (): string[] => Object.keys(open().head.places)

/** The first rule that means this name, here or at those whose models the provider resells. */
function ruleFor(provider: string, name: string): Entry | undefined {
  const { rules } = shelfOf(provider)
  const found = rules.find((entry) => (entry.match ? matches(entry.match, name) : entry.id.toLowerCase() === name))
  if (found) return found
  for (const other of RESELLERS[provider] ?? []) {
    const there = ruleFor(other, name)
    if (there) return there
  }
  return undefined
}

/** The model that a provider serves under this name, dated names included; undefined when nobody has heard of it. */
export function findModel(provider: string, model: string): Model | undefined {
  // Vertex writes the day behind an @.
  const name = model
    .trim()
    .toLowerCase()
    .replace(/@(?=\d)/, '-')
  const dashed = withDashedDay(name)
  const rule = ruleFor(provider, name) ?? (dashed ? ruleFor(provider, dashed) : undefined)
  const exact = exactEntry(provider, name)
  const entry = exact ?? rule
  if (!entry) return undefined
  return toModel(provider, { ...rule, ...entry, id: exact ? exact.id : model.trim() }, rule)
}

function exactEntry(provider: string, name: string): Entry | undefined {
  const here = shelfOf(provider).byId.get(name)
  if (here) return here
  for (const other of RESELLERS[provider] ?? []) {
    const there = shelfOf(other).byId.get(name)
    if (there) return there
  }
  return undefined
}

/** Every model that the provider is known to serve, or to have served. */
export const modelsOf = (provider: string): Model[] =>
  shelfOf(provider)
    .entries.filter(({ pattern }) => !pattern)
    .map((entry) => findModel(provider, entry.id) ?? toModel(provider, entry, undefined))

/** Those that can be called at that time: not deprecated, and not shut down. */
export function currentModels(provider: string, nowMs: number): Model[] {
  const today = new Date(nowMs).toISOString().slice(0, 10)
  return modelsOf(provider).filter(
    ({ deprecated, shutdown }) => !deprecated && (shutdown === undefined || shutdown > today),
  )
}

function toModel(provider: string, entry: Entry, rule: Entry | undefined): Model {
  const price = priceOf(rule) ?? priceOf(entry)
  return {
    provider,
    id: entry.id,
    kind: entry.kind ?? 'chat',
    capabilities: capabilitiesIn(entry),
    ...(entry.name && { name: entry.name }),
    ...(entry.released && { released: entry.released }),
    ...(entry.shutdown && { shutdown: entry.shutdown }),
    ...(entry.deprecated && { deprecated: true }),
    ...(price && { price }),
  }
}

function priceOf(entry: Entry | undefined): Price | undefined {
  if (!entry?.price) return undefined
  const { sources } = open().head
  const source = sources.find(({ code }) => code === (entry.from ?? 'G'))
  return { rules: entry.price, source: source ? `${source.package} ${source.version}` : 'catalogue' }
}

const CONTROLLED_BY_BUDGET = /claude-(3|opus-4-[0156]|opus-4$|sonnet-4|haiku-4)|claude-opus-4-2025|gemini-2\.5/

function capabilitiesIn(entry: Entry): Capabilities {
  const yes = entry.yes?.split(',') ?? []
  const no = entry.no?.split(',') ?? []
  const features = Object.fromEntries([...yes.map((name) => [name, true]), ...no.map((name) => [name, false])])
  const control = features['reasoning'] === true ? (entry.control ?? controlOf(entry.id)) : undefined
  return {
    ...features,
    ...(entry.context && { contextTokens: entry.context }),
    ...(entry.output && { maxOutputTokens: entry.output }),
    ...(entry.in && { input: entry.in.split(',') }),
    ...(entry.in && { output: entry.out?.split(',') ?? ['text'] }),
    ...(control && { reasoningControl: control }),
    ...(features['jsonSchema'] === true && { jsonObject: true }),
  }
}

const controlOf = (id: string): 'effort' | 'budget' => (CONTROLLED_BY_BUDGET.test(id) ? 'budget' : 'effort')

/** What is known of a model; empty for one that nobody has heard of. */
export const capabilitiesOf = (provider: string, model: string): Capabilities =>
  findModel(provider, model)?.capabilities ?? {}

export type ModelFilters = {
  readonly provider?: string | undefined
  readonly kind?: ModelKind | undefined
  readonly tools?: boolean | undefined
  readonly reasoning?: boolean | undefined
  /** A modality it must take in: `image`. */
  readonly input?: string | undefined
  /** True leaves those out whose price is unknown. */
  readonly priced?: boolean | undefined
  /** True leaves those out that are deprecated. */
  readonly current?: boolean | undefined
}

/** Models whose provider, id or name holds every word of `text` and that pass every filter; in the order of provider and catalogue. */
export function searchModels(text: string, filters: ModelFilters = {}): Model[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean)
  const providers = filters.provider ? [filters.provider] : catalogProviders()
  return providers.flatMap((provider) =>
    shelfOf(provider)
      .entries.filter((entry) => {
        const whole = `${provider}/${entry.id} ${entry.name ?? ''}`.toLowerCase()
        return !entry.pattern && words.every((word) => whole.includes(word))
      })
      .map((entry) => findModel(provider, entry.id))
      .filter((model) => model !== undefined)
      .filter((model) => passes(model, filters)),
  )
}

function passes({ kind, capabilities, price, deprecated }: Model, filters: ModelFilters): boolean {
  return (
    (filters.kind === undefined || kind === filters.kind) &&
    (filters.tools === undefined || (capabilities.tools ?? false) === filters.tools) &&
    (filters.reasoning === undefined || (capabilities.reasoning ?? false) === filters.reasoning) &&
    (filters.input === undefined || (capabilities.input?.includes(filters.input) ?? false)) &&
    (!filters.priced || price !== undefined) &&
    (!filters.current || !deprecated)
  )
}
