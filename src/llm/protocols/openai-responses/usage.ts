import type { JsonObject, Usage } from '../../spec.ts'
import { cacheWrites, inputTotal, outputTotal } from '../../usage.ts'

/** Both detail objects are required, and reasoning is part of the output. */
export function writeUsage(usage: Usage): JsonObject {
  const [input, output] = [inputTotal(usage), outputTotal(usage)]
  return {
    input_tokens: input,
    input_tokens_details: { cached_tokens: usage.cacheRead, cache_write_tokens: cacheWrites(usage) },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: usage.reasoning },
    total_tokens: input + output,
  }
}
