// The hot path of a call that passes through: finds what the gateway must know in a JSON body without building it, and changes only those bytes.
import { AppError } from '../../errors.ts'
import { findBytes, newBytes, putBytes, utf8 } from '../../lib/bytes.ts'
import type { Json, JsonObject, ProtocolId } from '../spec.ts'
import {
  brokenJson,
  CLOSE_ARRAY,
  COMMA,
  isHigh,
  skipSpace,
  skipString,
  skipValue,
  CLOSE_OBJECT,
  OPEN_ARRAY,
  OPEN_OBJECT,
  QUOTE,
} from './json-scan.ts'
import { parseBody } from './parse-body.ts'

/** What a request body says at its top level. Offsets are bytes of the body; -1 is absent. */
export type RequestScan = {
  /** Absent when the body names no model; that is for the caller to judge. */
  model: string | undefined
  /** The value with its quotes. */
  modelStart: number
  modelEnd: number
  stream: boolean
  streamOptionsStart: number
  streamOptionsEnd: number
  /** What `stream_options.include_usage` says. */
  includeUsage: boolean
  /** The largest maximum of output tokens that the body names in words of its format; never negative. */
  maxOutputTokens: number | undefined
  user: string | undefined
  /** How many answers are made: `n`, `best_of`, or Gemini's `candidateCount`; at least 1. */
  n: number
  hasTools: boolean
  previousResponseId: string | undefined
  /** Where `metadata`, `conversation`, `input` and `tools` stand; -1 is absent. */
  metadataStart: number
  metadataEnd: number
  conversationStart: number
  inputStart: number
  inputEnd: number
  toolsStart: number
  toolsEnd: number
  /** Whether the vendor is asked to keep the answer; undefined where the body leaves it to the vendor. */
  store: boolean | undefined
  background: boolean
  /** Just behind the opening brace. */
  bodyStart: number
}

/** The parameters that policy reads: none may come twice or in disguise, for policy and vendor must see the same value. */
const READ = [
  'model',
  'stream',
  'stream_options',
  'max_tokens',
  'max_completion_tokens',
  'max_output_tokens',
  'user',
  'n',
  'best_of',
  'generationConfig',
  'generation_config',
  'tools',
  'metadata',
  'previous_response_id',
  'conversation',
  'input',
  'store',
  'background',
] as const
type Read = (typeof READ)[number]
const BIT = Object.fromEntries(READ.map((name, index) => [name, 1 << index])) as Record<Read, number>
const BY_LENGTH: Read[][] = Array.from({ length: 24 }, (_, length) => READ.filter((name) => name.length === length))
const NAME_BYTES = Object.fromEntries(READ.map((name) => [name, Buffer.from(name)])) as Record<Read, Buffer>

/** Which of the read parameters this key is, if any. Refuses keys that some parser would take for one. */
function readKey(bytes: Uint8Array, from: number, to: number): Read | undefined {
  let plain = true
  for (let at = from; at < to; at++) {
    const byte = bytes[at] as number
    if (byte === 0x5c || (byte >= 0x41 && byte <= 0x5a) || isHigh(byte)) {
      plain = false
      break
    }
  }
  if (plain) {
    const candidates = BY_LENGTH[to - from]
    if (candidates) {
      next: for (const name of candidates) {
        const expected = NAME_BYTES[name]
        for (let at = 0; at < expected.length; at++) if (bytes[from + at] !== expected[at]) continue next
        return name
      }
    }
    return undefined
  }
  const key = parseBody(bytes, from - 1, to + 1) as string
  const folded = key.toUpperCase().toLowerCase()
  const meant = READ.find((name) => name.toLowerCase() === folded)
  if (meant === undefined) return undefined
  if (key === meant && key.length === to - from) return meant
  throw new AppError(
    'invalid_request',
    `write the parameter "${meant}" plainly: ${JSON.stringify(key)} is read differently by different parsers`,
    {
      field: meant,
    },
  )
}

const wrongType = (field: string, expected: string) =>
  new AppError('invalid_request', `"${field}" must be ${expected}`, { field })

function readInteger(bytes: Uint8Array, from: number, to: number, field: Read): number | undefined {
  const value = utf8(bytes, from, to)
  if (value === 'null') return undefined
  const number = Number(value)
  if (!Number.isFinite(number) || bytes[from] === QUOTE) throw wrongType(field, 'a number')
  return number
}

function readText(bytes: Uint8Array, from: number, to: number, field: Read): string | undefined {
  if (bytes[from] === QUOTE) {
    const inner = utf8(bytes, from + 1, to - 1)
    return inner.includes('\\') ? (parseBody(bytes, from, to) as string) : inner
  }
  if (utf8(bytes, from, to) === 'null') return undefined
  throw wrongType(field, 'a string')
}

function readTruth(bytes: Uint8Array, from: number, to: number, field: string): boolean {
  const first = bytes[from]
  // t, f, n: the value is known to be well formed.
  if (first === 0x74) return true
  if (first === 0x66 || first === 0x6e) return false
  throw wrongType(field, `true or false, not ${utf8(bytes, from, Math.min(to, from + 20))}`)
}

