import { latin1 } from '../../lib/bytes.ts'
import { chunkSize, COLON, CR, digits, fieldValue, indexOfBlankLine, isName, LF, nameEnd } from '../../lib/http1.ts'

const HEAD_LIMIT = 64 * 1024
const CHUNK_LINE_LIMIT = 4096

const STATE = {
  head: 0,
  length: 1,
  chunkSize: 2,
  chunkData: 3,
  chunkEnd: 4,
  trailers: 5,
  untilClose: 6,
  done: 7,
} as const
type State = (typeof STATE)[keyof typeof STATE]

export type ParserOutput = {
  head(status: number, head: ResponseHead): void
  /** What stands between these offsets belongs to the body. The bytes are not changed later. */
  data(bytes: Uint8Array, from: number, to: number): void
  /** The response is whole. `reusable` tells whether the connection may serve another request. */
  end(reusable: boolean, idleSeconds: number | undefined): void
}

/**
 * Reads HTTP/1.1 responses (RFC 9112) strictly: what a proxy could read in two ways is an error. One parser serves one connection;
 * `start` prepares it for the next response. `push` returns an error text, or undefined.
 */
export class ResponseParser {
  #state: State = STATE.done
  #pending: Uint8Array | undefined
  #remaining = 0
  #keepAlive = true
  #idleSeconds: number | undefined
  #headRequest = false
  readonly #output: ParserOutput

  constructor(output: ParserOutput) {
    this.#output = output
  }

  start(method: string): void {
    this.#state = STATE.head
    this.#pending = undefined
    this.#headRequest = method === 'HEAD'
  }

  get done(): boolean {
    return this.#state === STATE.done
  }

