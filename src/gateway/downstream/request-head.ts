import { latin1, spells } from '../../lib/bytes.ts'
import { CR, digits, fieldValue, isName, LF, nameEnd, valueEnd, valueStart } from '../../lib/http1.ts'
import type { PeerMemory } from './peer.ts'

/** Why a request cannot be read, and the status that says so. */
export type Malformed = { readonly status: number; readonly problem: string }

const SPACE = 32
const MAX_HEADERS = 100
const HOST = /^[A-Za-z0-9._:[\]-]{1,255}$/

/** Places of texts that are no header's own: those have even numbers. */
const TARGET = 1
const HOST_TEXT = 3

/** The valid host of the last request: nearly always this one's too. */
let lastHost = ''

/**
 * Request line and headers (RFC 9112), read strictly: what two readers could understand in two ways is refused. The values of headers are
 * made when somebody asks for them.
 */
export class RequestHead {
  method = ''
  /** Path and query, as they were sent. */
  target = ''
  /** HTTP/1.0: knows no chunks and no second request. */
  old = false
  keepAlive = true
  /** Bytes of the body; -1 when they come in chunks. */
  length = 0
  expectsContinue = false
  readonly #bytes: Uint8Array
  /** For each header: where its name begins, where its colon is; then where the next one would begin. A line ends two bytes before that. */
  readonly #places: number[] = []
  /** Where the first header begins. */
  #fields = 0

  readonly #memory: PeerMemory

  private constructor(bytes: Uint8Array, memory: PeerMemory) {
    this.#bytes = bytes
    this.#memory = memory
  }

  /** `from` to `end` is the head without its blank line. */
  static read(bytes: Uint8Array, from: number, end: number, memory: PeerMemory): RequestHead | Malformed {
    const head = new RequestHead(bytes, memory)
    return head.#readLine(bytes, from, end) ?? head.#readFields(bytes, end) ?? head
  }

  /** The first value of that name, which is given in lower case. */
  header(name: string): string | undefined {
    const places = this.#places
    const bytes = this.#bytes
    for (let index = 0; index + 2 < places.length; index += 2) {
      const at = places[index]!
      const colon = places[index + 1]!
      if (colon - at === name.length && isName(bytes, at, name)) return this.#valueAt(index)
    }
    return undefined
  }

  /** The value of the header whose places begin at `index`. */
  #valueAt(index: number): string {
    const bytes = this.#bytes
    const from = valueStart(bytes, this.#places[index + 1]! + 1)
    return this.#memory.text(index, bytes, from, valueEnd(bytes, from, this.#places[index + 2]! - 2))
  }

