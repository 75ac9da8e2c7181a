import { AppError } from '../../errors.ts'
import { part } from '../../lib/bytes.ts'
import { chunkSize, CR, LF } from '../../lib/http1.ts'

const CHUNK_LINE_LIMIT = 4_096
const TRAILER_LIMIT = 16 * 1024

/** Nobody has said yet how much he will read: what a socket brings at once. */
const UNASKED_LIMIT = 1024 * 1024

const SEMICOLON = 59
const NOTHING = new Uint8Array()

type Waiting = { readonly resolve: (body: Uint8Array) => void; readonly reject: (error: AppError) => void }

/** Collects the body of one request, measured or in chunks, while it arrives. */
export class BodyBuffer {
  /** The request is whole: what comes now belongs to the next one. */
  whole = false
  /** What came first; nearly always all there is. */
  #first: Uint8Array | undefined
  #more: Uint8Array[] | undefined
  readonly #decoder: ChunkDecoder | undefined
  #size = 0
  #remaining: number
  #limit = UNASKED_LIMIT
  #error: AppError | undefined
  #waiting: Waiting | undefined

  /** `length` is -1 where the body comes in chunks. */
  constructor(length: number) {
    this.#remaining = length
    this.#decoder = length < 0 ? new ChunkDecoder((bytes) => this.#take(bytes)) : undefined
    this.whole = length === 0
  }

  static tooLarge(limit: number): AppError {
    return new AppError(
      'body_too_large',
      `the request body is larger than ${sizeOf(limit)}: send less, or raise max_body_bytes`,
    )
  }

  /** Takes what belongs to the body, beginning at `at`. Returns the offset of what does not. */
  push(bytes: Uint8Array, at: number): number {
    if (this.whole) return at
    let end: number
    if (this.#decoder) {
      end = this.#decoder.push(bytes, at)
      if (end < 0) {
        this.fail(new AppError('invalid_request', 'the chunks of the request body are not valid HTTP'))
        return bytes.length
      }
      this.whole = this.#decoder.done
    } else {
      end = Math.min(bytes.length, at + this.#remaining)
      this.#take(part(bytes, at, end))
      this.#remaining -= end - at
      this.whole = this.#remaining === 0
    }
    if (this.whole && this.#waiting && !this.#error) this.#waiting.resolve(this.#joined())
    return end
  }

  read(limit: number): Uint8Array | Promise<Uint8Array> {
    this.#limit = limit
    if (this.#size > limit) this.fail(BodyBuffer.tooLarge(limit))
    if (this.#error) throw this.#error
    if (this.whole) return this.#joined()
    const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>()
    this.#waiting = { resolve, reject }
    return promise
  }

  /** What has come so far is let go; later bytes are counted and thrown away. */
  fail(error: AppError): void {
    if (this.#error) return
    this.#error = error
    this.#first = undefined
    this.#more = undefined
    if (!this.whole) this.#waiting?.reject(error)
  }

  #take(bytes: Uint8Array): void {
    if (this.#error || bytes.length === 0) return
    this.#size += bytes.length
    if (this.#size > this.#limit) this.fail(BodyBuffer.tooLarge(this.#limit))
    else if (this.#first === undefined) this.#first = bytes
    else (this.#more ??= [this.#first]).push(bytes)
  }

  #joined(): Uint8Array {
    return this.#more === undefined ? (this.#first ?? NOTHING) : Buffer.concat(this.#more)
  }
}

const STATE = { size: 0, data: 1, end: 2, trailers: 3, done: 4 } as const

/** Reads the chunked coding (RFC 9112, section 7.1), strictly: lines end in CR LF. */
class ChunkDecoder {
  readonly #emit: (bytes: Uint8Array) => void
  #state: (typeof STATE)[keyof typeof STATE] = STATE.size
  #remaining = 0
  #line: number[] = []
  #trailers = 0

  constructor(emit: (bytes: Uint8Array) => void) {
    this.#emit = emit
  }

  get done(): boolean {
    return this.#state === STATE.done
  }

  /** The offset behind what was understood; -1 when it is not valid. */
  push(bytes: Uint8Array, from: number): number {
    let at = from
    while (at < bytes.length && this.#state !== STATE.done) {
      if (this.#state === STATE.data) {
        const end = Math.min(bytes.length, at + this.#remaining)
        this.#emit(bytes.subarray(at, end))
        this.#remaining -= end - at
        at = end
        if (this.#remaining === 0) this.#state = STATE.end
        continue
      }
      const byte = bytes[at++]!
      this.#line.push(byte)
      if (this.#line.length > CHUNK_LINE_LIMIT) return -1
      if (byte === LF && !this.#endLine()) return -1
    }
    return at
  }

  #endLine(): boolean {
    const line = this.#line
    this.#line = []
    const length = line.length - 2
    if (length < 0 || line[length] !== CR || line.indexOf(CR) !== length) return false
    if (this.#state === STATE.end) {
      this.#state = STATE.size
      return length === 0
    }
    if (this.#state === STATE.size) {
      // White space behind a size is read in more than one way.
      const extension = line.indexOf(SEMICOLON)
      if (line.slice(0, extension < 0 ? length : extension).some((byte) => byte === 32 || byte === 9)) return false
      const size = chunkSize(Uint8Array.from(line), 0, line.length)
      this.#remaining = size
      this.#state = size === 0 ? STATE.trailers : STATE.data
      return size >= 0
    }
    this.#trailers += line.length
    if (length === 0) this.#state = STATE.done
    return this.#trailers <= TRAILER_LIMIT
  }
}

function sizeOf(bytes: number): string {
  return bytes % 1_048_576 === 0 ? `${bytes / 1_048_576} MiB` : `${bytes} bytes`
}
