// Judges the events of a stream that passes through, without reading them.
import { findBytes, findLastBytes } from '../../lib/bytes.ts'
import { CLOSE_OBJECT, emptyListsPassed, endOfJsonLine, isJson, OPEN_OBJECT, QUOTE, skipSpace } from './json-scan.ts'

const LF = 10
const CR = 13
const SPACE = 32
const COLON = 58
const OPEN_BRACKET = 91
const LOWER_E = 101
const LOWER_T = 116
const BLANK = Buffer.from('\n\n')
const BLANK_CRLF = Buffer.from('\r\n\r\n')
const DATA = Buffer.from('data:')
const DONE = Buffer.from('[DONE]')
const MESSAGE_STOP = Buffer.from('"message_stop"')
const TYPE = Buffer.from('"type"')
const EVENT = Buffer.from('event:')
const ERROR_EVENT = Buffer.from('event: error')
const ERROR_FIELD = Buffer.from('"error"')
const ERROR_TYPE = Buffer.from('"type":"error"')
const ERROR_TYPE_SPACED = Buffer.from('"type": "error"')
/** An object or a text: `"error":null` is no failure. */
const OPENS = new Set([123, QUOTE])
/** As long as a terminal event may be. */
const SHORT = 96
/** As long as the name of an event may be that is read without a search. */
const LONGEST_NAME = 64

function isAt(bytes: Uint8Array, at: number, wanted: Uint8Array): boolean {
  for (let index = 0; index < wanted.length; index++) if (bytes[at + index] !== wanted[index]) return false
  return true
}

/** Whether these bytes end between two events. */
export function endsEvent(bytes: Uint8Array): boolean {
  const size = bytes.length
  if (bytes[size - 1] !== LF) return false
  return bytes[size - 2] === LF || (bytes[size - 2] === CR && bytes[size - 3] === LF)
}

/** Where the last event that is whole in these bytes ends; 0 where none is. */
export function endOfEvents(bytes: Uint8Array): number {
  if (endsEvent(bytes)) return bytes.length
  const plain = findLastBytes(bytes, BLANK)
  const crlf = findLastBytes(bytes, BLANK_CRLF)
  return Math.max(plain < 0 ? 0 : plain + 2, crlf < 0 ? 0 : crlf + 4)
}

/** What `judge` says where every event is in order. */
export const IN_ORDER = -1
/** What `judge` says of an event that is no JSON. */
export const NOT_JSON = -2

/**
 * Judges each event that is whole in these bytes: `IN_ORDER`, `NOT_JSON`, or the offset of the first that tells of a failure. `isCut` tells that
 * they begin inside of one: that one is not judged, nor is what is cut off at their end.
 */
export function judge(bytes: Uint8Array, isCut: boolean): number {
  const size = bytes.length
  let judged = !isCut
  /** Where data begins next; found anew only behind it, or a flood of comments would be searched to its end for each. */
  let nextData = -1
  let hasBlank = true
  for (let from = 0; from < size;) {
    const data = judged ? dataLine(bytes, from) : -1
    const quick = data < 0 ? -1 : endOfPlain(bytes, data)
    if (quick > 0) {
      if (tellsFailure(bytes, from, valueOf(bytes, data))) return from
      from = quick
      continue
    }
    let to = hasBlank ? findBytes(bytes, BLANK, from) : -1
    let next = to + 2
    if (to < 0) {
      hasBlank = false
      to = findBytes(bytes, BLANK_CRLF, from)
      if (to < 0) return IN_ORDER
      next = to + 4
    }
    if (judged) {
      if (nextData < from) {
        const found = findBytes(bytes, DATA, from)
        nextData = found < 0 ? size : found
      }
      if (nextData < to) {
        const value = valueOf(bytes, nextData)
        if (!isJsonValue(bytes, value, to)) return NOT_JSON
        if (tellsFailure(bytes, from, value)) return from
      }
    }
    judged = true
    from = next
  }
  return IN_ORDER
}

/** Whether these bytes, the last of a stream, are an event as it should be; only the blank line behind it may be missing. */
export function isWholeEvent(bytes: Uint8Array): boolean {
  const line = isAt(bytes, 0, DATA) ? 0 : findBytes(bytes, DATA)
  if (line >= 0 && bytes[valueOf(bytes, line)] === OPEN_BRACKET) return saysDone(bytes, 16)
  return judge(Buffer.concat([bytes, BLANK]), false) !== NOT_JSON
}

/** What `arePlain` says of events that must be looked at more closely. */
export const NOT_PLAIN = 0
export const PLAIN = 1
/** What it says of plain events in which a list is empty. */
export const PLAIN_WITH_EMPTY_LIST = 2

/**
 * Whether these bytes are whole events, each one line of data with one object, none of which tells of a failure or ends the stream: those may
 * leave as they are. Any other answer is `NOT_PLAIN`.
 */
