// Server-sent events, byte by byte: https://html.spec.whatwg.org/multipage/server-sent-events.html

import { utf8 } from '../../lib/bytes.ts'

/** `event` is empty when the sender named none. */
export type OnSseEvent = (data: string, event: string) => void

export type SseParser = {
  push(bytes: Uint8Array): void
  /** Dispatches an event that the sender did not close with an empty line. */
  end(): void
  /** Text that is no event stream at all, such as a JSON error that was sent in place of one; at most 8 KiB. */
  stray(): string
}

/** An event that never ends must not eat the memory; events of 1 MiB are normal. */
export const MAX_EVENT_BYTES = 4 * 1024 * 1024

const MAX_STRAY = 8192
const LF = 10
const CR = 13
const COLON = 58
const SPACE = 32
const EMPTY = Buffer.alloc(0)

export class EventTooLarge extends Error {
  override readonly name = 'EventTooLarge'
}

/** Calls `onEvent` for each event with data. Lines may end in LF, CRLF or CR; comments, ids and retry times are skipped. */
export function createSseParser(onEvent: OnSseEvent, maxEventBytes = MAX_EVENT_BYTES): SseParser {
  /** Bytes of a line that has not ended; `held` of them are in use and the first `scanned` hold no line end. */
  let pending: Buffer = EMPTY
  let held = 0
  let data = ''
  let hasData = false
  let dataBytes = 0
  let event = ''
  let started = false
  let skipLf = false
  let stray = ''

  const dispatch = () => {
    if (hasData) onEvent(data, event)
    data = ''
    hasData = false
    dataBytes = 0
    event = ''
  }

  const addData = (buffer: Uint8Array, from: number, to: number) => {
    dataBytes += to - from
    if (dataBytes > maxEventBytes) throw new EventTooLarge(`an event is larger than ${maxEventBytes} bytes`)
    const text = utf8(buffer, from, to)
    data = hasData ? `${data}\n${text}` : text
    hasData = true
  }

  const line = (buffer: Uint8Array, start: number, stop: number) => {
    let from = start
    if (!started) {
      started = true
      if (buffer[from] === 0xef && buffer[from + 1] === 0xbb && buffer[from + 2] === 0xbf) from += 3
    }
    if (from >= stop) return dispatch()
    // "data:" is nearly every line; anything else is read as text.
    if (
      stop - from >= 5 &&
      buffer[from] === 0x64 &&
      buffer[from + 1] === 0x61 &&
      buffer[from + 2] === 0x74 &&
      buffer[from + 3] === 0x61 &&
      buffer[from + 4] === COLON
    ) {
      return addData(buffer, buffer[from + 5] === SPACE && from + 5 < stop ? from + 6 : from + 5, stop)
    }
    if (buffer[from] === COLON) return
    const text = utf8(buffer, from, Math.min(stop, from + MAX_STRAY))
    if (text.startsWith('event:')) event = text.slice(text[6] === ' ' ? 7 : 6)
    else if (text === 'data') addData(buffer, stop, stop)
    else if (!/^(?:id|retry|event)(?::|$)/.test(text) && stray.length < MAX_STRAY) stray += `${text}\n`
  }

  /** Reads the ended lines of `buffer` from `start` on; gives the offset of the first byte that is left. */
  const lines = (buffer: Uint8Array, start: number, search: number, stop: number): number => {
    let from = start
    if (buffer.indexOf(CR, search) === -1) {
      skipLf = false
      for (let at = buffer.indexOf(LF, search); at !== -1 && at < stop; at = buffer.indexOf(LF, from)) {
        line(buffer, from, at)
        from = at + 1
      }
      return from
    }
    for (let at = search; at < stop; at++) {
      const byte = buffer[at]
      if (byte !== LF && byte !== CR) continue
      if (byte === LF && skipLf && at === from) {
        skipLf = false
        from = at + 1
        continue
      }
      line(buffer, from, at)
      from = at + 1
      skipLf = byte === CR
    }
    if (from < stop) skipLf = false
    return from
  }

  const hold = (bytes: Uint8Array) => {
    if (held + bytes.length > maxEventBytes + 64) {
      throw new EventTooLarge(`an event is larger than ${maxEventBytes} bytes`)
    }
    if (held + bytes.length > pending.length) {
      const grown = Buffer.allocUnsafe(Math.max(256, held + bytes.length, pending.length * 2))
      pending.copy(grown, 0, 0, held)
      pending = grown
    }
    pending.set(bytes, held)
    held += bytes.length
  }

  return {
    push(bytes) {
      if (bytes.length === 0) return
      if (held === 0) {
        let start = 0
        if (skipLf) {
          skipLf = false
          if (bytes[0] === LF) start = 1
        }
        const left = lines(bytes, start, start, bytes.length)
        if (left < bytes.length) hold(bytes.subarray(left))
        return
      }
      const search = held
      // A piece larger than the limit may still hold many small events: only what stays unended counts.
      const end = bytes.indexOf(LF)
      if (end === -1 && bytes.indexOf(CR) === -1) return hold(bytes)
      hold(bytes.length > maxEventBytes ? bytes.subarray(0, end + 1) : bytes)
      const view = pending.subarray(0, held)
      const left = lines(view, 0, search, held)
      const rest = held - left
      if (rest > 0 && left > 0) pending.copyWithin(0, left, held)
      held = rest
      if (rest === 0 && pending.length > 65536) pending = EMPTY
      if (bytes.length > maxEventBytes) this.push(bytes.subarray(end + 1))
    },
    end() {
      if (held > 0) {
        const rest = held
        held = 0
        line(pending, 0, rest)
      }
      dispatch()
    },
    stray: () => stray,
  }
}
