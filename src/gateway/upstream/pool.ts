import { AppError } from '../../errors.ts'
import { Connection, type ConnectionOwner } from './connection.ts'
import { Deadlines } from './deadlines.ts'
import type { ChunkSink, Exchange, ExchangeListener, PhaseTimeouts, UpstreamRequest } from './exchange.ts'
import type { Origin } from '../../snapshot/origin.ts'

const IDLE_PER_ORIGIN = 512
const RESTED_MS = 0.3

/** Idle connections by origin, the youngest used first. The only place from which the gateway connects to vendors. */
export class Pool implements ConnectionOwner {
  readonly #idle = new Map<string, Connection[]>()
  readonly #deadlines = new Deadlines()
  readonly quietMs: number
  readonly report: (mistake: unknown) => void
  #closed = false

  /**
   * `quietMs` is the silence of an upstream after which an answer that told the reason of its end is taken for whole; `report` is told of
   * mistakes that belong to no call.
   */
  constructor(quietMs: number, report: (mistake: unknown) => void) {
    this.quietMs = quietMs
    this.report = report
  }

  /** Sends one request. The listener may be called before this returns. */
  send(origin: Origin, request: UpstreamRequest, timeouts: PhaseTimeouts, listener: ExchangeListener): Exchange {
    const idle = this.#idle.get(origin.key)
    const youngest = idle?.at(-1)
    // The peer's farewell may lie unread in the kernel: a connection that rested is used one turn of the loop later, when it was read.
    if (youngest && performance.now() - youngest.idleSince > RESTED_MS) {
      return new Deferred(this, origin, request, timeouts, listener)
    }
    return this.sendNow(origin, request, timeouts, listener)
  }

  /** The same without looking whether the connection rested. */
  sendNow(origin: Origin, request: UpstreamRequest, timeouts: PhaseTimeouts, listener: ExchangeListener): Exchange {
    const idle = this.#idle.get(origin.key)
    const now = idle?.length ? performance.now() : 0
    for (let connection = idle?.pop(); connection; connection = idle?.pop()) {
      if (connection.idleUntil > now && connection.reuse(request, timeouts, listener)) return connection
      connection.destroy()
    }
    const connection = new Connection(origin, this, this.#deadlines)
    connection.open(request, timeouts, listener)
    return connection
  }

  released(connection: Connection): void {
    let idle = this.#idle.get(connection.origin.key)
    if (!idle) this.#idle.set(connection.origin.key, (idle = []))
    if (this.#closed || idle.length >= IDLE_PER_ORIGIN) connection.destroy()
    else idle.push(connection)
  }

  lost(connection: Connection): void {
    const idle = this.#idle.get(connection.origin.key)
    const at = idle ? idle.lastIndexOf(connection) : -1
    if (at >= 0) idle?.splice(at, 1)
  }

  /** Exchanges under way. */
  get active(): number {
    return this.#deadlines.size
  }

  close(): void {
    this.#closed = true
    this.#deadlines.close()
    for (const idle of this.#idle.values()) while (idle.length) idle.pop()?.destroy()
    this.#idle.clear()
  }
}

/** An exchange that begins in the next turn of the loop. */
class Deferred implements Exchange {
  #exchange: Exchange | undefined
  #cancelled = false
  readonly #pool: Pool
  readonly #origin: Origin
  readonly #request: UpstreamRequest
  readonly #timeouts: PhaseTimeouts
  readonly #listener: ExchangeListener

  constructor(
    pool: Pool,
    origin: Origin,
    request: UpstreamRequest,
    timeouts: PhaseTimeouts,
    listener: ExchangeListener,
  ) {
    this.#pool = pool
    this.#origin = origin
    this.#request = request
    this.#timeouts = timeouts
    this.#listener = listener
    setImmediate(Deferred.#begin, this)
  }

  static readonly #begin = (self: Deferred): void => {
    if (self.#cancelled) return
    try {
      self.#exchange = self.#pool.sendNow(self.#origin, self.#request, self.#timeouts, self.#listener)
    } catch (mistake) {
      const error = new AppError('internal', 'the gateway failed on this call: report its request id', {}, mistake)
      self.#listener.onFailure({ error, phase: 'connect', mayHaveReached: true })
    }
  }

  cancel(): void {
    this.#cancelled = true
    this.#exchange?.cancel()
  }

  pipe(sink: ChunkSink | undefined): void {
    this.#exchange?.pipe(sink)
  }

  pause(): void {
    this.#exchange?.pause()
  }

  resume(): void {
    this.#exchange?.resume()
  }
}
