import { limitLines as linesOf, type HeaderDialect } from '../quota/headers.ts'
import type { Call } from './call.ts'
import { headerLine } from './downstream/answer.ts'

/** Streams are neither kept nor held up by what stands between. */
export const STREAM_LINES = 'cache-control: no-cache\r\nx-accel-buffering: no\r\n'

/** Who gave the answer. */
export function modelLine(provider: string, model: string): string {
  return `x-portreeve-model: ${encodeHeader(`${provider}/${model}`)}\r\n`
}

/** Header lines of every answer: who answered, after how many tries, and what the gateway itself cost in time. */
export function answerHeaders(call: Call, type: string): string {
  const { provider, model } = call.target!
  const overhead = Math.max(0, call.elapsed() - call.upstreamMs).toFixed(2)
  let lines =
    headerLine('content-type', type) +
    `x-request-id: ${call.id}\r\n${modelLine(provider.id, model)}` +
    `x-portreeve-attempts: ${call.attempts.length}\r\nx-portreeve-overhead-ms: ${overhead}\r\n`
  if (call.dropped.length > 0) lines += `x-portreeve-dropped: ${encodeHeader(call.dropped.join(', '))}\r\n`
  if (call.cache !== null) lines += `x-portreeve-cache: ${call.cache}\r\n`
  if (call.outputCap !== undefined) lines += `x-portreeve-output-cap: ${call.outputCap}\r\n`
  return lines + limitLines(call)
}

/** What is left of the limits that concern the call, in the words of its dialect. */
export function limitLines(call: Call): string {
  if (!call.limitStates && !call.admission) return ''
  const now = Date.now()
  const states = call.limitStates ?? call.admission?.states(now)
  return states && states.length > 0 ? linesOf(states, headerDialect(call), now) : ''
}

function headerDialect({ route }: Call): HeaderDialect {
  if (route.dialect === 'anthropic-messages') return 'anthropic'
  return route.dialect === 'gemini' ? 'gemini' : 'openai'
}

const PLAIN = /^[\x20-\x7e]*$/

/** Header values hold visible ASCII only; anything else is percent-encoded. */
function encodeHeader(value: string): string {
  return PLAIN.test(value) ? value : encodeURI(value)
}