export function arePlain(bytes: Uint8Array, from: number, to: number): number {
  const before = emptyListsPassed()
  for (let at = from; at < to;) {
    const data = dataLine(bytes, at)
    const next = data < 0 ? -1 : endOfPlain(bytes, data)
    if (next < 0 || next > to || tellsFailure(bytes, at, valueOf(bytes, data))) return NOT_PLAIN
    at = next
  }
  // A last event whose last member is a text may be the one that ends the stream.
  if (to === from || bytes[to - 4] === QUOTE) return NOT_PLAIN
  return emptyListsPassed() === before ? PLAIN : PLAIN_WITH_EMPTY_LIST
}

/** Where the data of an event stands that begins here, behind its name where it has one; -1 where the data is not found at once. */
function dataLine(bytes: Uint8Array, from: number): number {
  if (bytes[from] !== LOWER_E) return isAt(bytes, from, DATA) ? from : -1
  if (!isAt(bytes, from, EVENT)) return -1
  const limit = from + EVENT.length + LONGEST_NAME
  let at = from + EVENT.length
  while (at < limit && bytes[at]! >= SPACE) at++
  return bytes[at] === LF && isAt(bytes, at + 1, DATA) ? at + 1 : -1
}

/** Where an event ends whose data is one line with one object, as nearly all are; -1 for any other. `line` is where the data stands. */
function endOfPlain(bytes: Uint8Array, line: number): number {
  const value = valueOf(bytes, line)
  if (bytes[value] !== OPEN_OBJECT) return -1
  // JSON may have lines, an event's data may not: what looks like one value can be the ruins of two.
  const end = endOfJsonLine(bytes, value)
  return end > 0 && bytes[end] === LF && bytes[end + 1] === LF ? end + 2 : -1
}

// No vendor sends lists: brackets are a mark.
const isJsonValue = (bytes: Uint8Array, from: number, to: number) =>
  bytes[from] === OPEN_BRACKET || isJson(bytes, from, to) || hasLines(bytes, from, to)

/** `event: error`, `data: {"error":{…`, `data: {"type":"error"`: the ways in which vendors tell of a failure in the middle of a stream. */
function tellsFailure(bytes: Uint8Array, event: number, value: number): boolean {
  if (bytes[event] === LOWER_E && isAt(bytes, event, ERROR_EVENT)) return isLineEnd(bytes[event + ERROR_EVENT.length])
  const name = value + 1
  if (bytes[name] !== QUOTE) return false
  if (bytes[name + 1] === LOWER_E && isAt(bytes, name, ERROR_FIELD)) {
    const colon = skipSpace(bytes, name + ERROR_FIELD.length)
    return bytes[colon] === COLON && OPENS.has(bytes[skipSpace(bytes, colon + 1)] ?? 0)
  }
  return bytes[name + 1] === LOWER_T && (isAt(bytes, name, ERROR_TYPE) || isAt(bytes, name, ERROR_TYPE_SPACED))
}

const isLineEnd = (byte: number | undefined) => byte === LF || byte === CR

const valueOf = (bytes: Uint8Array, line: number) => line + (bytes[line + 5] === SPACE ? 6 : 5)

/** An event may spread its data over lines: rare, and left to the client to judge. */
function hasLines(bytes: Uint8Array, from: number, to: number): boolean {
  const end = bytes.indexOf(LF, from)
  return end >= 0 && end < to
}

/** Whether these bytes, which end between two events, end the stream: by `[DONE]`, or by a `message_stop`. Text that quotes them does not. */
export function endsStream(bytes: Uint8Array): boolean {
  let end = bytes.length
  while (end > 0 && (bytes[end - 1] === LF || bytes[end - 1] === CR)) end--
  if (bytes[end - 1] !== CLOSE_OBJECT) return saysDone(bytes, 16)
  // The type is all that such an event says, or nearly all.
  return bytes[end - 2] === QUOTE && saysStop(bytes, Math.max(0, end - SHORT))
}

/** Whether `[DONE]` is the data of an event among the last bytes. */
export function saysDone(bytes: Uint8Array, among: number): boolean {
  const mark = findLastBytes(bytes, DONE)
  if (mark < 0 || mark < bytes.length - among) return false
  let line = bytes[mark - 1] === QUOTE ? mark - 1 : mark
  if (bytes[line - 1] === SPACE) line--
  // What stood before a cut line was seen by nobody: the mark alone counts.
  if (line === 0) return true
  line -= DATA.length
  return isAt(bytes, line, DATA) && (line === 0 || bytes[line - 1] === LF || bytes[line - 1] === CR)
}

/** Whether an event at or behind `from` is of the type `message_stop`. */
export function saysStop(bytes: Uint8Array, from = 0): boolean {
  for (let at = findBytes(bytes, MESSAGE_STOP, from); at >= 0; at = findBytes(bytes, MESSAGE_STOP, at + 1)) {
    let before = at - 1
    while (bytes[before] === SPACE) before--
    if (bytes[before] === COLON && isAt(bytes, before - TYPE.length, TYPE)) return true
  }
  return false
}
