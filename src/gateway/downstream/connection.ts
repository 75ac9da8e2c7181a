import { indexOfBlankLine } from '../../lib/http1.ts'
import { AppError } from '../../errors.ts'
import { isStream, leadOf, type Answer, type BodyWriter, type StreamBody } from './answer.ts'
import { BodyBuffer } from './body-buffer.ts'
import { Inbound } from './inbound.ts'
import { PeerMemory, type Peer } from './peer.ts'
import { RequestHead } from './request-head.ts'
import { addChunkPart, frame, frameChunk, frameChunkPart, frameEnd, framePiece, framePlain } from './frames.ts'
import { Unsent } from './unsent.ts'

/** What a connection needs of its listener. */
export type ConnectionOwner = {
  /** Answers one request. A rejection ends the connection: whoever handles calls has an answer for each failure. */
  readonly handle: (request: Inbound) => Answer | Promise<Answer>
  /** Largest body that whoever handles requests reads. */
  readonly bodyBytes: number
  /** The answer to what is not valid HTTP. */
  readonly malformed: (status: number, problem: string) => Answer
  /** Milliseconds on a coarse clock. */
  readonly now: number
  /** No connection is used again. */
  readonly stopping: boolean
  lost(connection: ClientConnection): void
  /** Told of mistakes of our own that ended a connection. */
  readonly report: (mistake: unknown) => void
}

const HEAD_LIMIT = 16 * 1024
/** Requests that a client sends ahead of their turn wait here, up to this size. */
const AHEAD_LIMIT = 64 * 1024

/** Above the 60 s after which load balancers give up idle connections, so that never the server closes first. */
const IDLE_MS = 75_000
const HEAD_MS = 15_000
const BODY_MS = 60_000
/** How long a client may go on sending what nobody reads, after its answer. */
const LINGER_MS = 5_000
/** How long the last bytes of an answer may wait for their reader. */
const UNREAD_MS = 75_000

const NOTHING = new Uint8Array()

/** One connection of a client: one request after the other, each answered before the next one is read. */
export class ClientConnection implements BodyWriter, Peer {
  readonly #owner: ConnectionOwner
  #socket: Bun.Socket<ClientConnection> | undefined
  /** What came and is not yet understood: part of a head, or requests ahead of their turn. */
  #pending: Uint8Array | undefined
  readonly memory = new PeerMemory()
  #inbound: Inbound | undefined
  #method = ''
  #body: BodyBuffer | undefined
  #stream: StreamBody | undefined
  /** The head of a streamed answer, until its first bytes go out with it. */
  #head = ''
  #chunked = true
  /** Chunks are framed and not sent: more of the same read follows, and nobody else frames anything before. */
  #waits = false
  /** The connection closes behind this answer. */
  #last = false
  /** The answer is whole, but not yet out. */
  #ending = false
  /** What comes after this answer cannot be understood. */
  #deaf = false
  /** The answer is out, and what still comes is thrown away. */
  #lingering = false
  #closed = false
  #paused = false
  #unsent: Unsent | undefined
  /** When something last went on, on the owner's clock. */
  #since: number

  constructor(owner: ConnectionOwner) {
    this.#owner = owner
    this.#since = owner.now
  }

  get address(): string {
    return this.#socket?.remoteAddress ?? ''
  }

  /** Nothing is under way. */
  get idle(): boolean {
    return !this.#inbound && !this.#ending && !this.#unsent
  }

  /** Ends the connection, whatever it does. */
  terminate(): void {
    this.#socket?.terminate()
    this.closed()
  }

