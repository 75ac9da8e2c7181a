// Walks over JSON bytes without building values. Each function takes the offset where something starts and gives the offset behind it.
import { AppError } from '../../errors.ts'

export const QUOTE = 0x22
export const COMMA = 0x2c
export const OPEN_OBJECT = 0x7b
export const CLOSE_OBJECT = 0x7d
export const OPEN_ARRAY = 0x5b
export const CLOSE_ARRAY = 0x5d
const BACKSLASH = 0x5c
const COLON = 0x3a

/** No honest request nests deeper; a parser further on might run out of stack. */
const MAX_DEPTH = 512
/** Up to here strings are read byte by byte; beyond, the native search for the quote is faster. */
const LOOP_LIMIT = 256

/** 1 for the letters that may follow a backslash. */
const ESCAPES = new Uint8Array(256)
for (const letter of '"\\/bfnrtu') ESCAPES[letter.charCodeAt(0)] = 1

/** 1 for the bytes at which the plain text of a string stops. */
const STOPS = new Uint8Array(256).fill(1, 0, 0x20)
STOPS[QUOTE] = 1
STOPS[BACKSLASH] = 1

export const isHigh = (byte: number) => byte >= 0x80

/** The error for JSON that breaks at this byte. */
export function brokenJson(bytes: Uint8Array, at: number): AppError {
  if (at >= bytes.length)
    return new AppError(
      'invalid_json',
      `the body is not valid JSON: it ends at byte ${bytes.length} before the value is complete`,
    )
  let line = 1
  let lineStart = 0
  for (let offset = 0; offset < at; offset++) {
    if (bytes[offset] === 0x0a) {
      line++
      lineStart = offset + 1
    }
  }
  const byte = bytes[at] as number
  const shown =
    byte > 0x20 && byte < 0x7f ? `"${String.fromCharCode(byte)}"` : `byte 0x${byte.toString(16).padStart(2, '0')}`
  return new AppError(
    'invalid_json',
    `the body is not valid JSON: unexpected ${shown} at position ${at} (line ${line}, column ${at - lineStart + 1})`,
  )
}

/** Line feeds that were passed over so far: a value in which there are none stands on one line. */
let linesPassed = 0
/** Lists without elements that were passed over so far. */
let emptyLists = 0
/** Grows with each list without elements that a scan passes over. */
export const emptyListsPassed = () => emptyLists

export function skipSpace(bytes: Uint8Array, start: number): number {
  let at = start
  for (;;) {
    const byte = bytes[at] as number
    if (byte > 0x20) return at
    if (byte === 0x0a) linesPassed++
    else if (byte !== 0x20 && byte !== 0x0d && byte !== 0x09) return at
    at++
  }
}

/** The four digits behind `\\u`. */
function skipHex(bytes: Uint8Array, start: number): void {
  for (let at = start; at < start + 4; at++) {
    if (!isHexDigit(bytes[at])) throw brokenJson(bytes, at)
  }
}

function isHexDigit(byte: number | undefined): boolean {
  return byte !== undefined && ((byte >= 0x30 && byte <= 0x39) || ((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x66))
}

/** The error for a body in which a long string, which nobody has read yet, holds what none may. */
export function brokenString(bytes: Uint8Array): AppError {
  let inside = false
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] as number
    if (byte === QUOTE) inside = !inside
    else if (!inside) continue
    else if (byte < 0x20) return brokenJson(bytes, at)
    else if (byte === BACKSLASH) {
      at++
      if (ESCAPES[bytes[at] as number] !== 1) return brokenJson(bytes, at)
      if (bytes[at] !== 0x75) continue
      for (let digit = at + 1; digit <= at + 4; digit++) if (!isHexDigit(bytes[digit])) return brokenJson(bytes, digit)
    }
  }
  return brokenJson(bytes, bytes.length)
}