/** Lenient, for other formats may mean something else by the name: what is neither null nor false is taken for a yes. */
function saysYes(bytes: Uint8Array, from: number): boolean | undefined {
  return bytes[from] === 0x6e ? undefined : bytes[from] !== 0x66
}

/**
 * One pass over a JSON request body. Throws `invalid_json` naming the position, and `invalid_request` when the body is no object or one of the
 * parameters that policy reads comes twice, misspelt in case, or escaped. Escapes in strings longer than 256 bytes are left to the vendor to judge.
 */
export function scanRequest(bytes: Uint8Array, dialect: ProtocolId = 'openai-chat'): RequestScan {
  const scan: RequestScan = {
    model: undefined,
    modelStart: -1,
    modelEnd: -1,
    stream: false,
    streamOptionsStart: -1,
    streamOptionsEnd: -1,
    includeUsage: false,
    maxOutputTokens: undefined,
    user: undefined,
    n: 1,
    hasTools: false,
    previousResponseId: undefined,
    metadataStart: -1,
    metadataEnd: -1,
    conversationStart: -1,
    inputStart: -1,
    inputEnd: -1,
    toolsStart: -1,
    toolsEnd: -1,
    store: undefined,
    background: false,
    bodyStart: 0,
  }
  let at = skipSpace(bytes, bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0)
  if (at >= bytes.length) throw new AppError('invalid_json', 'the body is empty: send a JSON object')
  if (bytes[at] !== OPEN_OBJECT) {
    skipValue(bytes, at)
    throw new AppError('invalid_request', 'the body must be a JSON object')
  }
  scan.bodyStart = ++at
  let seen = 0
  at = skipSpace(bytes, at)
  if (bytes[at] === CLOSE_OBJECT) at++
  else {
    for (;;) {
      if (bytes[at] !== QUOTE) throw brokenJson(bytes, at)
      const keyEnd = skipString(bytes, at)
      const name = readKey(bytes, at + 1, keyEnd - 1)
      at = skipSpace(bytes, keyEnd)
      if (bytes[at] !== 0x3a) throw brokenJson(bytes, at)
      const from = skipSpace(bytes, at + 1)
      const to = skipValue(bytes, from)
      if (name !== undefined) {
        if (seen & BIT[name]) throw new AppError('invalid_request', `"${name}" is given twice`, { field: name })
        seen |= BIT[name]
        note(scan, bytes, dialect, name, from, to)
      }
      at = skipSpace(bytes, to)
      if (bytes[at] === COMMA) {
        at = skipSpace(bytes, at + 1)
        continue
      }
      if (bytes[at] !== CLOSE_OBJECT) throw brokenJson(bytes, at)
      at++
      break
    }
  }
  at = skipSpace(bytes, at)
  if (at < bytes.length) throw brokenJson(bytes, at)
  return scan
}

function note(scan: RequestScan, bytes: Uint8Array, dialect: ProtocolId, name: Read, from: number, to: number): void {
  switch (name) {
    case 'model':
      scan.model = readText(bytes, from, to, name)
      scan.modelStart = from
      scan.modelEnd = to
      break
    case 'stream':
      scan.stream = readTruth(bytes, from, to, name)
      break
    case 'stream_options':
      if (bytes[from] !== OPEN_OBJECT && utf8(bytes, from, to) !== 'null') throw wrongType(name, 'an object')
      scan.streamOptionsStart = from
      scan.streamOptionsEnd = to
      scan.includeUsage = (parseBody(bytes, from, to) as { include_usage?: unknown } | null)?.include_usage === true
      break
    case 'max_tokens':
    case 'max_completion_tokens':
    case 'max_output_tokens':
      if (LIMITS[dialect] === (name === 'max_output_tokens' ? 'output' : 'tokens'))
        noteMaximum(scan, readInteger(bytes, from, to, name))
      break
    case 'n':
    case 'best_of':
      if (LIMITS[dialect] === 'tokens') noteAnswers(scan, readInteger(bytes, from, to, name))
      break
    case 'generationConfig':
    case 'generation_config':
      if (LIMITS[dialect] === 'config') noteConfig(scan, parseBody(bytes, from, to))
      break
    case 'user':
      scan.user = readText(bytes, from, to, name)
      break
    case 'previous_response_id':
      scan.previousResponseId = readText(bytes, from, to, name)
      break
    case 'metadata':
      scan.metadataStart = from
      scan.metadataEnd = to
      break
    case 'conversation':
      scan.conversationStart = from
      break
    case 'input':
      scan.inputStart = from
      scan.inputEnd = to
      break
    case 'store':
      scan.store = saysYes(bytes, from)
      break
    case 'background':
      scan.background = saysYes(bytes, from) === true
      break
    case 'tools':
      scan.toolsStart = from
      scan.toolsEnd = to
      // Something stands between the brackets.
      scan.hasTools = bytes[from] === OPEN_ARRAY && bytes[skipSpace(bytes, from + 1)] !== CLOSE_ARRAY
      break
  }
}

