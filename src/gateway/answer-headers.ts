import { limitHeaders, type HeaderDialect } from '../quota/headers.ts'
import type { Call } from './call.ts'

/** Headers of every answer: who answered, after how many tries, and what the gateway itself cost in time. */
export function answerHeaders(call: Call, type: string): Record<string, string> {
  const target = call.target!
  const headers: Record<string, string> = {
    'content-type': type,
    'x-request-id': call.id,
    'x-portreeve-model': encodeHeader(`${target.provider.id}/${target.model}`),
    'x-portreeve-attempts': String(call.attempts.length),
    'x-portreeve-overhead-ms': Math.max(0, call.elapsed() - call.upstreamMs).toFixed(2),
  }
  if (call.dropped.length > 0) headers['x-portreeve-dropped'] = encodeHeader(call.dropped.join(', '))
  if (call.cache !== null) headers['x-portreeve-cache'] = call.cache
  if (call.outputCap !== undefined) headers['x-portreeve-output-cap'] = String(call.outputCap)
  addLimitHeaders(call, headers)
  return headers
}

/** What is left of the limits that concern the call, in the words of its dialect. */
export function addLimitHeaders(call: Call, headers: Record<string, string>): void {
  const now = Date.now()
  const states = call.limitStates ?? call.admission?.states(now)
  if (!states || states.length === 0) return
  for (const [name, value] of limitHeaders(states, headerDialect(call), now)) headers[name] = value
}

function headerDialect({ route }: Call): HeaderDialect {
  if (route.dialect === 'anthropic-messages') return 'anthropic'
  return route.dialect === 'gemini' ? 'gemini' : 'openai'
}

/** Header values hold visible ASCII only; anything else is percent-encoded. */
function encodeHeader(value: string): string {
  return /^[\x20-\x7e]*$/.test(value) ? value : encodeURI(value)
}