/** The name that an object of well-formed JSON gives twice, at any depth: readers differ in which of the two they take. */
export function repeatedName(bytes: Buffer): string | undefined {
  const open: (Set<string> | undefined)[] = []
  let names: Set<string> | undefined
  let isName = false
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]
    if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
      names = byte === OPEN_OBJECT ? new Set() : undefined
      open.push(names)
      isName = names !== undefined
    } else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) {
      open.pop()
      names = open.at(-1)
    } else if (byte === COMMA) isName = names !== undefined
    else if (byte === QUOTE) {
      const end = skipString(bytes, at)
      if (isName && names) {
        const name = readString(bytes, at, end)
        if (names.has(name)) return name
        names.add(name)
        isName = false
      }
      at = end - 1
    }
  }
  return undefined
}

/** `start` is the opening quote. */
export function skipString(bytes: Uint8Array, start: number): number {
  let at = start + 1
  const limit = Math.min(bytes.length, at + LOOP_LIMIT)
  for (;;) {
    while (at < limit && STOPS[bytes[at] as number] === 0) at++
    if (at >= limit) break
    const byte = bytes[at] as number
    if (byte === QUOTE) return at + 1
    if (byte !== BACKSLASH) throw brokenJson(bytes, at)
    if (ESCAPES[bytes[at + 1] as number] !== 1) throw brokenJson(bytes, at + 1)
    if (bytes[at + 1] === 0x75) skipHex(bytes, at + 2)
    at += 2
  }
  return skipLongString(bytes, at)
}

/** `start` is inside the string, and not behind a backslash. */
function skipLongString(bytes: Uint8Array, start: number): number {
  let at = start
  for (;;) {
    const quote = bytes.indexOf(QUOTE, at)
    if (quote === -1) throw brokenJson(bytes, bytes.length)
    let slashes = 0
    while (quote - 1 - slashes >= at && bytes[quote - 1 - slashes] === BACKSLASH) slashes++
    if (slashes % 2 === 0) return quote + 1
    at = quote + 1
  }
}

/** The same for most strings, which are short and plain: small enough to be inlined. */
function skipPlainString(bytes: Uint8Array, start: number): number {
  let at = start + 1
  const limit = at + LOOP_LIMIT
  while (at < limit && STOPS[bytes[at] as number] === 0) at++
  if (bytes[at] === QUOTE) return at + 1
  return at < limit ? skipString(bytes, start) : skipLongString(bytes, at)
}

function skipDigits(bytes: Uint8Array, start: number): number {
  let at = start
  while ((bytes[at] as number) >= 0x30 && (bytes[at] as number) <= 0x39) at++
  if (at === start) throw brokenJson(bytes, at)
  return at
}

function skipNumber(bytes: Uint8Array, start: number): number {
  let at = bytes[start] === 0x2d ? start + 1 : start
  at = bytes[at] === 0x30 ? at + 1 : skipDigits(bytes, at)
  if (bytes[at] === 0x2e) at = skipDigits(bytes, at + 1)
  if (bytes[at] === 0x65 || bytes[at] === 0x45) {
    at++
    if (bytes[at] === 0x2b || bytes[at] === 0x2d) at++
    at = skipDigits(bytes, at)
  }
  return at
}

function skipWord(bytes: Uint8Array, start: number, word: string): number {
  for (let offset = 0; offset < word.length; offset++) {
    if (bytes[start + offset] !== word.charCodeAt(offset)) throw brokenJson(bytes, start + offset)
  }
  return start + word.length
}

/** `start` is the key's opening quote; gives the offset of the value. */
export function skipKey(bytes: Uint8Array, start: number): number {
  if (bytes[start] !== QUOTE) throw brokenJson(bytes, start)
  let at = skipPlainString(bytes, start)
  if (bytes[at] !== COLON) at = skipSpace(bytes, at)
  if (bytes[at] !== COLON) throw brokenJson(bytes, at)
  return skipSpace(bytes, at + 1)
}

/** One bit a level: 1 is an object. Shared, for no scan is ever interrupted. */
const KINDS = new Uint8Array(MAX_DEPTH)

