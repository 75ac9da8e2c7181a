// Many sources, one entry a model: each field from the source that knows it best.
import type { PriceRule } from '../../src/llm/price.ts'
import { dayInId, kindOf, type Match, type ModelFacts, type SourceFacts } from './facts.ts'

export type Sources = {
  readonly genai: SourceFacts
  readonly pi: SourceFacts
  readonly litellm: SourceFacts
  readonly tokenlens: SourceFacts
  readonly mastra: SourceFacts
}

/** One line of the catalogue. Absent is unknown. `src/llm/catalog.ts` reads it. */
export type Entry = {
  readonly id: string
  readonly name?: string
  /** Absent is `chat`. */
  readonly kind?: string
  /** True for entries whose `match` finds prices; without a `match` the id alone does. */
  readonly rule?: true
  readonly match?: Match
  /** True where the id only names the rule: no vendor serves a model of that name. */
  readonly pattern?: true
  readonly context?: number
  readonly output?: number
  readonly in?: string
  readonly out?: string
  readonly yes?: string
  readonly no?: string
  readonly control?: string
  readonly released?: string
  readonly shutdown?: string
  readonly deprecated?: true
  readonly price?: readonly PriceRule[]
  /** Code of the source of the price, where it is not genai-prices. */
  readonly from?: 'L' | 'P'
}

const FEATURES = ['tools', 'parallelToolCalls', 'strictTools', 'jsonSchema', 'reasoning', 'temperature', 'promptCache']

export function merge(sources: Sources): Map<string, Entry[]> {
  const providers = new Set(Object.values(sources).flatMap((source) => [...source.keys()]))
  return new Map([...providers].sort().map((provider) => [provider, entriesOf(provider, sources)]))
}

type Found = { readonly [K in keyof Sources]?: ModelFacts }

function entriesOf(provider: string, sources: Sources): Entry[] {
  const found = new Map<string, Found>()
  for (const [name, source] of Object.entries(sources) as [keyof Sources, SourceFacts][])
    for (const facts of source.get(provider) ?? []) {
      const key = facts.id.toLowerCase()
      // The first mention wins: a source that lists a model twice lists the main one first.
      found.set(key, { [name]: facts, ...found.get(key) })
    }
  // Prices are found by the first rule that matches, so the rules keep their order.
  const ruled = (sources.genai.get(provider) ?? []).map(({ id }) => id.toLowerCase())
  const rest = [...found.keys()].filter((key) => !ruled.includes(key)).sort()
  // Prices outlive models: what only the price list still names, where others list the provider's models, is gone.
  const listed = [...found.values()].filter(({ pi, litellm, mastra }) => pi ?? litellm ?? mastra).length
  const entries = [...new Set([...ruled, ...rest])].map((key) => {
    const facts = found.get(key)!
    const entry = entryOf(facts)
    const gone = listed > 10 && facts.genai !== undefined && Object.keys(facts).length === 1
    return gone && !entry.pattern ? { ...entry, deprecated: true as const } : entry
  })
  return entries.map((entry) => withFactsOfDated(entry, entries))
}

/** A name without a day stands for its dated model (`claude-opus-4-1`): what nobody says of the one is taken from the other. */
function withFactsOfDated(entry: Entry, entries: readonly Entry[]): Entry {
  if (entry.in !== undefined || entry.yes !== undefined) return entry
  const dated = entries.findLast(
    ({ id, yes }) => yes !== undefined && DATED.test(id) && id.replace(DATED, '') === entry.id,
  )
  if (!dated) return entry
  const { output, in: input, out, yes, no, control } = dated
  return compact({ ...entry, output: entry.output ?? output, in: input, out, yes, no, control })
}

const DATED = /-20\d\d-?\d\d-?\d\d$/

function entryOf({ genai, pi, litellm, tokenlens, mastra }: Found): Entry {
  const all = [mastra, pi, litellm, tokenlens, genai].filter((facts) => facts !== undefined)
  const first = <K extends keyof ModelFacts>(field: K, from: readonly (ModelFacts | undefined)[]) =>
    from.find((facts) => facts?.[field] !== undefined)?.[field]
  const limits = [pi, litellm, tokenlens, genai]
  const id = (genai ?? pi ?? mastra ?? tokenlens ?? litellm)!.id
  const kind = first('kind', [litellm, pi]) ?? kindOf(id)
  const input = union(all, 'in')
  const out =
    tokenlens?.out ??
    union(
      [pi, litellm].filter((facts) => facts !== undefined),
      'out',
    )
  const said = FEATURES.map((feature) => [feature, says(all, feature)] as const)
  const listed = (wanted: boolean) => said.filter(([, has]) => has === wanted).map(([feature]) => feature)
  const price = genai?.price ? ([genai.price, undefined] as const) : otherPrice(litellm, pi)
  const reasons = says(all, 'reasoning')
  return compact({
    id,
    name: first('name', [pi, tokenlens, genai]),
    kind: kind === 'chat' ? undefined : kind,
    rule: genai ? true : undefined,
    match: genai?.match,
    pattern: isPattern(genai, [pi, litellm, tokenlens, mastra]) || undefined,
    context: first('context', limits),
    output: first('output', limits),
    in: input.length ? input.join(',') : undefined,
    out: out.length && out.join() !== 'text' ? out.join(',') : undefined,
    yes: listed(true).join(',') || undefined,
    no: listed(false).join(',') || undefined,
    control: reasons ? first('control', [pi, litellm]) : undefined,
    released: first('released', [tokenlens, mastra]) ?? dayInId(id),
    shutdown: litellm?.shutdown,
    deprecated: all.some(({ deprecated }) => deprecated) || undefined,
    price: price[0],
    from: price[1],
  })
}

/** A rule for a family (`claude-2`, `ft:gpt-3.5-turbo-`) whose own name nobody else lists and it does not match exactly. */
function isPattern(genai: ModelFacts | undefined, others: readonly (ModelFacts | undefined)[]): boolean {
  if (genai?.id.endsWith('-')) return true
  if (!genai?.match || others.some((facts) => facts !== undefined)) return false
  return !genai.match.flat().includes(`=${genai.id.toLowerCase()}`)
}

function otherPrice(litellm: ModelFacts | undefined, pi: ModelFacts | undefined) {
  if (litellm?.price) return [litellm.price, 'L'] as const
  return pi?.price ? ([pi.price, 'P'] as const) : ([undefined, undefined] as const)
}

/** What the first source that has an opinion says. */
function says(all: readonly ModelFacts[], feature: string): boolean | undefined {
  const facts = all.find(({ yes, no }) => yes?.includes(feature) || no?.includes(feature))
  return facts && Boolean(facts.yes?.includes(feature))
}

const union = (all: readonly ModelFacts[], field: 'in' | 'out'): string[] => {
  const found = new Set(all.flatMap((facts) => facts[field] ?? []))
  return ['text', 'image', 'audio', 'video', 'document'].filter((modality) => found.has(modality))
}

function compact(entry: { readonly [K in keyof Entry]: Entry[K] | undefined }): Entry {
  return Object.fromEntries(Object.entries(entry).filter(([, value]) => value !== undefined)) as Entry
}
