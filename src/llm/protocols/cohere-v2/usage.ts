// `usage` of Cohere: `tokens` counts the vendor's own preamble too, `billed_units` is what is paid for.
import { asObject } from '../../json.ts'
import type { JsonObject, Usage } from '../../spec.ts'
import { asCount, makeUsage } from '../../usage.ts'

export function readUsage(raw: JsonObject): Usage {
  const billed = asObject(raw['billed_units'])
  const inputBilled = asCount(billed?.['input_tokens'])
  const outputBilled = asCount(billed?.['output_tokens'])
  if (inputBilled !== undefined || outputBilled !== undefined)
    return makeUsage({ inputUncached: inputBilled, output: outputBilled })
  const tokens = asObject(raw['tokens'])
  const input = asCount(tokens?.['input_tokens']) ?? 0
  const cached = Math.min(asCount(raw['cached_tokens']) ?? 0, input)
  return makeUsage({ inputUncached: input - cached, cacheRead: cached, output: asCount(tokens?.['output_tokens']) })
}
