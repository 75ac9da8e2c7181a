// `usage` of Converse: `inputTokens` leaves out what was read from or written to the cache.
import { asText, objectsIn } from '../../json.ts'
import type { JsonObject, Usage } from '../../spec.ts'
import { asCount, makeUsage } from '../../usage.ts'

export function readUsage(raw: JsonObject): Usage {
  const written = asCount(raw['cacheWriteInputTokens']) ?? 0
  const hour = objectsIn(raw['cacheDetails'])
    .filter((detail) => asText(detail['ttl']) === '1h')
    .reduce((sum, detail) => sum + (asCount(detail['inputTokens']) ?? 0), 0)
  const long = Math.min(hour, written)
  return makeUsage({
    inputUncached: asCount(raw['inputTokens']),
    cacheRead: asCount(raw['cacheReadInputTokens']),
    cacheWrite5m: written - long,
    cacheWrite1h: long,
    output: asCount(raw['outputTokens']),
  })
}