  toHeaders(): Headers {
    const headers = new Headers()
    const places = this.#places
    for (let index = 0; index + 2 < places.length; index += 2) {
      const colon = places[index + 1]!
      headers.append(
        latin1(this.#bytes, places[index]!, colon),
        fieldValue(this.#bytes, colon + 1, places[index + 2]! - 2),
      )
    }
    return headers
  }

  #readLine(bytes: Uint8Array, from: number, end: number): Malformed | undefined {
    let at = from
    while (at < end && bytes[at]! >= 65 && bytes[at]! <= 90) at++
    if (at === from || at - from > 20 || bytes[at] !== SPACE) return bad('the request line is not valid')
    this.method = methodOf(bytes, from, at)
    const target = at + 1
    for (at = target; at < end && bytes[at]! > SPACE && bytes[at]! < 127; at++);
    if (at === target || bytes[at] !== SPACE) return bad('the request target is not valid: encode it')
    if (bytes[target] !== 47)
      return bad('the request target is not a path: send one that begins with "/", and name the host in Host')
    this.target = this.#memory.text(TARGET, bytes, target, at)
    const version = at + 1
    const lineEnd = version + 8
    if (!(lineEnd <= end && isHttp(bytes, version)) || (lineEnd < end && bytes[lineEnd] !== CR))
      return bad('the request line does not end in an HTTP version')
    if (bytes[version + 5] !== 49 || (bytes[version + 7] !== 49 && bytes[version + 7] !== 48))
      return { status: 505, problem: 'this server speaks HTTP/1.1' }
    this.old = bytes[version + 7] === 48
    this.keepAlive = !this.old
    this.#fields = lineEnd + 2
    return undefined
  }

  #readFields(bytes: Uint8Array, end: number): Malformed | undefined {
    const places = this.#places
    let hosts = 0
    let length = -1
    let chunked = false
    let keys = 0
    for (let at = this.#fields; at < end;) {
      const colon = nameEnd(bytes, at, end)
      if (colon < 0) return bad('a header name is not valid')
      let lineEnd = colon + 1
      for (let byte = bytes[lineEnd]!; lineEnd < end && byte !== CR; byte = bytes[++lineEnd]!) {
        if ((byte < SPACE && byte !== 9) || byte === 127) return bad('a header value holds a control character')
      }
      if (lineEnd < end && bytes[lineEnd + 1] !== LF) return bad('a header value holds a control character')
      if (places.length === MAX_HEADERS * 2) return { status: 431, problem: `more than ${MAX_HEADERS} headers` }
      places.push(at, colon)
      // Only headers of these lengths can concern the framing, or hold a key: the others are read when somebody asks.
      const size = colon - at
      if (size === 4 && isName(bytes, at, 'host')) {
        hosts++
        const start = valueStart(bytes, colon + 1)
        const host = this.#memory.text(HOST_TEXT, bytes, start, valueEnd(bytes, start, lineEnd))
        if (host !== lastHost && !HOST.test(host)) return bad('the Host header is not valid')
        lastHost = host
      } else if (size === 14 && isName(bytes, at, 'content-length')) {
        if (length >= 0) return bad('there are two content-length headers')
        length = digits(bytes, colon + 1, lineEnd)
        if (length < 0) return bad('content-length is not a number')
      } else if (size === 17 && isName(bytes, at, 'transfer-encoding')) {
        if (chunked || fieldValue(bytes, colon + 1, lineEnd).toLowerCase() !== 'chunked')
          return bad('the only transfer-encoding that is understood is "chunked"')
        chunked = true
      } else if (size === 10 && isName(bytes, at, 'connection')) this.#readConnection(bytes, colon + 1, lineEnd)
      else if (size === 6 && isName(bytes, at, 'expect')) {
        if (fieldValue(bytes, colon + 1, lineEnd).toLowerCase() === '100-continue') this.expectsContinue = !this.old
      } else if (size === 13 || size === 9 || size === 7 || size === 14) {
        const key = keyAt(bytes, at, size)
        if ((keys & key) !== 0 && this.header(KEYS[key]!) !== fieldValue(bytes, colon + 1, lineEnd))
          return bad(`there are two different ${KEYS[key]} headers: send one`)
        keys |= key
      }
      at = lineEnd + 2
    }
    places.push(end + 2)
    if (hosts > 1 || (hosts === 0 && !this.old)) return bad('there must be one Host header')
    if (chunked && (length >= 0 || this.old)) return bad('the length of the body is told in two ways')
    this.length = chunked ? -1 : Math.max(0, length)
    return undefined
  }

  #readConnection(bytes: Uint8Array, from: number, to: number): void {
    const wanted = fieldValue(bytes, from, to).toLowerCase()
    if (wanted.includes('close')) this.keepAlive = false
    else if (wanted.includes('keep-alive')) this.keepAlive = true
  }
}

/** Where a client's key may stand; each name has a bit. */
const KEYS: Readonly<Record<number, string>> = { 1: 'authorization', 2: 'x-api-key', 4: 'api-key', 8: 'x-goog-api-key' }

/** The bit of the header for a key that stands here; 0 where none does. */
function keyAt(bytes: Uint8Array, at: number, size: number): number {
  if (size === 13) return isName(bytes, at, 'authorization') ? 1 : 0
  if (size === 9) return isName(bytes, at, 'x-api-key') ? 2 : 0
  if (size === 7) return isName(bytes, at, 'api-key') ? 4 : 0
  return isName(bytes, at, 'x-goog-api-key') ? 8 : 0
}

function bad(problem: string): Malformed {
  return { status: 400, problem }
}

/** "HTTP/" and a digit, a dot and a digit. */
function isHttp(bytes: Uint8Array, at: number): boolean {
  return spells(bytes, at, 'HTTP/') && bytes[at + 6] === 46
}

/** Without making a string for the usual ones. */
function methodOf(bytes: Uint8Array, from: number, to: number): string {
  for (const method of USUAL) if (to - from === method.length && spells(bytes, from, method)) return method
  return latin1(bytes, from, to)
}

const USUAL = ['POST', 'GET'] as const