  /** The peer closed its side: true when that is a proper end of the response. */
  close(): boolean {
    if (this.#state !== STATE.untilClose) return this.#state === STATE.done
    this.#finish(false)
    return true
  }

  push(input: Uint8Array): string | undefined {
    let bytes = input
    if (this.#pending) {
      bytes = Buffer.concat([this.#pending, input])
      this.#pending = undefined
    }
    let at = 0
    while (at < bytes.length) {
      switch (this.#state) {
        case STATE.head: {
          const end = indexOfBlankLine(bytes, at)
          if (end < 0) return this.#keep(bytes, at, HEAD_LIMIT, 'response headers are larger than 64 KiB')
          const problem = this.#readHead(bytes, at, end)
          if (problem) return problem
          at = end + 4
          break
        }
        case STATE.length:
        case STATE.chunkData: {
          const size = Math.min(this.#remaining, bytes.length - at)
          this.#output.data(bytes, at, at + size)
          at += size
          this.#remaining -= size
          if (this.#remaining === 0) {
            if (this.#state === STATE.chunkData) this.#state = STATE.chunkEnd
            else this.#finish(this.#keepAlive && at === bytes.length)
          }
          break
        }
        case STATE.chunkSize: {
          const end = endOfLine(bytes, at)
          if (end < 0) return this.#keep(bytes, at, CHUNK_LINE_LIMIT, 'a chunk-size line is too long')
          const size = chunkSize(bytes, at, end)
          if (size < 0) return 'a chunk size is not valid'
          at = end + 1
          this.#remaining = size
          this.#state = size === 0 ? STATE.trailers : STATE.chunkData
          break
        }
        case STATE.chunkEnd: {
          if (bytes.length - at < 2) return this.#keep(bytes, at, 2, '')
          if (bytes[at] !== CR || bytes[at + 1] !== LF) return 'a chunk does not end where it says'
          at += 2
          this.#state = STATE.chunkSize
          break
        }
        case STATE.trailers: {
          const end = bytes.indexOf(LF, at)
          if (end < 0) return this.#keep(bytes, at, HEAD_LIMIT, 'trailers are too long')
          const blank = end === at || (end === at + 1 && bytes[at] === CR)
          at = end + 1
          if (blank) this.#finish(this.#keepAlive && at === bytes.length)
          break
        }
        case STATE.untilClose:
          this.#output.data(bytes, at, bytes.length)
          at = bytes.length
          break
        case STATE.done:
          // Bytes that nobody asked for: the caller drops the connection.
          return 'the upstream sent bytes after its response'
      }
    }
    return undefined
  }

  #keep(bytes: Uint8Array, from: number, limit: number, problem: string): string | undefined {
    if (problem && bytes.length - from > limit) return problem
    this.#pending = bytes.slice(from)
    return undefined
  }

  #finish(reusable: boolean): void {
    this.#state = STATE.done
    this.#output.end(reusable, this.#idleSeconds)
  }

  /** `from` to `end` is the head without its blank line. */
  #readHead(bytes: Uint8Array, from: number, end: number): string | undefined {
    const status = statusOf(bytes, from)
    if (status < 0) return status === -1 ? 'the answer is not HTTP/1.1' : 'the status line is not valid'
    let length = -1
    let chunked = false
    let typeAt = -1
    let encodingAt = -1
    this.#keepAlive = bytes[from + 7] === 49
    this.#idleSeconds = undefined
    let at = bytes.indexOf(LF, from)
    at = at < 0 || at > end ? end + 2 : at + 1
    while (at < end) {
      const colon = nameEnd(bytes, at, end)
      if (colon < 0) return 'a response header name is not valid'
      let lineEnd = bytes.indexOf(CR, colon)
      if (lineEnd < 0 || lineEnd > end) lineEnd = end
      const size = colon - at
      // Only headers of these lengths concern the framing or are asked for in every call: the others are read when somebody asks.
      if (size === 12 && typeAt < 0 && isName(bytes, at, 'content-type')) typeAt = colon
      else if (size === 16 && encodingAt < 0 && isName(bytes, at, 'content-encoding')) encodingAt = colon
      else if (size === 14 && isName(bytes, at, 'content-length')) {
        const value = digits(bytes, colon + 1, lineEnd)
        if (value < 0) return 'content-length is not a number'
        if (length >= 0 && length !== value) return 'two different content-length headers'
        length = value
      } else if (size === 17 && isName(bytes, at, 'transfer-encoding')) {
        const value = latin1(bytes, colon + 1, lineEnd).trim()
        if (value.toLowerCase() !== 'chunked' || chunked) return `transfer-encoding "${value}" is not supported`
        chunked = true
      } else if (size === 10 && isName(bytes, at, 'connection')) {
        // Nearly always "keep-alive", which is read without making a string.
        if (lineEnd - colon === 12 && isName(bytes, colon + 2, 'keep-alive')) this.#keepAlive = true
        else {
          const wanted = latin1(bytes, colon + 1, lineEnd).toLowerCase()
          if (wanted.includes('close')) this.#keepAlive = false
          else if (wanted.includes('keep-alive')) this.#keepAlive = true
        }
      } else if (size === 10 && isName(bytes, at, 'keep-alive')) {
        const seconds = /timeout=(\d+)/.exec(latin1(bytes, colon + 1, lineEnd))?.[1]
        if (seconds) this.#idleSeconds = Number(seconds)
      }
      at = lineEnd + 2
    }
    if (chunked && length >= 0) return 'both content-length and transfer-encoding'
    if (status === 101) return 'the upstream switched protocols unasked'
    if (status < 200) return undefined
    this.#beginBody(status, chunked, length)
    this.#output.head(status, new ResponseHead(bytes, from, end, typeAt, encodingAt))
    if (this.#remaining === 0 && this.#state === STATE.length) this.#finish(this.#keepAlive)
    return undefined
  }

  #beginBody(status: number, chunked: boolean, length: number): void {
    this.#remaining = 0
    if (this.#headRequest || status === 204 || status === 304) this.#state = STATE.length
    else if (chunked) this.#state = STATE.chunkSize
    else if (length >= 0) {
      this.#state = STATE.length
      this.#remaining = length
    } else this.#state = STATE.untilClose
  }
}

/** The status code; -1 when the line is none of HTTP/1.x, -2 when it is damaged. */
function statusOf(bytes: Uint8Array, at: number): number {
  // "HTTP/1." and a space behind the minor version.
  if (bytes[at] !== 72 || bytes[at + 1] !== 84 || bytes[at + 2] !== 84 || bytes[at + 3] !== 80) return -1
  if (bytes[at + 4] !== 47 || bytes[at + 5] !== 49 || bytes[at + 6] !== 46 || bytes[at + 8] !== 32) return -1
  let status = 0
  for (let offset = 9; offset < 12; offset++) {
    const digit = bytes[at + offset]! - 48
    if (!(digit >= 0 && digit <= 9)) return -2
    status = status * 10 + digit
  }
  return status >= 100 && status <= 599 ? status : -2
}

/** The headers of a response, read when they are asked for: most calls never ask. Framing headers are left out. */
export class ResponseHead {
  readonly #bytes: Uint8Array
  readonly #from: number
  readonly #end: number
  /** The colons of the two headers that every call asks for; -1 where there is none. */
  readonly #typeAt: number
  readonly #encodingAt: number
  #list: [string, string][] | undefined
  #type: string | undefined

  constructor(bytes: Uint8Array, from: number, end: number, typeAt: number, encodingAt: number) {
    this.#bytes = bytes
    this.#from = from
    this.#end = end
    this.#typeAt = typeAt
    this.#encodingAt = encodingAt
  }

  /** Names in lower case, in the order of arrival. */
  get list(): readonly (readonly [string, string])[] {
    if (this.#list) return this.#list
    const lines = latin1(this.#bytes, this.#from, this.#end).split('\r\n').slice(1)
    const pairs = lines.map((line): [string, string] => {
      const colon = line.indexOf(':')
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
    })
    return (this.#list = pairs.filter(([name]) => !FRAMING.has(name)))
  }

  /** The first value of that name, in lower case. */
  get(name: string): string | undefined {
    if (name === 'content-type') return (this.#type ??= this.#valueAt(this.#typeAt))
    if (name === 'content-encoding') return this.#valueAt(this.#encodingAt)
    const bytes = this.#bytes
    const end = this.#end
    for (let at = bytes.indexOf(LF, this.#from) + 1; at > 0 && at < end; at = bytes.indexOf(LF, at) + 1) {
      const colon = at + name.length
      if (bytes[colon] === COLON && isName(bytes, at, name)) return this.#valueAt(colon)
    }
    return undefined
  }

  #valueAt(colon: number): string | undefined {
    if (colon < 0) return undefined
    const lineEnd = this.#bytes.indexOf(CR, colon)
    return fieldValue(this.#bytes, colon + 1, lineEnd < 0 || lineEnd > this.#end ? this.#end : lineEnd)
  }

  toHeaders(): Headers {
    const headers = new Headers()
    for (const [name, value] of this.list) headers.append(name, value)
    return headers
  }
}

const FRAMING = new Set(['content-length', 'transfer-encoding', 'connection', 'keep-alive'])

/** Offset of the line feed; a chunk's size line is short, so that a search by hand is quicker than a call. */
function endOfLine(bytes: Uint8Array, from: number): number {
  const near = Math.min(bytes.length, from + 8)
  for (let at = from; at < near; at++) if (bytes[at] === LF) return at
  return bytes.indexOf(LF, near)
}
