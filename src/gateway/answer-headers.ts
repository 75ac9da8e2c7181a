import { limitLines as linesOf, type HeaderDialect } from '../quota/headers.ts'
import type { SnapshotTarget } from '../snapshot/snapshot.ts'
import type { Call } from './call.ts'
import { headerLine } from './downstream/answer.ts'

/** Streams are neither kept nor held up by what stands between. */
export const STREAM_LINES = 'cache-control: no-cache\r\nx-accel-buffering: no\r\n'

/** Who gave the answer. */
export function modelLine(provider: string, model: string): string {
  return `x-portreeve-model: ${encodeHeader(`${provider}/${model}`)}\r\n`
}

const targetLines = new WeakMap<SnapshotTarget['provider'], Map<string, string>>()
/** Models are named by clients where a provider takes any. */
const MOST_MODELS = 1_000

/** The same, made once for each model of a provider. */
function targetLine({ provider, model }: SnapshotTarget): string {
  let lines = targetLines.get(provider)
  if (!lines) targetLines.set(provider, (lines = new Map()))
  let line = lines.get(model)
  if (line === undefined) {
    line = modelLine(provider.id, model)
    if (lines.size < MOST_MODELS) lines.set(model, line)
  }
  return line
}

let lastType = ''
let lastTypeLine = ''

/** Nearly always the same one. */
function typeLine(type: string): string {
  if (type !== lastType) {
    lastTypeLine = headerLine('content-type', type)
    lastType = type
  }
  return lastTypeLine
}

/** Header lines of every answer: who answered, after how many tries, and what the gateway itself cost in time. */
export function answerHeaders(call: Call, type: string): string {
  const overhead = Math.max(0, call.elapsed() - call.upstreamMs).toFixed(2)
  let lines =
    `${typeLine(type)}x-request-id: ${call.id}\r\n${targetLine(call.target!)}` +
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
