// `usage` of Cohere: `tokens` counts the vendor's own preamble too, `billed_units` is what is paid for.
import { asNumber, asObject } from '../../json.ts'
import type { JsonObject, Usage } from '../../spec.ts'
import { makeUsage } from '../../usage.ts'

export function readUsage(raw: JsonObject): Usage {
  const billed = asObject(raw['billed_units'])
  const inputBilled = asNumber(billed?.['input_tokens'])
  const outputBilled = asNumber(billed?.['output_tokens'])
  if (inputBilled !== undefined || outputBilled !== undefined)
    return makeUsage({ inputUncached: inputBilled, output: outputBilled })
  const tokens = asObject(raw['tokens'])
  const input = asNumber(tokens?.['input_tokens']) ?? 0
  const cached = Math.min(asNumber(raw['cached_tokens']) ?? 0, input)
  return makeUsage({ inputUncached: input - cached, cacheRead: cached, output: asNumber(tokens?.['output_tokens']) })
}
