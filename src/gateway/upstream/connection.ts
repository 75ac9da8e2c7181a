import { AppError, type ErrorCode } from '../../errors.ts'
import { part, putBytes, putDigits } from '../../lib/bytes.ts'
import { endLine } from '../../lib/http1.ts'
import type { Deadlines, Expiring } from './deadlines.ts'
import type {
  ChunkSink,
  Exchange,
  ExchangeListener,
  AnswerHead,
  PhaseTimeouts,
  UpstreamFailure,
  UpstreamRequest,
} from './exchange.ts'
import type { Origin } from '../../snapshot/origin.ts'
import { ResponseParser, type ParserOutput } from './response-parser.ts'

/** `quiet` is the body of an answer that was asked about, for nothing came for a while, and is not over. */
type Phase = UpstreamFailure['phase'] | 'quiet' | 'idle' | 'closed'

/** What a connection tells its pool. */
export type ConnectionOwner = {
  /** After so much silence the listener is asked whether the answer is whole. */
  readonly quietMs: number
  /** A mistake of our own that no call can be blamed for. */
  readonly report: (mistake: unknown) => void
  /** The exchange is over and the connection may serve another. */
  released(connection: Connection): void
  /** The connection is gone. */
  lost(connection: Connection): void
}

/** What the recent clock may be behind. */
const SLACK_MS = 25
const KEEP_IDLE_PLAIN_MS = 4_000
const KEEP_IDLE_TLS_MS = 30_000

/** One socket to an origin, serving one exchange at a time. */
export class Connection implements Exchange, Expiring, ParserOutput {
  // What each chunk of a stream needs comes first, so that it lies close together.
  #phase: Phase = 'connect'
  readonly #parser = new ResponseParser(this)
  #sink: ChunkSink | undefined
  readonly #deadlines: Deadlines
  #timeouts: PhaseTimeouts | undefined
  /** Silence within a body that nobody minds. */
  #quietMs = 0
  #totalDeadline = 0
  deadline = Number.POSITIVE_INFINITY
  #listener: ExchangeListener | undefined
  readonly origin: Origin
  /** When the last exchange ended, and when the connection is too old to be trusted: before the peer's own limit where it names one. */
  idleSince = 0
  idleUntil = 0
  readonly #owner: ConnectionOwner
  #socket: Bun.Socket<Connection> | undefined
  #unsent: Uint8Array | undefined
  #wrote = false
  #paused = false
  #onOpen: (() => void) | undefined

  constructor(origin: Origin, owner: ConnectionOwner, deadlines: Deadlines) {
    this.origin = origin
    this.#owner = owner
    this.#deadlines = deadlines
  }

