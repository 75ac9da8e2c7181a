import type { FinishReason } from '../../spec.ts'

const UNIFIED: Readonly<Record<string, FinishReason['unified']>> = {
  stop: 'stop',
  eos: 'stop',
  end_turn: 'stop',
  length: 'length',
  max_tokens: 'length',
  model_length: 'length',
  model_context_window_exceeded: 'length',
  tool_calls: 'tool-calls',
  tool_use: 'tool-calls',
  function_call: 'tool-calls',
  content_filter: 'content-filter',
  refusal: 'content-filter',
  sensitive: 'content-filter',
  error: 'error',
  network_error: 'error',
}

const KNOWN = new Map(Object.entries(UNIFIED).map(([raw, unified]): [string, FinishReason] => [raw, { unified, raw }]))

export const readFinish = (raw: string): FinishReason => KNOWN.get(raw) ?? { unified: 'other', raw }

/** OpenAI knows no word for the rest: its clients take `stop` as the end of a turn. */
export function writeFinish(reason: FinishReason): string {
  switch (reason.unified) {
    case 'length':
      return 'length'
    case 'tool-calls':
      return 'tool_calls'
    case 'content-filter':
      return 'content_filter'
    default:
      return 'stop'
  }
}
