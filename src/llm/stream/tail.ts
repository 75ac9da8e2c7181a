// The two ends of an answer that passes through: where vendors name the model and where they count the tokens.
import type { JsonObject } from '../spec.ts'
import { asObject } from '../json.ts'
import { QUOTE, skipSpace, skipString, skipValue } from './json-scan.ts'

const HEAD_BYTES = 4096
const TAIL_BYTES = 16384
const EMPTY = Buffer.alloc(0)

/** Keeps copies of at most the first 4 KiB and the last 16 to 32 KiB. */
export class Tail {
  total = 0
  #head: Buffer = EMPTY
  #buffer: Buffer = EMPTY
  #used = 0

  push(bytes: Uint8Array): void {
    this.total += bytes.length
    const room = this.#buffer.length - this.#used
    if (bytes.length > room) this.#makeRoom(bytes.length)
    if (bytes.length >= this.#buffer.length) {
      if (this.#head.length === 0) this.#head = Buffer.from(bytes.subarray(0, HEAD_BYTES))
      this.#buffer.set(bytes.subarray(bytes.length - this.#buffer.length), 0)
      this.#used = this.#buffer.length
      return
    }
    this.#buffer.set(bytes, this.#used)
    this.#used += bytes.length
  }

  #makeRoom(size: number): void {
    const needed = this.#used + size
    if (needed <= 2 * TAIL_BYTES) {
      // Steps this large, for a new buffer costs more than the room that a short answer wastes.
      const grown = Buffer.allocUnsafe(Math.min(2 * TAIL_BYTES, Math.max(1024, needed, this.#buffer.length * 8)))
      this.#buffer.copy(grown, 0, 0, this.#used)
      this.#buffer = grown
      return
    }
    if (this.#head.length === 0 && this.#used > 0) this.#head = Buffer.from(this.#buffer.subarray(0, HEAD_BYTES))
    if (this.#buffer.length < 2 * TAIL_BYTES) {
      const grown = Buffer.allocUnsafe(2 * TAIL_BYTES)
      this.#buffer.copy(grown, 0, 0, this.#used)
      this.#buffer = grown
    }
    const keep = Math.max(0, Math.min(this.#used, TAIL_BYTES, 2 * TAIL_BYTES - size))
    this.#buffer.copyWithin(0, this.#used - keep, this.#used)
    this.#used = keep
  }

  /** The beginning; the whole answer when it is short. */
  head(): Buffer {
    return this.#head.length > 0 ? this.#head : this.#buffer.subarray(0, Math.min(this.#used, HEAD_BYTES))
  }

  tail(): Buffer {
    return this.#buffer.subarray(0, this.#used)
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

/** How many events a stream has had, judged by the size of those at its end. */
export function estimateEvents(tail: Tail): number {
  const bytes = tail.tail()
  if (bytes.length === 0) return 0
  let events = 0
  for (let at = bytes.indexOf(BLANK); at !== -1; at = bytes.indexOf(BLANK, at + 2)) events++
  return Math.round((events * tail.total) / bytes.length)
}
