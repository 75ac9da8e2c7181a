// The two ends of an answer that passes through: where vendors name the model and where they count the tokens.
import { latin1, putBytes } from '../../lib/bytes.ts'
import type { JsonObject } from '../spec.ts'
import { asObject } from '../json.ts'
import { QUOTE, skipSpace, skipString, skipValue } from './json-scan.ts'

const HEAD_BYTES = 4096
const TAIL_BYTES = 32_768
/** Room at first; it grows fourfold up to what may be kept, so that a short answer holds little. */
const FIRST_ROOM = 8192
const MOST_ROOM = 2 * TAIL_BYTES
const NOTHING = new Uint8Array()

/** Keeps copies of the first 4 KiB and the last 32 to 64 KiB. */
export class Tail {
  total = 0
  #used = 0
  #space = NOTHING
  /** Set when the beginning is about to be lost. */
  #head: Buffer | undefined

  push(bytes: Uint8Array, from = 0, to = bytes.length): void {
    const size = to - from
    if (this.#used + size > this.#space.length) this.#makeRoom(bytes, from, to)
    this.total += size
    const first = Math.max(from, to - MOST_ROOM)
    this.#used = putBytes(this.#space, this.#used, bytes, first, to)
  }

  /** Grows while that is allowed; then forgets what is behind the last 32 KiB, as much as it must. */
  #makeRoom(bytes: Uint8Array, from: number, to: number): void {
    const needed = this.#used + to - from
    if (this.#space.length < MOST_ROOM) {
      let room = Math.max(FIRST_ROOM, this.#space.length * 4)
      while (room < needed && room < MOST_ROOM) room *= 4
      const larger = Buffer.allocUnsafeSlow(Math.min(room, MOST_ROOM))
      putBytes(larger, 0, this.#space, 0, this.#used)
      this.#space = larger
      if (needed <= larger.length) return
    }
    this.#head ??= Buffer.concat([this.tail(), bytes.subarray(from, Math.min(to, from + HEAD_BYTES))]).subarray(
      0,
      HEAD_BYTES,
    )
    const kept = Math.min(this.#used, Math.max(0, TAIL_BYTES - (to - from)))
    this.#space.copyWithin(0, this.#used - kept, this.#used)
    this.#used = kept
  }

  /** The beginning; the whole answer when it is short. Valid until more comes. */
  head(): Buffer {
    return this.#head ?? this.#view(Math.min(this.#used, HEAD_BYTES))
  }

  /** Valid until more comes. */
  tail(): Buffer {
    return this.#view(this.#used)
  }

  #view(size: number): Buffer {
    return Buffer.from(this.#space.buffer, this.#space.byteOffset, size)
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
