// @earendil-works/pi-ai: limits, modalities and thinking of models that call tools; prices where nobody else has one.
import { Glob } from 'bun'
import { join } from 'node:path'
import type { PriceRule } from '../../src/llm/price.ts'
import type { ModelFacts, SourceFacts } from './facts.ts'
import { idsBy } from './providers.ts'

type Cost = { input: number; output: number; cacheRead: number; cacheWrite: number }
type PiModel = {
  id: string
  name: string
  api: string
  provider: string
  type: 'chat' | 'image' | 'classifier'
  input?: string[]
  output?: string[]
  reasoning?: boolean
  contextWindow?: number
  maxTokens?: number
  cost: Cost & { tiers?: (Cost & { inputTokensAbove: number })[] }
  thinkingLevelMap?: object
  promptCache?: object
  compat?: {
    supportsStrictMode?: boolean
    supportsStrictTools?: boolean
    forceAdaptiveThinking?: boolean
    supportsTemperature?: boolean
  }
}

export async function readPiAi(folder: string): Promise<SourceFacts> {
  const ids = idsBy('pi')
  const facts = new Map<string, ModelFacts[]>()
  const data = join(folder, 'dist/providers/data')
  for (const file of [...new Glob('*.json').scanSync(data)].sort()) {
    const groups: Record<string, Record<string, PiModel>> = await Bun.file(join(data, file)).json()
    for (const model of Object.values(groups).flatMap((group) => Object.values(group))) {
      const id = ids.get(model.provider)
      if (id && model.type !== 'classifier') facts.set(id, [...(facts.get(id) ?? []), factsOf(model)])
    }
  }
  return facts
}

function factsOf(model: PiModel): ModelFacts {
  const chat = model.type === 'chat'
  const { compat = {} } = model
  const strict = compat.supportsStrictTools ?? compat.supportsStrictMode
  return {
    id: model.id,
    name: model.name,
    kind: model.type,
    context: model.contextWindow || undefined,
    output: model.maxTokens || undefined,
    in: model.input,
    out: model.output ?? ['text'],
    yes: [
      ...(chat ? ['tools'] : []),
      ...(model.reasoning ? ['reasoning'] : []),
      ...(strict ? ['strictTools'] : []),
      ...(model.promptCache ? ['promptCache'] : []),
    ],
    no: [
      ...(chat && !model.reasoning ? ['reasoning'] : []),
      ...(strict === false ? ['strictTools'] : []),
      ...(compat.supportsTemperature === false ? ['temperature'] : []),
    ],
    control: compat.forceAdaptiveThinking ? 'effort' : undefined,
    price: priceOf(model),
  }
}

/** Zero all over means a plan or an unknown price: no price. */
function priceOf({ id, cost }: PiModel): PriceRule[] | undefined {
  const free = id.endsWith(':free')
  if (!cost.input && !cost.output) return free ? [{ rates: {} }] : undefined
  return [
    {
      rates: ratesOf(cost),
      ...(cost.tiers?.length && {
        tiers: cost.tiers
          .map((tier) => ({ above: tier.inputTokensAbove, rates: ratesOf(tier) }))
          .sort((left, right) => left.above - right.above),
      }),
    },
  ]
}

const ratesOf = ({ input, output, cacheRead, cacheWrite }: Cost) => ({
  input,
  output,
  ...(cacheRead && { cacheRead }),
  ...(cacheWrite && { cacheWrite }),
})
