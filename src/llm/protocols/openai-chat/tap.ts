// Watches a chat completion that passes through: keeps the two ends, and holds back the usage chunk that the client did not ask for.
import { findBytes } from '../../../lib/bytes.ts'
import { asArray, asNumber, asObject, asText } from '../../json.ts'
import { failureIn, vendorError } from '../../errors.ts'
import type { Json, JsonObject } from '../../spec.ts'
import type { Quirks } from '../../target.ts'
import type { TapOptions, TapReport, UsageTap } from '../../protocol.ts'
import { Choices, readChoices } from '../../stream/choices.ts'
import { endOfEvents, isWholeEvent, saysDone } from '../../stream/events.ts'
import { CLOSE_ARRAY, OPEN_ARRAY, skipSpace } from '../../stream/json-scan.ts'
import { estimateEvents, firstText, lastObject, lastText, Tail } from '../../stream/tail.ts'
import { UNBELIEVED } from '../../usage.ts'
import { readFinish } from './finish.ts'
import { isDuration, readUsage } from './usage.ts'

const NOTHING = Buffer.alloc(0)
const SPACE = 0x20
const CHOICES = Buffer.from('"choices"')
const DONE = Buffer.from('data: [DONE]\n\n')
/** The last event of a transcription; in a text its quotes are escaped. */
const TRANSCRIBED = [Buffer.from('"type":"transcript.text.done"'), Buffer.from('"type": "transcript.text.done"')]
const BLANK = Buffer.from('\n\n')
const BLANK_CRLF = Buffer.from('\r\n\r\n')
/** More than this without an event's end is let through unread. */
const MAX_HELD = 1024 * 1024

/** Whether the event has an empty `choices` and a usage object: the chunk that `include_usage` adds. */
function isUsageChunk(event: Buffer): boolean {
  const at = event.indexOf(CHOICES)
  if (at === -1) return false
  let next = skipSpace(event, at + CHOICES.length)
  if (event[next] !== 0x3a) return false
  next = skipSpace(event, next + 1)
  if (event[next] !== 0x5b || event[skipSpace(event, next + 1)] !== 0x5d) return false
  return lastObject(event, 'usage') !== undefined
}

/** Whether any `choices` is empty: the usage chunk's are. */
function hasEmptyChoices(bytes: Uint8Array): boolean {
  for (let at = findBytes(bytes, CHOICES); at !== -1; at = findBytes(bytes, CHOICES, at + CHOICES.length)) {
    const value = skipSpace(bytes, skipSpace(bytes, at + CHOICES.length) + 1)
    if (bytes[value] === 0x5b && bytes[skipSpace(bytes, value + 1)] === 0x5d) return true
  }
  return false
}

/** Whether any list is empty, which is seldom so and quickly seen. */
function hasEmptyList(bytes: Uint8Array): boolean {
  for (let at = 1; at < bytes.length; at++) {
    if (bytes[at] !== CLOSE_ARRAY) continue
    let before = at - 1
    while (bytes[before]! <= SPACE) before--
    if (bytes[before] === OPEN_ARRAY) return true
  }
  return false
}

