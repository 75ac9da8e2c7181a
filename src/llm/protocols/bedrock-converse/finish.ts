import { asObject, asText } from '../../json.ts'
import type { FinishReason, JsonObject } from '../../spec.ts'

const UNIFIED: Readonly<Record<string, FinishReason['unified']>> = {
  end_turn: 'stop',
  stop_sequence: 'stop',
  tool_use: 'tool-calls',
  max_tokens: 'length',
  model_context_window_exceeded: 'length',
  guardrail_intervened: 'content-filter',
  content_filtered: 'content-filter',
  malformed_model_output: 'error',
  malformed_tool_use: 'error',
}

/** `holder` is what carries `stopReason`: the whole answer, or the event that ends the message. */
export function readFinish(holder: JsonObject): FinishReason {
  const raw = asText(holder['stopReason']) ?? ''
  const fields = asObject(holder['additionalModelResponseFields'])
  const sequence = asText(asObject(fields?.['delta'])?.['stop_sequence']) ?? asText(fields?.['stop_sequence'])
  return {
    unified: UNIFIED[raw] ?? 'other',
    ...(raw && { raw }),
    ...(sequence !== undefined && { stopSequence: sequence }),
  }
}