  /** Ends what takes too long. */
  sweep(now: number): void {
    const waited = now - this.#since
    if (this.#lingering) {
      if (waited > LINGER_MS) this.terminate()
    } else if (this.#ending) {
      if (waited > UNREAD_MS) this.terminate()
    } else if (!this.#inbound) {
      if (this.#pending && waited > HEAD_MS) this.#refuse(408, 'the head of the request did not come in time')
      else if (waited > IDLE_MS) this.#socket?.end()
    } else if (this.#body && !this.#body.whole && waited > BODY_MS)
      this.#body.fail(new AppError('request_timeout', 'the body of the request did not come in time: send it again'))
  }

  /** Runs what a socket or a timer calls: what it throws ends this connection and nothing else. */
  contained(step: () => void): void {
    try {
      step()
    } catch (mistake) {
      this.crashed(mistake)
    }
  }

  crashed(mistake: unknown): void {
    this.#owner.report(mistake)
    try {
      this.terminate()
    } catch (next) {
      this.#owner.report(next)
    }
  }

  // What the socket reports.

  opened(socket: Bun.Socket<ClientConnection>): void {
    this.#socket = socket
    socket.setNoDelay(true)
  }

  received(bytes: Uint8Array): void {
    if (this.#closed) return
    if (this.#inbound ?? this.#lingering) return this.#receiveMore(bytes)
    let at = 0
    let input = bytes
    if (this.#pending) {
      input = Buffer.concat([this.#pending, bytes])
      this.#pending = undefined
    } else this.#since = this.#owner.now
    // A request that is answered at once makes room for the one behind it.
    while (at < input.length && !this.#inbound && !this.#lingering && !this.#closed) {
      const next = this.#begin(input, at)
      if (next < 0) return
      at = next
    }
    if (at < input.length && !this.#closed && !this.#lingering) this.#keep(at === 0 ? input : input.subarray(at))
  }

  drained(): void {
    const unsent = this.#unsent
    if (!unsent || !this.#socket) return
    const written = this.#socket.write(unsent.rest)
    if (written < 0) return
    if (written > 0) this.#since = this.#owner.now
    if (!unsent.sent(written)) return
    this.#unsent = undefined
    if (this.#ending) this.#finished()
    else this.#stream?.drained()
  }

  closed(): void {
    if (this.#closed) return
    this.#closed = true
    this.#pending = undefined
    this.#unsent = undefined
    this.#owner.lost(this)
    const inbound = this.#inbound
    const stream = this.#stream
    this.#inbound = undefined
    this.#stream = undefined
    inbound?.leave()
    stream?.left()
  }

  // What an answer's body does.

  write(bytes: Uint8Array | string): boolean {
    this.flush()
    const head = this.#head
    this.#head = ''
    if (this.#chunked) frameChunk(head, bytes)
    else framePiece(head, bytes)
    return this.#put()
  }

  writePart(bytes: Uint8Array, from: number, to: number, more: boolean): boolean {
    if (!this.#chunked) return this.write(bytes.subarray(from, to))
    if (!this.#waits || !addChunkPart(bytes, from, to)) {
      this.flush()
      const head = this.#head
      this.#head = ''
      frameChunkPart(head, bytes, from, to)
    }
    this.#waits = more
    return more || this.#put()
  }

  flush(): boolean {
    if (!this.#waits) return true
    this.#waits = false
    return this.#put()
  }

  end(last: Uint8Array | string = NOTHING): void {
    this.flush()
    const head = this.#head
    this.#head = ''
    this.#stream = undefined
    this.#ending = true
    if (this.#chunked) frameEnd(head, last)
    else framePiece(head, last)
    if (this.#put()) this.#finished()
  }

  abort(): void {
    this.#stream = undefined
    this.terminate()
  }

  // Reading.

  /** Begins to read a request at `at`: the offset behind it, or -1 when it is not whole or not valid. */
  #begin(input: Uint8Array, at: number): number {
    let from = at
    while (input[from] === 13 && input[from + 1] === 10) from += 2
    const end = indexOfBlankLine(input, from)
    if (end < 0 ? input.length - from > HEAD_LIMIT : end - from > HEAD_LIMIT) {
      this.#refuse(431, `the head of the request is larger than ${HEAD_LIMIT / 1024} KiB`)
      return -1
    }
    if (end < 0) {
      this.#pending = copyOf(input, from)
      return -1
    }
    const head = RequestHead.read(input, from, end, this.memory)
    if (!(head instanceof RequestHead)) {
      this.#refuse(head.status, head.problem)
      return -1
    }
    const body = new BodyBuffer(head.length)
    const rest = body.push(input, end + 4)
    this.#since = this.#owner.now
    this.#body = body
    this.#last = !head.keepAlive || head.old
    this.#chunked = !head.old
    // A body that is too large is not asked for: its request is refused by whoever handles it.
    if (head.expectsContinue && !body.whole && head.length <= this.#owner.bodyBytes)
      this.#socket?.write('HTTP/1.1 100 Continue\r\n\r\n')
    this.#dispatch(new Inbound(head, body, this))
    return rest
  }

  #receiveMore(bytes: Uint8Array): void {
    if (this.#lingering) return
    const rest = this.#body ? this.#body.push(bytes, 0) : 0
    if (rest > 0) this.#since = this.#owner.now
    if (rest < bytes.length) this.#keep(rest === 0 ? bytes : bytes.subarray(rest))
  }

  #keep(bytes: Uint8Array): void {
    this.#pending = this.#pending ? Buffer.concat([this.#pending, bytes]) : copyOf(bytes, 0)
    if (this.#pending.length > AHEAD_LIMIT && this.#inbound && !this.#paused) {
      this.#paused = true
      this.#socket?.pause()
    }
  }

  #refuse(status: number, problem: string): void {
    this.#pending = undefined
    this.#last = true
    this.#deaf = true
    this.#body = undefined
    this.#send(this.#owner.malformed(status, problem), 'GET')
  }

  // Answering.

  #dispatch(inbound: Inbound): void {
    this.#inbound = inbound
    this.#method = inbound.method
    const answer = this.#owner.handle(inbound)
    if (answer instanceof Promise) answer.then(this.#answered, this.#unanswered)
    else this.#send(answer, inbound.method)
  }

  // Made once for all answers of the connection: there is one at a time.
  readonly #answered = (answer: Answer): void => {
    try {
      this.#send(answer, this.#method)
    } catch (mistake) {
      this.crashed(mistake)
    }
  }

  readonly #unanswered = (mistake: unknown): void => this.crashed(mistake)

  #send(answer: Answer, method: string): void {
    const { body } = answer
    if (this.#closed) {
      if (isStream(body)) body.left()
      return
    }
    if (this.#owner.stopping || (this.#body && !this.#body.whole)) this.#last = true
    const lead = leadOf(answer.status)
    const headers = this.#last ? `${answer.headers}connection: close\r\n` : answer.headers
    if (isStream(body) && method !== 'HEAD') return this.#beginStream(lead + headers, body)
    if (isStream(body)) body.left()
    this.#ending = true
    framePlain(lead, headers, answer.status, isStream(body) ? null : body, method === 'HEAD')
    if (this.#put()) this.#finished()
  }

  #beginStream(head: string, body: StreamBody): void {
    this.#head = this.#chunked ? `${head}transfer-encoding: chunked\r\n\r\n` : `${head}\r\n`
    this.#stream = body
    body.begin(this)
    if (this.#head === '' || this.#closed) return
    // Nothing came with it: the client is told at least that its answer begins.
    framePiece(this.#head, NOTHING)
    this.#head = ''
    this.#put()
  }

  /** Sends the frame. True when all of it is out; what is not is copied. */
  #put(): boolean {
    if (this.#closed) return false
    const { bytes, from, length } = frame
    if (this.#unsent) {
      this.#unsent.add(bytes, from, from + length)
      return false
    }
    const written = this.#socket?.write(bytes, from, length) ?? -1
    if (written === length) return true
    this.#unsent = new Unsent(bytes, from + Math.max(0, written), from + length)
    return false
  }

  #finished(): void {
    this.#ending = false
    this.#inbound = undefined
    this.#since = this.#owner.now
    if (this.#last || this.#owner.stopping) {
      this.#pending = undefined
      this.#lingering = true
      // While the client still sends, closing would throw away what it has not read yet of its answer.
      if (this.#deaf || (this.#body && !this.#body.whole)) this.#socket?.shutdown()
      else this.#socket?.end()
      this.#resume()
      return
    }
    this.#body = undefined
    this.#resume()
    const ahead = this.#pending
    if (!ahead) return
    this.#pending = undefined
    queueMicrotask(() => this.contained(() => this.received(ahead)))
  }

  #resume(): void {
    if (!this.#paused) return
    this.#paused = false
    this.#socket?.resume()
  }
}

/** A copy of its own of some of the bytes. */
function copyOf(bytes: Uint8Array, from: number): Uint8Array {
  return new Uint8Array(bytes.subarray(from))
}