  /** Connects and then sends; a failure reaches the listener with the phase `connect`. */
  open(request: UpstreamRequest, timeouts: PhaseTimeouts, listener: ExchangeListener): void {
    this.#begin('connect', timeouts, listener)
    this.deadline = Math.min(performance.now() + timeouts.connectMs, this.#totalDeadline)
    this.#onOpen = () => {
      if (!this.#write(request))
        this.#fail('upstream_failed', 'the upstream closed the connection before it took the request')
    }
    const { hostname, port, tls } = this.origin
    Bun.connect<Connection>({
      hostname,
      port,
      data: this,
      // The types of connect know only buffers; the handlers say that they take plain arrays.
      socket: (tls ? TLS_HANDLERS : HANDLERS) as unknown as Bun.SocketHandler<Connection>,
      ...(tls ? { tls: { serverName: hostname, rejectUnauthorized: true } } : {}),
    }).catch((error: unknown) => contained(this, () => this.failedToConnect(error)))
  }

  /** Sends on an idle connection. False when it turned out to be dead before a byte was sent: take another one. */
  reuse(request: UpstreamRequest, timeouts: PhaseTimeouts, listener: ExchangeListener): boolean {
    if (this.#phase !== 'idle' || !this.#socket || this.#socket.readyState <= 0) return false
    this.#begin('before-first-byte', timeouts, listener)
    if (this.#write(request)) return true
    this.#phase = 'idle'
    this.#listener = undefined
    this.#deadlines.delete(this)
    return false
  }

  cancel(): void {
    if (this.#phase === 'idle' || this.#phase === 'closed') return
    this.#listener = undefined
    this.#sink = undefined
    this.destroy()
  }

  pipe(sink: ChunkSink | undefined): void {
    this.#sink = sink
  }

  pause(): void {
    this.#paused = true
    this.#socket?.pause()
    // A slow client is not a silent upstream.
    if (this.#timeouts) this.deadline = this.#totalDeadline
  }

  resume(): void {
    this.#unpause()
    this.#touch()
  }

  destroy(): void {
    if (this.#phase === 'closed') return
    this.#phase = 'closed'
    this.#deadlines.delete(this)
    this.#socket?.terminate()
    this.#owner.lost(this)
  }

  expire(): void {
    const total = performance.now() >= this.#totalDeadline
    const timeouts = this.#timeouts
    if (!timeouts) return
    if (this.#phase === 'body' && !total) {
      if (this.#listener?.onQuiet?.()) return
      this.#phase = 'quiet'
      this.deadline = Math.min(this.deadline - this.#quietMs + timeouts.idleMs, this.#totalDeadline)
      if (this.#quietMs < timeouts.idleMs) return
    }
    const [what, ms] = total
      ? ['was not finished', timeouts.totalMs]
      : this.#phase === 'connect'
        ? ['did not accept a connection', timeouts.connectMs]
        : this.#phase === 'quiet'
          ? ['fell silent in the middle of its answer', timeouts.idleMs]
          : ['sent no first byte', timeouts.firstByteMs]
    this.#fail('upstream_timeout', `the upstream ${what} within ${ms} ms`)
  }

  /** Something that is called from here threw: it ends this exchange and nothing else. Whoever tells of the call's end reports it. */
  crashed(mistake: unknown): void {
    if (!this.#listener) {
      this.#owner.report(mistake)
      return this.destroy()
    }
    try {
      this.#fail('internal', 'the gateway failed on this call: report its request id', mistake)
    } catch (next) {
      this.#owner.report(mistake)
      this.#owner.report(next)
    }
  }

  // What the socket reports.

  /** The connection stands, but nothing may be sent before the peer has proved its name. */
  connected(socket: Bun.Socket<Connection>): void {
    if (this.#phase === 'closed') socket.terminate()
    else this.#socket = socket
  }

  opened(socket: Bun.Socket<Connection>): void {
    if (this.#phase === 'closed') {
      socket.terminate()
      return
    }
    this.#socket = socket
    socket.setNoDelay(true)
    this.#phase = 'before-first-byte'
    this.deadline = Math.min(performance.now() + (this.#timeouts?.firstByteMs ?? 0), this.#totalDeadline)
    this.#onOpen?.()
    this.#onOpen = undefined
  }

  /** Nothing is sent to a peer that cannot prove its name. */
  distrusted(socket: Bun.Socket<Connection>, error: Error | null): void {
    this.#socket = socket
    const reason = error ? ((error as { code?: string }).code ?? error.message) : 'the handshake failed'
    this.#fail('upstream_failed', `could not trust the certificate of ${this.origin.host}: ${reason}`, error)
  }

  failedToConnect(error: unknown): void {
    if (this.#phase !== 'connect') return
    const reason = error instanceof Error ? ((error as { code?: string }).code ?? error.message) : 'unknown reason'
    this.#fail('upstream_failed', `could not connect to ${this.origin.host}: ${reason}`, error)
  }

  received(bytes: Uint8Array): void {
    if (this.#phase === 'closed') return
    if (this.#phase === 'idle') return this.destroy()
    if (this.#phase === 'before-first-byte') this.#phase = 'head'
    const sink = this.#sink
    let problem: string | undefined
    try {
      problem = this.#parser.push(bytes)
    } finally {
      // Whatever happened: what waits stands where others will frame next.
      sink?.flush?.()
    }
    if (problem) this.#fail('upstream_invalid', `the upstream's answer is not valid HTTP: ${problem}`)
    else if (this.#phase === 'body' || this.#phase === 'quiet') this.#touch()
  }

  drained(): void {
    const rest = this.#unsent
    if (!rest || !this.#socket) return
    const written = Math.max(0, this.#socket.write(rest))
    this.#unsent = written < rest.length ? rest.subarray(written) : undefined
  }

  ended(error?: unknown): void {
    if (this.#phase === 'closed') return
    const answering = this.#phase === 'before-body' || this.#phase === 'body' || this.#phase === 'quiet'
    if (answering && !error && this.#parser.close()) return this.destroy()
    if (this.#phase === 'idle') return this.destroy()
    const when = answering ? 'in the middle of its answer' : 'before it answered'
    this.#fail('upstream_failed', `the upstream closed the connection ${when}`, error)
  }

  // What the parser reports.

  head(status: number, head: AnswerHead): void {
    this.#phase = 'before-body'
    this.#listener?.onHead(status, head)
  }

  data(bytes: Uint8Array, from: number, to: number): void {
    if (this.#phase === 'before-body') this.#phase = 'body'
    const sink = this.#sink
    if (sink?.takes?.(bytes, from, to)) return
    const chunk = part(bytes, from, to)
    if (sink) sink.data(chunk)
    else this.#listener?.onData(chunk)
  }

  end(reusable: boolean, idleSeconds: number | undefined): void {
    const listener = this.#listener
    this.#listener = undefined
    this.#sink = undefined
    this.#timeouts = undefined
    this.#deadlines.delete(this)
    if (reusable && !this.#unsent && this.#phase !== 'closed') {
      this.#phase = 'idle'
      // The end came with what a slow client had not taken yet.
      if (this.#paused) this.#unpause()
      const own = this.origin.tls ? KEEP_IDLE_TLS_MS : KEEP_IDLE_PLAIN_MS
      this.idleSince = performance.now()
      this.idleUntil = this.idleSince + (idleSeconds === undefined ? own : Math.max(0, idleSeconds * 1000 - 1000))
      this.#owner.released(this)
    } else this.destroy()
    listener?.onEnd()
  }

  #begin(phase: 'connect' | 'before-first-byte', timeouts: PhaseTimeouts, listener: ExchangeListener): void {
    const now = performance.now()
    this.#phase = phase
    this.#timeouts = timeouts
    this.#listener = listener
    this.#wrote = false
    this.#quietMs = Math.min(timeouts.idleMs, this.#owner.quietMs)
    this.#totalDeadline = now + timeouts.totalMs
    this.deadline = Math.min(now + timeouts.firstByteMs, this.#totalDeadline)
    this.#deadlines.add(this)
  }

  /** False when the peer was gone before a byte was sent: then nothing can have reached it. */
  #write(request: UpstreamRequest): boolean {
    this.#parser.start(request.method)
    const size = join(request)
    const written = this.#socket?.write(joined, 0, size) ?? -1
    if (written < 0) return false
    this.#wrote = true
    this.#unsent = written < size ? Uint8Array.from(joined.subarray(written, size)) : undefined
    return true
  }

  #unpause(): void {
    this.#paused = false
    this.#socket?.resume()
  }

  #touch(): void {
    if (this.#phase === 'quiet') this.#phase = 'body'
    this.deadline = Math.min(this.#deadlines.recent + SLACK_MS + this.#quietMs, this.#totalDeadline)
  }

  #fail(code: ErrorCode, message: string, cause?: unknown): void {
    const phase = this.#phase
    const listener = this.#listener
    this.#listener = undefined
    this.#sink = undefined
    this.destroy()
    if (phase === 'idle' || phase === 'closed') return
    const failure = { error: new AppError(code, message, {}, cause), mayHaveReached: this.#wrote }
    listener?.onFailure({ ...failure, phase: phase === 'quiet' ? 'body' : phase })
  }
}

/** What `join` made stands here until the next call. */
let joined = Buffer.allocUnsafeSlow(64 * 1024)
let kept = joined
const LARGEST_KEPT = 1024 * 1024
/** The digits of a length, and three line ends. */
const FRAMING_ROOM = 24

/** Head and body in one write: a second small packet would wait for the first one's acknowledgement. The size of both. */
function join({ head, tellsLength, lines, body }: UpstreamRequest): number {
  const room = (head.length + lines.length) * 3 + body.length + FRAMING_ROOM
  joined = kept
  if (room > joined.length) {
    joined = Buffer.allocUnsafeSlow(room <= LARGEST_KEPT ? 2 * room : room)
    if (room <= LARGEST_KEPT) kept = joined
  }
  let at = joined.write(head)
  if (tellsLength) at = endLine(joined, putDigits(joined, at, body.length))
  at = endLine(joined, at + joined.write(lines, at))
  return putBytes(joined, at, body)
}

/** Nothing that is thrown may reach the socket's own code, which would take it for a failure of the socket, or end the process. */
function contained(connection: Connection, step: () => void): void {
  try {
    step()
  } catch (mistake) {
    connection.crashed(mistake)
  }
}

const HANDLERS: Bun.SocketHandler<Connection, 'uint8array'> = {
  binaryType: 'uint8array',
  open: (socket) => contained(socket.data, () => socket.data.opened(socket)),
  data(socket, bytes) {
    try {
      socket.data.received(bytes)
    } catch (mistake) {
      socket.data.crashed(mistake)
    }
  },
  drain: (socket) => contained(socket.data, () => socket.data.drained()),
  end: (socket) => contained(socket.data, () => socket.data.ended()),
  close: (socket, error) => contained(socket.data, () => socket.data.ended(error)),
  error: (socket, error) => contained(socket.data, () => socket.data.ended(error)),
  connectError: (socket, error) => contained(socket.data, () => socket.data.failedToConnect(error)),
}

const TLS_HANDLERS: Bun.SocketHandler<Connection, 'uint8array'> = {
  ...HANDLERS,
  open: (socket) => contained(socket.data, () => socket.data.connected(socket)),
  handshake: (socket, success, error) =>
    contained(socket.data, () =>
      success && !error ? socket.data.opened(socket) : socket.data.distrusted(socket, error),
    ),
}
