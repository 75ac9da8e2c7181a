// Reads what a whole answer tells of itself without building it: an answer is mostly text that nobody here needs.
import { latin1, spells } from '../../../lib/bytes.ts'
import type { TapReport } from '../../protocol.ts'
import type { FinishReason, JsonObject } from '../../spec.ts'
import {
  CLOSE_ARRAY,
  CLOSE_OBJECT,
  COMMA,
  OPEN_ARRAY,
  OPEN_OBJECT,
  QUOTE,
  skipKey,
  skipSpace,
  skipValue,
} from '../../stream/json-scan.ts'
import type { Quirks } from '../../target.ts'
import { readFinish } from './finish.ts'
import { isDuration, readUsage } from './usage.ts'

/** Reasons are short words. */
const LONGEST_REASON = 32

/**
 * What a whole answer tells: usage, and for a chat why it ended. Undefined where it is no such answer, or says something that has to be read
 * whole: an error, a word with escapes.
 */
export function scanReport(bytes: Uint8Array, quirks: Quirks): TapReport | undefined {
  try {
    return scan(bytes, quirks)
  } catch {
    // Whoever reads it whole says what is wrong with it.
    return undefined
  }
}

/** Why the first answer ended, as the last call of `skipChoices` found it. */
let finish: FinishReason | undefined

function scan(bytes: Uint8Array, quirks: Quirks): TapReport | undefined {
  let usageFrom = -1
  let usageTo = -1
  let hasChoices = false
  finish = undefined
  let at = skipSpace(bytes, 0)
  if (bytes[at] !== OPEN_OBJECT) return undefined
  at = skipSpace(bytes, at + 1)
  for (;;) {
    const key = at + 1
    at = skipKey(bytes, at)
    if (spells(bytes, key, 'error"')) return undefined
    if (spells(bytes, key, 'choices"')) {
      hasChoices = true
      at = skipChoices(bytes, at)
    } else if (spells(bytes, key, 'usage"')) {
      usageFrom = at
      usageTo = at = skipValue(bytes, at)
    } else at = skipValue(bytes, at)
    at = skipSpace(bytes, at)
    if (bytes[at] === CLOSE_OBJECT) break
    if (bytes[at] !== COMMA) return undefined
    at = skipSpace(bytes, at + 1)
  }
  if (skipSpace(bytes, at + 1) < bytes.length) return undefined
  if (bytes[usageFrom] !== OPEN_OBJECT || (hasChoices && finish === undefined)) return undefined
  const usage = JSON.parse(latin1(bytes, usageFrom, usageTo)) as JsonObject
  if (isDuration(usage)) return undefined
  const counted = readUsage(usage, quirks)
  if (finish === undefined) return { usage: counted, complete: true, estimatedOutput: 0 }
  return { usage: counted, finish, complete: true, estimatedOutput: 0 }
}

/** The offset behind the list that begins at `start`; the reason of its first element is in `finish`. */
function skipChoices(bytes: Uint8Array, start: number): number {
  finish = undefined
  let at = skipSpace(bytes, start + 1)
  if (bytes[start] !== OPEN_ARRAY || bytes[at] !== OPEN_OBJECT) return skipValue(bytes, start)
  at = skipSpace(bytes, at + 1)
  while (bytes[at] === QUOTE) {
    const key = at + 1
    const from = skipKey(bytes, at)
    const to = skipValue(bytes, from)
    if (spells(bytes, key, 'finish_reason"')) finish = reasonAt(bytes, from, to)
    at = skipSpace(bytes, to)
    if (bytes[at] !== COMMA) break
    at = skipSpace(bytes, at + 1)
  }
  if (bytes[at] !== CLOSE_OBJECT) return skipValue(bytes, start)
  for (at = skipSpace(bytes, at + 1); bytes[at] === COMMA; at = skipSpace(bytes, at))
    at = skipValue(bytes, skipSpace(bytes, at + 1))
  return bytes[at] === CLOSE_ARRAY ? at + 1 : skipValue(bytes, start)
}

function reasonAt(bytes: Uint8Array, from: number, to: number): FinishReason | undefined {
  if (bytes[from] !== QUOTE || to - from > LONGEST_REASON) return undefined
  for (const word of USUAL)
    if (to - from === word.length + 1 && spells(bytes, from + 1, word)) return USUAL_REASON[word]
  const word = latin1(bytes, from + 1, to - 1)
  return word.includes('\\') ? undefined : readFinish(word)
}

/** With the closing quote. */
const USUAL = ['stop"', 'tool_calls"', 'length"'] as const
const USUAL_REASON = Object.fromEntries(USUAL.map((word) => [word, readFinish(word.slice(0, -1))])) as Record<
  (typeof USUAL)[number],
  FinishReason
>
