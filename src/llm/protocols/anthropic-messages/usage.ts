// `usage` of Anthropic Messages: `input_tokens` leaves out what was read from or written to the cache.
import { asObject } from '../../json.ts'
import type { JsonObject, Usage } from '../../spec.ts'
import { asCount, cacheWrites, makeUsage, outputTotal } from '../../usage.ts'

export function readUsage(raw: JsonObject): Usage {
  const written = asCount(raw['cache_creation_input_tokens']) ?? 0
  const creation = asObject(raw['cache_creation'])
  const write1h = asCount(creation?.['ephemeral_1h_input_tokens']) ?? 0
  const write5m = asCount(creation?.['ephemeral_5m_input_tokens'])
  const reasoning = asCount(asObject(raw['output_tokens_details'])?.['thinking_tokens']) ?? 0
  const serverTools: Record<string, number> = {}
  for (const [name, count] of Object.entries(asObject(raw['server_tool_use']) ?? {})) {
    if (typeof count === 'number' && count > 0) serverTools[name.replace(/_requests$/, '')] = count
  }
  return makeUsage({
    inputUncached: asCount(raw['input_tokens']),
    cacheRead: asCount(raw['cache_read_input_tokens']),
    cacheWrite5m: Math.max(write5m ?? 0, written - write1h),
    cacheWrite1h: write1h,
    output: Math.max(0, (asCount(raw['output_tokens']) ?? 0) - reasoning),
    reasoning,
    serverTools,
  })
}

/** A later report replaces what it names, also with zero, and leaves the rest: Anthropic's streams count in two events. */
export function mergeRaw(before: JsonObject, later: JsonObject): JsonObject {
  const merged = { ...before }
  for (const [name, value] of Object.entries(later)) if (value !== null && value !== undefined) merged[name] = value
  return merged
}

export function writeUsage(usage: Usage): JsonObject {
  const searches = Object.entries(usage.serverTools)
  return {
    input_tokens: usage.inputUncached,
    cache_creation_input_tokens: cacheWrites(usage),
    cache_read_input_tokens: usage.cacheRead,
    cache_creation: { ephemeral_5m_input_tokens: usage.cacheWrite5m, ephemeral_1h_input_tokens: usage.cacheWrite1h },
    output_tokens: outputTotal(usage),
    ...(usage.reasoning > 0 ? { output_tokens_details: { thinking_tokens: usage.reasoning } } : {}),
    ...(searches.length > 0
      ? { server_tool_use: Object.fromEntries(searches.map(([name, count]) => [`${name}_requests`, count])) }
      : {}),
  }
}
