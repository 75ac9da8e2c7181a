// Node's search and text functions on plain byte arrays. Making a Buffer of an array first costs more than the search itself:
// the engine keeps small arrays in its own heap, and must make an ArrayBuffer before anything else can share them.
type Search = (this: Uint8Array, wanted: Uint8Array, from: number) => number
type Read = (this: Uint8Array, from: number, to: number) => string

/** The types know neither that these take plain arrays nor all of their names. */
const { copy, indexOf, lastIndexOf, latin1Slice, utf8Slice } = Buffer.prototype as unknown as {
  readonly copy: (this: Uint8Array, target: Uint8Array, at: number, from: number, to: number) => number
  readonly indexOf: Search
  readonly lastIndexOf: Search
  readonly latin1Slice: Read
  readonly utf8Slice: Read
}

/** Up to here the engine keeps arrays in its own heap, and a copy is cheaper than a view. */
const SMALL = 1000

/** Space to be filled: what it holds before is anything. */
export const newBytes = (size: number): Uint8Array => (size <= SMALL ? new Uint8Array(size) : Buffer.allocUnsafe(size))

/** These bytes, as they are, as a copy or as a view, whatever costs least. */
export function part(bytes: Uint8Array, from: number, to: number): Uint8Array {
  if (from === 0 && to === bytes.length) return bytes
  return to - from <= SMALL ? bytes.slice(from, to) : bytes.subarray(from, to)
}

/** Copies `from` to `to` of the source into the target at an offset; gives the offset behind. */
export function putBytes(target: Uint8Array, at: number, source: Uint8Array, from = 0, to = source.length): number {
  return at + copy.call(source, target, at, from, to)
}

/** Whether the bytes are that word, one character each. */
export function spells(bytes: Uint8Array, at: number, word: string): boolean {
  for (let index = 0; index < word.length; index++) if (bytes[at + index] !== word.charCodeAt(index)) return false
  return true
}

/** The digits of a whole number that is not negative. */
export function countDigits(number: number): number {
  let count = 1
  for (let rest = number; rest >= 10; rest = Math.floor(rest / 10)) count++
  return count
}

/** Writes such a number in digits, without a string; gives the offset behind. */
export function putDigits(target: Uint8Array, at: number, number: number): number {
  const end = at + countDigits(number)
  let rest = number
  for (let place = end - 1; place >= at; place--) {
    target[place] = 48 + (rest % 10)
    rest = Math.floor(rest / 10)
  }
  return end
}

/** Offset of the first of these bytes at or behind `from`, or -1. */
export function findBytes(bytes: Uint8Array, wanted: Uint8Array, from = 0): number {
  return indexOf.call(bytes, wanted, from)
}

/** Offset of the last of these bytes that begins at or before `from`, or -1. */
export function findLastBytes(bytes: Uint8Array, wanted: Uint8Array, from = bytes.length): number {
  return lastIndexOf.call(bytes, wanted, from)
}

/** The bytes as text, one character each. Both offsets must lie inside. */
export function latin1(bytes: Uint8Array, from = 0, to = bytes.length): string {
  return latin1Slice.call(bytes, from, to)
}

/** The bytes as text. Both offsets must lie inside. */
export function utf8(bytes: Uint8Array, from = 0, to = bytes.length): string {
  return utf8Slice.call(bytes, from, to)
}
