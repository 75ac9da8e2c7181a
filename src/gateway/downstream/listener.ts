import type { Answer } from './answer.ts'
import { ClientConnection, type ConnectionOwner } from './connection.ts'
import type { Inbound } from './inbound.ts'

export type ListenerOptions = {
  readonly host: string
  readonly port: number
  /** Several processes share the port. */
  readonly reusePort: boolean
  /** Largest body that `handle` reads: larger ones are not asked for where a client waits to be. */
  readonly bodyBytes: number
  readonly handle: (request: Inbound) => Answer | Promise<Answer>
  readonly malformed: (status: number, problem: string) => Answer
  /** Told of mistakes of our own that ended a connection. */
  readonly report: (mistake: unknown) => void
}

const SWEEP_MS = 1_000

/** A listening socket that speaks HTTP/1.1. Throws when it cannot listen. */
export class Listener implements ConnectionOwner {
  readonly bodyBytes: number
  readonly handle: ListenerOptions['handle']
  readonly malformed: ListenerOptions['malformed']
  readonly report: ListenerOptions['report']
  now = performance.now()
  stopping = false
  readonly #socket: Bun.TCPSocketListener<ClientConnection>
  readonly #connections = new Set<ClientConnection>()
  readonly #timer: Timer

  constructor(options: ListenerOptions) {
    this.bodyBytes = options.bodyBytes
    this.handle = options.handle
    this.malformed = options.malformed
    this.report = options.report
    this.#socket = Bun.listen<ClientConnection>({
      hostname: options.host,
      port: options.port,
      // The types of listen know only buffers, and not that a port may be shared.
      socket: handlersFor(this) as unknown as Bun.SocketHandler<ClientConnection>,
      ...(options.reusePort ? { reusePort: true } : {}),
    })
    this.#timer = setInterval(() => this.sweep(performance.now()), SWEEP_MS)
  }

  get port(): number {
    return this.#socket.port
  }

  /** Connections, busy or not. */
  get open(): number {
    return this.#connections.size
  }

  /** Connections with a request, or with bytes that are still to go out. */
  get busy(): number {
    let count = 0
    for (const connection of this.#connections) if (!connection.idle) count++
    return count
  }

  accepted(socket: Bun.Socket<ClientConnection>): void {
    const connection = new ClientConnection(this)
    socket.data = connection
    this.#connections.add(connection)
    connection.opened(socket)
  }

  lost(connection: ClientConnection): void {
    this.#connections.delete(connection)
  }

  /** Ends what takes too long. */
  sweep(now: number): void {
    this.now = now
    for (const connection of this.#connections) connection.contained(() => connection.sweep(now))
  }

  /** Closes the port and every connection. */
  close(): void {
    clearInterval(this.#timer)
    this.#socket.stop(true)
    for (const connection of this.#connections) connection.terminate()
  }
}

function handlersFor(listener: Listener): Bun.SocketHandler<ClientConnection, 'uint8array'> {
  return {
    binaryType: 'uint8array',
    open: (socket) => listener.accepted(socket),
    data(socket, bytes) {
      try {
        socket.data.received(bytes)
      } catch (mistake) {
        socket.data.crashed(mistake)
      }
    },
    drain: (socket) => socket.data.contained(() => socket.data.drained()),
    // A client that says goodbye wants nothing more.
    end: (socket) => socket.data.contained(() => socket.data.terminate()),
    close: (socket) => socket.data.contained(() => socket.data.closed()),
    error: (socket) => socket.data.contained(() => socket.data.terminate()),
  }
}