/** The whole events without the usage chunks. Nearly always the same bytes. */
function withoutUsage(bytes: Uint8Array): Uint8Array {
  return hasEmptyList(bytes) && hasEmptyChoices(bytes)
    ? withoutUsageChunks(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
    : bytes
}

function withoutUsageChunks(bytes: Buffer): Buffer {
  let kept: Buffer[] | undefined
  let keptFrom = 0
  for (let from = 0; from < bytes.length;) {
    const plain = bytes.indexOf(BLANK, from)
    let to = plain === -1 ? -1 : plain + 2
    if (plain === -1) {
      const crlf = bytes.indexOf(BLANK_CRLF, from)
      to = crlf === -1 ? bytes.length : crlf + 4
    }
    if (isUsageChunk(from === 0 && to === bytes.length ? bytes : bytes.subarray(from, to))) {
      kept ??= []
      if (from > keptFrom) kept.push(bytes.subarray(keptFrom, from))
      keptFrom = to
    }
    from = to
  }
  if (kept === undefined) return bytes
  if (keptFrom < bytes.length) kept.push(bytes.subarray(keptFrom))
  return kept.length === 1 ? (kept[0] as Buffer) : Buffer.concat(kept)
}

/** How many answers told why they stopped, where all that spoke did; else 0. Where one was asked for, the end of the stream shows it. */
function stoppedIn(end: Buffer, choices: Choices | undefined): number {
  if (choices) return choices.stopped()
  return lastText(end, 'finish_reason') === undefined || Choices.anyOpen(end, readChoices) ? 0 : 1
}

/** What the ends of the answer tell, in the shapes of all vendors that speak the format. */
function reportOf(tail: Tail, stream: boolean, options: TapOptions, choices: Choices | undefined): TapReport {
  const head = tail.head()
  const end = tail.tail()
  const raw = lastObject(end, 'usage') ?? lastObject(head, 'usage')
  const usage = raw === undefined || isDuration(raw) ? undefined : readUsage(raw, options.quirks)
  const finish = lastText(end, 'finish_reason')
  const model = firstText(head, 'model')
  const id = firstText(head, 'id')
  const failure: JsonObject | undefined = lastObject(end, 'error')
  const failed = failure !== undefined && (asNumber(failure['code']) !== undefined || failure['message'] !== undefined)
  const marked = stream && saysDone(end, 64)
  const done = stream ? marked || stoppedIn(end, choices) > 0 || isTranscribed(end) : endsWhole(end)
  return {
    ...(usage === undefined ? {} : { usage }),
    ...(finish === undefined ? {} : { finish: readFinish(finish) }),
    ...(model === undefined ? {} : { model }),
    ...(id === undefined ? {} : { id }),
    ...(failed ? { error: vendorError(failureIn({ error: failure })) } : {}),
    complete: done && !failed,
    estimatedOutput: stream && (usage === undefined ? !marked : usage === UNBELIEVED) ? estimateEvents(tail) : 0,
  }
}

/** What a whole answer tells, whatever the endpoint: every one of them puts usage and errors in the same places. */
export function readReport(body: Json, quirks: Quirks): TapReport {
  const answer = asObject(body) ?? {}
  const usage = asObject(answer['usage'])
  const finish = asText(asObject(asArray(answer['choices'])[0])?.['finish_reason'])
  const model = asText(answer['model'])
  const id = asText(answer['id'])
  const failure = asObject(answer['error'])
  return {
    ...(usage === undefined || isDuration(usage) ? {} : { usage: readUsage(usage, quirks) }),
    ...(finish === undefined ? {} : { finish: readFinish(finish) }),
    ...(model === undefined ? {} : { model }),
    ...(id === undefined ? {} : { id }),
    ...(failure === undefined ? {} : { error: vendorError(failureIn({ error: failure })) }),
    complete: failure === undefined,
    estimatedOutput: 0,
  }
}

/** Whether a streamed transcription is whole, which ends without a mark. */
function isTranscribed(end: Uint8Array): boolean {
  return TRANSCRIBED.some((event) => findBytes(end, event) !== -1)
}

function endsWhole(end: Buffer): boolean {
  for (let at = end.length - 1; at >= 0; at--) {
    const byte = end[at] as number
    if (byte > 0x20) return byte === 0x7d || byte === 0x5d
  }
  return false
}

export function createChatTap(stream: boolean, options: TapOptions = {}): UsageTap {
  const tail = new Tail()
  let held: Buffer = NOTHING
  const strip = stream && options.stripUsage === true
  const asked = options.asked ?? 1
  const choices = stream && asked > 1 ? new Choices(readChoices) : undefined
  return {
    push(bytes) {
      tail.push(bytes)
      choices?.push(bytes)
      if (!strip) return bytes
      const buffer = held.length === 0 ? bytes : Buffer.concat([held, bytes])
      const whole = endOfEvents(buffer)
      if (whole === buffer.length) {
        held = NOTHING
        return withoutUsage(buffer)
      }
      if (buffer.length - whole > MAX_HELD) {
        held = NOTHING
        return buffer
      }
      held = Buffer.from(buffer.subarray(whole))
      return whole === 0 ? NOTHING : withoutUsage(buffer.subarray(0, whole))
    },
    passes(bytes, from, to, hasEmptyList) {
      // The usage chunk's choices are an empty list.
      if (choices || held.length > 0 || (strip && hasEmptyList)) return false
      tail.push(bytes, from, to)
      return true
    },
    flush() {
      const rest = held
      held = NOTHING
      if (!stream) return rest
      choices?.end()
      // A vendor that forgets the end mark has still ended: its clients wait for the mark.
      const end = tail.tail()
      const missing = !saysDone(end, 64) && stoppedIn(end, choices) > 0
      const kept = rest.length > 0 && (isUsageChunk(rest) || !isWholeEvent(rest)) ? NOTHING : rest
      if (!missing) return kept
      const close = kept.length === 0 || kept.subarray(-2).equals(BLANK) ? NOTHING : BLANK
      return kept.length === 0 ? DONE : Buffer.concat([kept, close, DONE])
    },
    told: () => stream && (stoppedIn(tail.tail(), choices) >= asked || isTranscribed(tail.tail())),
    report: () => reportOf(tail, stream, options, choices),
  }
}
