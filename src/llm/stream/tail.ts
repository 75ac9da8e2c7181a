// The two ends of an answer that passes through: where vendors name the model and where they count the tokens.
import { latin1 } from '../../lib/bytes.ts'
import type { JsonObject } from '../spec.ts'
import { asObject } from '../json.ts'
import { QUOTE, skipSpace, skipString, skipValue } from './json-scan.ts'

const HEAD_BYTES = 4096
const TAIL_BYTES = 32_768
/** A larger piece may be a view of something far larger, which must not stay for its sake. */
const LARGE_PIECE = 1024
/** More pieces than this are joined: each has its own cost, however short it is. */
const MOST_PIECES = 256
const NOTHING = new Uint8Array()

/** Where the pieces are put together when somebody reads them. */
const headSpace = Buffer.alloc(HEAD_BYTES)
const tailSpace = Buffer.alloc(2 * TAIL_BYTES)

/** Gives the bytes in use: the pieces, as far as there is room. */
function joined(pieces: readonly Uint8Array[], space: Buffer): Buffer {
  let used = 0
  for (const piece of pieces) {
    const room = space.length - used
    space.set(piece.length > room ? piece.subarray(0, room) : piece, used)
    used += Math.min(room, piece.length)
    if (used === space.length) break
  }
  return space.subarray(0, used)
}

/** Keeps the first 4 KiB and the last 32 to 64 KiB, as the pieces that came: they must not be changed later. */
export class Tail {
  total = 0
  /** Set when the beginning is about to be lost. */
  #head: Buffer | undefined
  #pieces: Uint8Array[] = []
  /** Index of the first piece that still counts; those before it are empty. */
  #first = 0
  #kept = 0

  push(bytes: Uint8Array): void {
    this.total += bytes.length
    const piece = bytes.length > LARGE_PIECE ? this.#partOf(bytes) : bytes
    this.#pieces.push(piece)
    this.#kept += piece.length
    if (this.#kept > TAIL_BYTES) this.#forget()
    if (this.#pieces.length >= MOST_PIECES) this.#join()
  }

  #partOf(bytes: Uint8Array): Uint8Array {
    if (bytes.length > TAIL_BYTES)
      this.#head ??= Buffer.concat([this.head(), bytes.subarray(0, HEAD_BYTES)]).subarray(0, HEAD_BYTES)
    return Uint8Array.from(bytes.subarray(-TAIL_BYTES))
  }

  #forget(): void {
    for (;;) {
      const rest = this.#kept - this.#pieces[this.#first]!.length
      if (rest < TAIL_BYTES) return
      this.#head ??= Buffer.from(this.head())
      this.#pieces[this.#first++] = NOTHING
      this.#kept = rest
    }
  }

  #join(): void {
    this.#pieces.splice(0, this.#first)
    this.#first = 0
    if (this.#pieces.length > MOST_PIECES / 2) this.#pieces = [Uint8Array.from(this.tail())]
  }

  /** The beginning; the whole answer when it is short. Valid until another one is read. */
  head(): Buffer {
    return this.#head ?? joined(this.#pieces, headSpace)
  }

  /** Valid until another one is read. */
  tail(): Buffer {
    return joined(this.#pieces, tailSpace)
  }
}

/** Native search is eight times faster for bytes than for a string. The names are few and fixed in code. */
const NEEDLES = new Map<string, Buffer>()

function needleOf(name: string): Buffer {
  let needle = NEEDLES.get(name)
  if (needle === undefined) NEEDLES.set(name, (needle = Buffer.from(`"${name}"`)))
  return needle
}

/** Values that may be passed over: each event of a stream can say `"usage":null`. */
const MAX_PASSED = 8

/** Offset of the value behind a `"name":` at `at`, or -1. */
function valueAt(bytes: Buffer, at: number, size: number): number {
  const colon = skipSpace(bytes, at + size)
  return bytes[colon] === 0x3a ? skipSpace(bytes, colon + 1) : -1
}

/** Offset of the last value of that name that begins with this byte, or -1. Text that quotes JSON holds `\"name\"` and is not met. */
function findLast(bytes: Buffer, name: string, first: number): number {
  const needle = needleOf(name)
  let from = bytes.length
  for (let passed = 0; passed < MAX_PASSED; passed++) {
    const at = bytes.lastIndexOf(needle, from)
    if (at === -1) return -1
    const value = valueAt(bytes, at, needle.length)
    if (value !== -1 && bytes[value] === first) return value
    if (at === 0) return -1
    from = at - 1
  }
  return -1
}

/** The last object of that name: `null` and other values are passed over. */
export function lastObject(bytes: Buffer, name: string): JsonObject | undefined {
  const at = findLast(bytes, name, 0x7b)
  return at === -1 ? undefined : objectAt(bytes, at)
}

function objectAt(bytes: Buffer, at: number): JsonObject | undefined {
  try {
    return asObject(JSON.parse(bytes.toString('utf8', at, skipValue(bytes, at))))
  } catch {
    return undefined
  }
}

/** The first object of that name. */
export function firstObject(bytes: Buffer, name: string): JsonObject | undefined {
  const needle = needleOf(name)
  let at = bytes.indexOf(needle)
  for (let passed = 0; at !== -1 && passed < MAX_PASSED; passed++) {
    const value = valueAt(bytes, at, needle.length)
    if (value !== -1 && bytes[value] === 0x7b) return objectAt(bytes, value)
    at = bytes.indexOf(needle, at + needle.length)
  }
  return undefined
}

function textAt(bytes: Buffer, at: number): string | undefined {
  if (at === -1 || bytes[at] !== QUOTE) return undefined
  try {
    const end = skipString(bytes, at)
    const inner = bytes.toString('utf8', at + 1, end - 1)
    return inner.includes('\\') ? (JSON.parse(`"${inner}"`) as string) : inner
  } catch {
    return undefined
  }
}

/** The first string of that name that is not empty. */
export function firstText(bytes: Buffer, name: string): string | undefined {
  const needle = needleOf(name)
  let at = bytes.indexOf(needle)
  for (let passed = 0; at !== -1 && passed < MAX_PASSED; passed++) {
    const value = valueAt(bytes, at, needle.length)
    if (value !== -1 && bytes[value] === QUOTE && bytes[value + 1] !== QUOTE) return textAt(bytes, value)
    at = bytes.indexOf(needle, at + needle.length)
  }
  return undefined
}

/** The last string of that name: `null` and other values are passed over. */
export const lastText = (bytes: Buffer, name: string) => textAt(bytes, findLast(bytes, name, QUOTE))

const BLANK = Buffer.from('\n\n')

/** Text, thought or arguments in an event of any format. */
export const CONTENT =
  /"(?:content|text|reasoning_content|reasoning|thinking|partial_json|arguments|delta|refusal|data|transcript)"\s*:\s*"[^"]/g

/** How many events a stream has had, judged by the size of those at its end; 0 where none said anything. */
export function estimateEvents(tail: Tail): number {
  const bytes = tail.tail()
  if (bytes.length === 0) return 0
  if (bytes.length === tail.total && latin1(bytes).search(CONTENT) === -1) return 0
  let events = 0
  for (let at = bytes.indexOf(BLANK); at !== -1; at = bytes.indexOf(BLANK, at + 2)) events++
  return Math.round((events * tail.total) / bytes.length)
}
