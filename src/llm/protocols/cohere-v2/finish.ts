import type { FinishReason } from '../../spec.ts'

const UNIFIED: Readonly<Record<string, FinishReason['unified']>> = {
  COMPLETE: 'stop',
  STOP_SEQUENCE: 'stop',
  MAX_TOKENS: 'length',
  TOOL_CALL: 'tool-calls',
  ERROR_TOXIC: 'content-filter',
  ERROR: 'error',
  TIMEOUT: 'error',
}

export const readFinish = (raw: string): FinishReason => ({ unified: UNIFIED[raw] ?? 'other', ...(raw && { raw }) })