/** In which words a format names the maximum of output tokens: whoever obeys it passes over the others'. */
const LIMITS: Readonly<Partial<Record<ProtocolId, 'tokens' | 'output' | 'config'>>> = {
  'openai-chat': 'tokens',
  'openai-responses': 'output',
  'anthropic-messages': 'tokens',
  gemini: 'config',
}

/** Of two maxima it is not known which one a vendor obeys. */
function noteMaximum(scan: RequestScan, asked: number | undefined): void {
  if (asked !== undefined) scan.maxOutputTokens = Math.max(0, asked, scan.maxOutputTokens ?? 0)
}

function noteAnswers(scan: RequestScan, asked: number | undefined): void {
  scan.n = Math.max(scan.n, asked ?? 1)
}

function noteConfig(scan: RequestScan, config: Json): void {
  if (config === null || typeof config !== 'object' || Array.isArray(config)) return
  for (const name of ['maxOutputTokens', 'max_output_tokens']) noteMaximum(scan, countIn(config, name))
  for (const name of ['candidateCount', 'candidate_count']) noteAnswers(scan, countIn(config, name))
}

/** Numbers may be texts in this format. */
function countIn(config: JsonObject, field: string): number | undefined {
  const value = config[field]
  if (value === undefined || value === null) return undefined
  const count = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
  if (typeof count === 'number' && Number.isFinite(count)) return count
  throw wrongType(`generationConfig.${field}`, 'a number')
}

/** The body's `metadata`, read alone; undefined when there is none, or it is no object. */
export function metadataOf(body: Uint8Array, { metadataStart, metadataEnd }: RequestScan): JsonObject | undefined {
  if (metadataStart < 0 || body[metadataStart] !== OPEN_OBJECT) return undefined
  return parseBody(body, metadataStart, metadataEnd) as JsonObject
}

export type Splice = {
  /** Replaces the value of `model`. */
  readonly model?: string
  /** Makes sure that the body asks for usage at the end of the stream. */
  readonly includeUsage?: boolean
}

const ASK_USAGE = Buffer.from('"stream_options":{"include_usage":true}')
const ASK_USAGE_FIRST = Buffer.from('"stream_options":{"include_usage":true},')
/** The few model names in use, as JSON. */
const MODEL_BYTES = new Map<string, Buffer>()

function modelBytes(model: string): Buffer {
  let bytes = MODEL_BYTES.get(model)
  if (bytes === undefined) {
    if (MODEL_BYTES.size >= 1024) MODEL_BYTES.clear()
    MODEL_BYTES.set(model, (bytes = Buffer.from(JSON.stringify(model))))
  }
  return bytes
}

/** The body with only the named values changed; every other byte stays. */
export function spliceRequest(body: Uint8Array, scan: RequestScan, change: Splice): Uint8Array {
  const model =
    change.model !== undefined && scan.modelStart >= 0 && change.model !== scan.model
      ? modelBytes(change.model)
      : undefined
  const usage = change.includeUsage === true && !scan.includeUsage ? askUsage(body, scan) : undefined
  if (model === undefined && usage === undefined) return body
  const usageStart = scan.streamOptionsStart < 0 ? scan.bodyStart : scan.streamOptionsStart
  const usageEnd = scan.streamOptionsStart < 0 ? scan.bodyStart : scan.streamOptionsEnd
  const spliced = newBytes(
    body.length +
      (model === undefined ? 0 : model.length - scan.modelEnd + scan.modelStart) +
      (usage === undefined ? 0 : usage.length - usageEnd + usageStart),
  )
  let read = 0
  let written = 0
  const usageFirst = usageStart < scan.modelStart
  if (usage !== undefined && usageFirst) {
    written = putBytes(spliced, putBytes(spliced, written, body, read, usageStart), usage)
    read = usageEnd
  }
  if (model !== undefined) {
    written = putBytes(spliced, putBytes(spliced, written, body, read, scan.modelStart), model)
    read = scan.modelEnd
  }
  if (usage !== undefined && !usageFirst) {
    written = putBytes(spliced, putBytes(spliced, written, body, read, usageStart), usage)
    read = usageEnd
  }
  putBytes(spliced, written, body, read)
  return spliced
}

/** What stands in place of `stream_options`, or at the start of the body when there is none. */
function askUsage(bytes: Uint8Array, scan: RequestScan): Buffer {
  if (scan.streamOptionsStart < 0) {
    return bytes[skipSpace(bytes, scan.bodyStart)] === CLOSE_OBJECT ? ASK_USAGE : ASK_USAGE_FIRST
  }
  const value = parseBody(bytes, scan.streamOptionsStart, scan.streamOptionsEnd) as object | null
  return Buffer.from(JSON.stringify({ ...value, include_usage: true }))
}

const IMAGE_MARKS = ['"image_url"', '"input_image"', '"image"', '"inlineData"', '"inline_data"'].map((mark) =>
  Buffer.from(mark),
)

/** Whether a body seems to carry an image: a search for the words of all formats, so a text that quotes them exactly counts too. */
export function mentionsImage(body: Uint8Array): boolean {
  return IMAGE_MARKS.some((mark) => findBytes(body, mark) !== -1)
}
