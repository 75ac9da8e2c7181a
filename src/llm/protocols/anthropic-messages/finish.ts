import type { FinishReason } from '../../spec.ts'

const UNIFIED: Readonly<Record<string, FinishReason['unified']>> = {
  end_turn: 'stop',
  stop_sequence: 'stop',
  pause_turn: 'stop',
  max_tokens: 'length',
  model_context_window_exceeded: 'length',
  tool_use: 'tool-calls',
  refusal: 'content-filter',
}

export function readFinish(raw: string, stopSequence?: string): FinishReason {
  return { unified: UNIFIED[raw] ?? 'other', raw, ...(stopSequence === undefined ? {} : { stopSequence }) }
}

/** Anthropic's own word where the vendor used one, else the word for what happened. OpenAI's refusals end with `stop`. */
export function writeFinish(reason: FinishReason, refused = false): string {
  if (refused && reason.unified === 'stop') return 'refusal'
  if (reason.raw !== undefined && UNIFIED[reason.raw] === reason.unified) return reason.raw
  switch (reason.unified) {
    case 'length':
      return 'max_tokens'
    case 'tool-calls':
      return 'tool_use'
    case 'content-filter':
      return 'refusal'
    default:
      return reason.stopSequence === undefined ? 'end_turn' : 'stop_sequence'
  }
}
