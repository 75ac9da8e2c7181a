import type { Socket, TCPSocketListener } from 'bun'
import { FAULTS, type FaultName, type FaultOptions } from './faults.ts'
import { openaiChat } from './openai-chat.ts'
import { RequestReader, type Closing, type VendorRequest } from './request.ts'
import { toBytes, whole, type Headers, type Step } from './steps.ts'
import type { AnswerOptions, Wire } from './wire.ts'

/** A named fault with its knobs; none is an honest answer. */
export type FaultScript = { readonly fault?: FaultName } & FaultOptions & AnswerOptions

/** What to do with one request: a named fault, an answer of one's own, or steps. */
export type Script =
  | FaultScript
  | { readonly status: number; readonly body: unknown; readonly headers?: Headers }
  | { readonly steps: (request: VendorRequest) => readonly Step[] }

type Connection = {
  readonly number: number
  readonly reader: RequestReader
  requests: number
  /** Resolves when everything that was asked on this connection is answered. */
  answered: Promise<void>
  written: number
  open: boolean
  closedByVendor: boolean
  /** Wakes whoever waits for room in the socket, or for its end. */
  wake: () => void
  settle: (closing: Closing) => void
  readonly closed: Promise<Closing>
}

/**
 * A vendor on a real socket that keeps the wire format's every rule until it is told to break one. Each request takes the next
 * script (`next`), or the standing one (`always`), or an honest answer. Tests wait for what happens, never for time to pass.
 */
export class FakeVendor {
  readonly requests: VendorRequest[] = []
  readonly #wire: Wire
  readonly #scripts: Script[] = []
  #standing: Script = {}
  #connections = 0
  readonly #open = new Set<Socket<Connection>>()
  #held = Promise.withResolvers<void>()
  #arrival = Promise.withResolvers<void>()
  readonly #listener: TCPSocketListener<Connection>

  constructor({ wire = openaiChat, port = 0 }: { wire?: Wire; port?: number } = {}) {
    this.#wire = wire
    this.#listener = Bun.listen<Connection>({
      hostname: '127.0.0.1',
      port,
      socket: {
        open: (socket) => this.#opened(socket),
        data: (socket, bytes) => this.#received(socket, bytes),
        drain: (socket) => socket.data.wake(),
        close: (socket) => this.#closed(socket),
        error: () => {},
      },
    })
  }

  get port(): number {
    return this.#listener.port
  }

  /** `http://127.0.0.1:PORT`, without a path. */
  get origin(): string {
    return `http://127.0.0.1:${this.port}`
  }

  get connections(): { readonly made: number; readonly open: number } {
    return { made: this.#connections, open: this.#open.size }
  }

  /** Scripts for the coming requests, in the order in which they arrive. */
  next(...scripts: readonly Script[]): this {
    this.#scripts.push(...scripts)
    return this
  }

  /** The script for every request that has none of its own. */
  always(script: Script): this {
    this.#standing = script
    return this
  }

  /** Forgets scripts and requests, and lets go of what is held. */
  reset(): void {
    this.#scripts.length = 0
    this.#standing = {}
    this.requests.length = 0
    this.release()
  }

  /** Lets every script that holds go on. */
  release(): void {
    this.#held.resolve()
    this.#held = Promise.withResolvers()
  }

  /** Resolves to the request with this index (0 = first since the last reset) as soon as it has arrived whole. */
  async received(index = 0): Promise<VendorRequest> {
    while (this.requests.length <= index) await this.#arrival.promise
    return this.requests[index]!
  }

  /** Closes every connection that is open, as a restarting vendor does. */
  hangUp(how: 'fin' | 'reset' = 'fin'): void {
    for (const socket of this.#open) this.#close(socket, how)
  }

  async stop(): Promise<void> {
    this.release()
    this.#listener.stop(true)
    await Promise.all([...this.#open].map((socket) => socket.data.closed))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  #opened(socket: Socket<Connection>): void {
    const closed = Promise.withResolvers<Closing>()
    socket.data = {
      number: ++this.#connections,
      reader: new RequestReader(),
      requests: 0,
      answered: Promise.resolve(),
      written: 0,
      open: true,
      closedByVendor: false,
      wake: () => {},
      settle: closed.resolve,
      closed: closed.promise,
    }
    this.#open.add(socket)
  }

  #received(socket: Socket<Connection>, bytes: Uint8Array): void {
    const connection = socket.data
    for (const { head, body } of connection.reader.feed(bytes)) {
      const { length: _, ...line } = head
      const text = () => new TextDecoder().decode(body)
      const request = {
        ...line,
        index: this.requests.length,
        connection: connection.number,
        onConnection: ++connection.requests,
        body,
        get text() {
          return text()
        },
        receivedAt: performance.now(),
        closed: connection.closed,
        played: Promise.resolve(),
        written: () => connection.written,
        json: (): unknown => JSON.parse(text()),
      }
      this.requests.push(request)
      const script = this.#scripts.shift() ?? this.#standing
      connection.answered = request.played = this.#playAfter(connection.answered, socket, request, script)
    }
    this.#arrival.resolve()
    this.#arrival = Promise.withResolvers()
  }

  /** Answers of one connection go out in the order of its requests. */
  async #playAfter(before: Promise<void>, socket: Socket<Connection>, request: VendorRequest, script: Script) {
    await before
    for (const step of this.#stepsOf(script, request)) {
      if (!socket.data.open) return
      await this.#play(socket, step)
    }
  }

  #stepsOf(script: Script, request: VendorRequest): readonly Step[] {
    if ('steps' in script) return script.steps(request)
    if ('status' in script) {
      const body = typeof script.body === 'string' ? script.body : JSON.stringify(script.body)
      return whole(script.status, 'application/json', body, script.headers)
    }
    return FAULTS[script.fault ?? 'none'].steps(this.#wire.answer(request, script), script, this.#wire)
  }

  async #play(socket: Socket<Connection>, step: Step): Promise<void> {
    const { data: connection } = socket
    if ('write' in step) await this.#write(socket, toBytes(step.write))
    else if ('endless' in step) while (connection.open) await this.#write(socket, toBytes(step.endless))
    else if ('close' in step) this.#close(socket, step.close)
    else if ('hold' in step) await Promise.race([this.#held.promise, connection.closed])
    else if (typeof step.wait === 'number')
      await Promise.race([step.wait > 0 ? Bun.sleep(step.wait) : turn(), connection.closed])
    else await Promise.race([step.wait, connection.closed])
  }

  async #write(socket: Socket<Connection>, bytes: Uint8Array): Promise<void> {
    const connection = socket.data
    let at = 0
    while (at < bytes.length && connection.open) {
      const accepted = Math.max(0, socket.write(bytes, at, bytes.length - at))
      at += accepted
      connection.written += accepted
      if (at < bytes.length && connection.open) await new Promise<void>((resolve) => (connection.wake = resolve))
    }
  }

  #close(socket: Socket<Connection>, how: 'fin' | 'reset'): void {
    socket.data.closedByVendor = true
    if (how === 'reset') socket.terminate()
    else socket.end()
  }

  #closed(socket: Socket<Connection>): void {
    const connection = socket.data
    connection.open = false
    this.#open.delete(socket)
    connection.settle({
      at: performance.now(),
      by: connection.closedByVendor ? 'vendor' : 'peer',
      bytesWritten: connection.written,
    })
    connection.wake()
  }
}

/** Lets the event loop go round once. */
function turn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve))
}