/** Any value; `start` is its first byte. */
export function skipValue(bytes: Uint8Array, start: number): number {
  let depth = 0
  let at = start
  for (;;) {
    const byte = bytes[at] as number
    if (byte === QUOTE) at = skipPlainString(bytes, at)
    else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
      const isObject = byte === OPEN_OBJECT
      at = skipSpace(bytes, at + 1)
      if (bytes[at] === (isObject ? CLOSE_OBJECT : CLOSE_ARRAY)) {
        if (!isObject) emptyLists++
        at++
      } else {
        if (depth === MAX_DEPTH)
          throw new AppError('invalid_json', `the body is nested deeper than ${MAX_DEPTH} levels`)
        KINDS[depth++] = isObject ? 1 : 0
        if (isObject) at = skipKey(bytes, at)
        continue
      }
    } else if (byte === 0x2d || (byte >= 0x30 && byte <= 0x39)) at = skipNumber(bytes, at)
    else if (byte === 0x74) at = skipWord(bytes, at, 'true')
    else if (byte === 0x66) at = skipWord(bytes, at, 'false')
    else if (byte === 0x6e) at = skipWord(bytes, at, 'null')
    else throw brokenJson(bytes, at)
    for (;;) {
      if (depth === 0) return at
      at = skipSpace(bytes, at)
      const next = bytes[at]
      const isObject = KINDS[depth - 1] === 1
      if (next === COMMA) {
        at = skipSpace(bytes, at + 1)
        if (isObject) at = skipKey(bytes, at)
        break
      }
      if (next !== (isObject ? CLOSE_OBJECT : CLOSE_ARRAY)) throw brokenJson(bytes, at)
      depth--
      at++
    }
  }
}

/** Offset behind the value that begins at `start`; -1 where it is no JSON. */
function endOfJson(bytes: Uint8Array, start: number): number {
  try {
    return skipValue(bytes, start)
  } catch {
    return -1
  }
}

/** The same for a value that stands on one line; -1 where it has more. */
export function endOfJsonLine(bytes: Uint8Array, start: number): number {
  const before = linesPassed
  const end = endOfJson(bytes, start)
  return linesPassed === before ? end : -1
}

/** Whether the bytes, from `from` to `to`, are one JSON value and nothing else. */
export function isJson(bytes: Uint8Array, from = 0, to = bytes.length): boolean {
  // What follows is looked at only when the value does not end before it: then it is none within these bounds.
  const end = endOfJson(bytes, skipSpace(bytes, from))
  return end >= 0 && end <= to && skipSpace(bytes, end) >= to
}

/** Tells each member of an object that is known to be well formed: its name, and where its value stands. Gives the offset behind the object. */
export function eachMember(
  bytes: Buffer,
  start: number,
  tell: (name: string, from: number, to: number) => void,
): number {
  let at = skipSpace(bytes, start + 1)
  while (bytes[at] === QUOTE) {
    const nameEnd = skipString(bytes, at)
    const name = readString(bytes, at, nameEnd)
    const from = skipSpace(bytes, skipSpace(bytes, nameEnd) + 1)
    const to = skipValue(bytes, from)
    tell(name, from, to)
    at = skipSpace(bytes, to)
    if (bytes[at] === COMMA) at = skipSpace(bytes, at + 1)
  }
  return at + 1
}

/** Tells where each element of an array stands that is known to be well formed. */
export function eachElement(bytes: Buffer, start: number, tell: (from: number, to: number) => void): void {
  let at = skipSpace(bytes, start + 1)
  while (at < bytes.length && bytes[at] !== CLOSE_ARRAY) {
    const to = skipValue(bytes, at)
    tell(at, to)
    at = skipSpace(bytes, to)
    if (bytes[at] === COMMA) at = skipSpace(bytes, at + 1)
  }
}

/** The string whose quotes stand at `from` and before `to`. */
export function readString(bytes: Buffer, from: number, to: number): string {
  return JSON.parse(bytes.toString('utf8', from, to)) as string
}

export function toBuffer(bytes: Uint8Array | string): Buffer {
  if (typeof bytes === 'string') return Buffer.from(bytes)
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
