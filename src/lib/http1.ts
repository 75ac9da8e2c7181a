// The parts of HTTP/1.1 (RFC 9112) that requests and responses have in common. All work on bytes, without making strings.

import { findBytes, latin1 } from './bytes.ts'

export const COLON = 58
export const CR = 13
export const LF = 10
const BLANK_LINE = Buffer.from('\r\n\r\n')

/** 1 for the bytes that a header name may hold. */
const NAME = new Uint8Array(256)
for (const character of "!#$%&'*+.^_`|~-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
  NAME[character.charCodeAt(0)] = 1

/** Offset of the colon behind a valid name, or -1. */
export function nameEnd(bytes: Uint8Array, from: number, end: number): number {
  let at = from
  while (at < end && NAME[bytes[at]!] === 1) at++
  return at > from && at < end && bytes[at] === COLON ? at : -1
}

/** The whole number between white space, of at most 15 digits; -1 when there is anything else. */
export function digits(bytes: Uint8Array, from: number, to: number): number {
  let at = from
  let end = to
  while (at < end && (bytes[at] === 32 || bytes[at] === 9)) at++
  while (end > at && (bytes[end - 1] === 32 || bytes[end - 1] === 9)) end--
  if (end === at || end - at > 15) return -1
  let number = 0
  for (; at < end; at++) {
    const digit = bytes[at]! - 48
    if (!(digit >= 0 && digit <= 9)) return -1
    number = number * 10 + digit
  }
  return number
}

/** The text of a header's value, without the white space around it. */
export function fieldValue(bytes: Uint8Array, from: number, to: number): string {
  const start = valueStart(bytes, from)
  return latin1(bytes, start, valueEnd(bytes, start, to))
}

/** Behind the white space that begins at `from`; something else, or the line's end, follows it. */
export function valueStart(bytes: Uint8Array, from: number): number {
  let at = from
  while (bytes[at] === 32 || bytes[at] === 9) at++
  return at
}

/** Before the white space that ends at `to`; not before `start`. */
export function valueEnd(bytes: Uint8Array, start: number, to: number): number {
  let at = to
  while (at > start && (bytes[at - 1] === 32 || bytes[at - 1] === 9)) at--
  return Math.max(start, at)
}

/** Whether the bytes spell that name, which is given in lower case. */
export function isName(bytes: Uint8Array, at: number, name: string): boolean {
  for (let index = 0; index < name.length; index++) {
    const byte = bytes[at + index]!
    const lower = byte >= 65 && byte <= 90 ? byte + 32 : byte
    if (lower !== name.charCodeAt(index)) return false
  }
  return true
}

/** Writes a line's end; gives the offset behind. */
export function endLine(target: Uint8Array, at: number): number {
  target[at] = CR
  target[at + 1] = LF
  return at + 2
}

/** Offset of the two line ends that close a head, or -1. */
export function indexOfBlankLine(bytes: Uint8Array, from: number): number {
  return findBytes(bytes, BLANK_LINE, from)
}

/** Hexadecimal size up to `;`, white space or the line's end; -1 when it is none or beyond 2^48. */
export function chunkSize(bytes: Uint8Array, from: number, to: number): number {
  let size = 0
  let at = from
  for (; at < to; at++) {
    const code = bytes[at]!
    const digit =
      code >= 48 && code <= 57
        ? code - 48
        : code >= 97 && code <= 102
          ? code - 87
          : code >= 65 && code <= 70
            ? code - 55
            : -1
    if (digit < 0) break
    size = size * 16 + digit
    if (at - from > 12) return -1
  }
  if (at === from) return -1
  const rest = bytes[at]
  return rest === CR || rest === LF || rest === 59 || rest === 32 || rest === 9 ? size : -1
}
