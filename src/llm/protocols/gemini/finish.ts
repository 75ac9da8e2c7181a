import type { FinishReason } from '../../spec.ts'

const UNIFIED: Readonly<Record<string, FinishReason['unified']>> = {
  STOP: 'stop',
  MAX_TOKENS: 'length',
  SAFETY: 'content-filter',
  RECITATION: 'content-filter',
  LANGUAGE: 'content-filter',
  BLOCKLIST: 'content-filter',
  PROHIBITED_CONTENT: 'content-filter',
  SPII: 'content-filter',
  IMAGE_SAFETY: 'content-filter',
  IMAGE_PROHIBITED_CONTENT: 'content-filter',
  IMAGE_RECITATION: 'content-filter',
  MODEL_ARMOR: 'content-filter',
  MALFORMED_FUNCTION_CALL: 'error',
  UNEXPECTED_TOOL_CALL: 'error',
  TOO_MANY_TOOL_CALLS: 'error',
  OTHER: 'other',
}

/** Gemini says STOP when it calls a function too. */
export function readFinish(raw: string, hasCalls: boolean): FinishReason {
  const unified = UNIFIED[raw] ?? 'other'
  return { unified: unified === 'stop' && hasCalls ? 'tool-calls' : unified, raw }
}

/** OpenAI's refusals end with `stop`. */
export function writeFinish(reason: FinishReason, refused = false): string {
  if (refused && reason.unified === 'stop') return 'SAFETY'
  if (reason.raw !== undefined && UNIFIED[reason.raw] === reason.unified) return reason.raw
  switch (reason.unified) {
    case 'length':
      return 'MAX_TOKENS'
    case 'content-filter':
      return 'SAFETY'
    case 'stop':
    case 'tool-calls':
      return 'STOP'
    default:
      return 'OTHER'
  }
}
