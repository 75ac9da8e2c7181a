import type { CostLine } from '../contract/api/calls.ts'
import type { CallRecord, TokenUsage } from '../contract/call.ts'
import { costByClass, costMicros } from '../llm/price.ts'
import { compilePrices, type Prices } from '../llm/prices.ts'
import type { Usage } from '../llm/spec.ts'
import type { SnapshotSource } from '../snapshot/source.ts'
import type { Context } from './context.ts'

/** A class of a record's usage → the class that prices know it by. */
const CLASSES = {
  input: 'input',
  cache_read: 'cacheRead',
  cache_write_5m: 'cacheWrite',
  cache_write_1h: 'cacheWrite1h',
  audio_input: 'inputAudio',
  image_input: 'inputImage',
  output: 'output',
  reasoning: 'reasoning',
  audio_output: 'outputAudio',
} as const satisfies Record<keyof TokenUsage, string>

const compiled = new WeakMap<SnapshotSource, Prices>()

/** What each class of tokens costs at the prices known now, and the whole; null where no price is known. */
export function costOf({ live }: Context, record: CallRecord): { lines: CostLine[]; total: number | null } {
  const { usage, provider, model_served } = record
  if (!usage) return { lines: [], total: null }
  const { source } = live.merged()
  const prices = compiled.get(source) ?? compilePrices(source.prices)
  compiled.set(source, prices)
  const type = source.providers.find(({ id }) => id === provider)?.type
  const price = type && provider && model_served ? prices(provider, type, model_served) : undefined
  const used = toUsage(usage)
  const byClass: Partial<Record<string, number>> = price ? costByClass(price, used, record.started_at) : {}
  const lines = (Object.keys(CLASSES) as (keyof TokenUsage)[]).flatMap((kind): CostLine[] => {
    const tokens = usage[kind]
    if (tokens === 0) return []
    const cost = price ? (byClass[CLASSES[kind]] ?? 0) : null
    return [
      {
        kind,
        tokens,
        price_micros: cost === null ? null : Math.round((cost / tokens) * 1e6),
        cost_micros: cost === null ? null : Math.round(cost),
      },
    ]
  })
  return { lines, total: costMicros(price, used, record.started_at).micros }
}

function toUsage(usage: TokenUsage): Usage {
  return {
    inputUncached: usage.input,
    cacheRead: usage.cache_read,
    cacheWrite5m: usage.cache_write_5m,
    cacheWrite1h: usage.cache_write_1h,
    output: usage.output,
    reasoning: usage.reasoning,
    audioIn: usage.audio_input,
    audioOut: usage.audio_output,
    imageIn: usage.image_input,
    imageOut: 0,
    serverTools: {},
  }
}
