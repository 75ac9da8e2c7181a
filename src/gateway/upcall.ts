import { AppError } from '../errors.ts'
import { inflating } from './upstream/inflate.ts'
import type { AnswerHead, ChunkSink, Exchange, ExchangeListener, UpstreamFailure } from './upstream/exchange.ts'

/** Receives the rest of a streamed answer. */
export type Sink = ChunkSink & {
  /** Whether the answer told why it ended: `end` would make it whole. */
  readonly told: boolean
  end(): void
  fail(error: AppError): void
  /** `end` or `fail` threw: the call still has to be ended. */
  crashed(mistake: unknown): void
}

/** Nobody else would end the call: the exchange is over. */
function contained(sink: Sink, step: (sink: Sink) => void): void {
  try {
    step(sink)
  } catch (mistake) {
    sink.crashed(mistake)
  }
}

/** What an answer without a type is taken for where a stream was asked for. */
const STREAM_TYPE = 'text/event-stream'
const NO_CONTENT = 204
const NOTHING = new Uint8Array()
const LARGEST_ANSWER = 64 * 1024 * 1024

/**
 * One answer from an upstream. `ready` resolves when the whole answer is here, or, for an event stream that was asked for, when its head
 * is; it rejects with the failure. Later failures of a stream go to its sink.
 */
export class Upcall implements ExchangeListener {
  status = 0
  head: AnswerHead | undefined
  /** On the clock of `performance.now()`; 0 until the head is here. */
  firstByteAt = 0
  streaming = false
  readonly ready: Promise<void>
  exchange: Exchange | undefined
  #failure: AppError | undefined
  readonly #wantsStream: boolean
  readonly #resolve: () => void
  readonly #reject: (error: AppError) => void
  /** What came before anybody read it; nearly always one chunk. */
  #first: Uint8Array | undefined
  #more: Uint8Array[] | undefined
  /** Bytes of the answer that came before anybody read it: all of it, where it is no stream. */
  size = 0
  #ended = false
  #sink: Sink | undefined
  /** Decompresses, when the upstream compressed unasked. */
  #inflating: ExchangeListener | undefined

  constructor(wantsStream: boolean) {
    this.#wantsStream = wantsStream
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.ready = promise
    this.#resolve = resolve
    this.#reject = reject
  }

  onHead(status: number, head: AnswerHead): void {
    this.status = status
    this.head = head
    this.firstByteAt = performance.now()
    const encoding = head.get('content-encoding')
    if (encoding !== undefined && !this.#inflates(encoding)) return
    if (!this.#wantsStream || status >= 300 || status === NO_CONTENT) return
    const type = head.get('content-type') ?? STREAM_TYPE
    this.streaming = /^(?:text\/event-stream|application\/(?:vnd\.amazon\.eventstream|x-ndjson|json-seq))/i.test(type)
    if (this.streaming) this.#resolve()
  }

  /** Sees to what is encoded; false where nobody here can undo it. */
  #inflates(encoding: string): boolean {
    const inflater = inflating(encoding, {
      onHead: () => {},
      onData: (chunk) => this.#take(chunk),
      onEnd: () => this.#end(),
      onFailure: (failure) => this.#failed(failure),
    })
    if (inflater instanceof AppError) {
      this.exchange?.cancel()
      this.#fail(inflater)
      return false
    }
    this.#inflating = inflater
    return true
  }

  onData(chunk: Uint8Array): void {
    if (this.#inflating) this.#inflating.onData(chunk)
    else this.#take(chunk)
  }

  onEnd(): void {
    // The connection may serve another call by now.
    this.exchange = undefined
    if (this.#inflating) this.#inflating.onEnd()
    else this.#end()
  }

  onFailure(failure: UpstreamFailure): void {
    this.exchange = undefined
    if (this.#inflating) this.#inflating.onFailure(failure)
    else this.#failed(failure)
  }

  onQuiet(): boolean {
    if (!this.#sink?.told) return false
    this.exchange?.cancel()
    this.exchange = undefined
    this.#end()
    return true
  }

  #take(chunk: Uint8Array): void {
    if (this.#sink) return this.#sink.data(chunk)
    if (this.#first === undefined) this.#first = chunk
    else (this.#more ??= [this.#first]).push(chunk)
    this.size += chunk.length
    if (this.size <= LARGEST_ANSWER) return
    this.exchange?.cancel()
    this.#fail(new AppError('upstream_invalid', "the upstream's answer is larger than 64 MiB"))
  }

  #end(): void {
    this.#ended = true
    if (this.#sink) contained(this.#sink, (sink) => sink.end())
    else this.#resolve()
  }

  #failed(failure: UpstreamFailure): void {
    this.#fail(failure.error)
  }

  #fail(error: AppError): void {
    this.#ended = true
    this.#failure = error
    if (this.#sink) contained(this.#sink, (sink) => sink.fail(error))
    else this.#reject(error)
  }

  /** Whether nobody waits for the answer any more. */
  get abandoned(): boolean {
    return this.#ended
  }

  /** The client left: gives the call up, and tells whoever waits for the answer. */
  abandon(): void {
    if (this.#ended) return
    this.exchange?.cancel()
    this.#fail(new AppError('client_closed', 'the client left before the answer was whole'))
  }

  /** The whole answer, once `ready` has resolved without `streaming`. */
  body(): Uint8Array {
    return this.#more === undefined ? (this.#first ?? NOTHING) : Buffer.concat(this.#more)
  }

  /** Takes the sink away and slows the vendor down: what comes now waits for the next `drainTo`. */
  buffer(): void {
    this.#sink = undefined
    this.exchange?.pipe(undefined)
    this.exchange?.pause()
  }

  /** Takes back a chunk that its sink no longer wants. */
  keep(chunk: Uint8Array): void {
    this.#take(chunk)
  }

  /** Sends what has come and all that will come to the sink. */
  drainTo(sink: Sink): void {
    this.#sink = sink
    const first = this.#first
    const more = this.#more
    this.#first = undefined
    this.#more = undefined
    if (more !== undefined) for (const chunk of more) sink.data(chunk)
    else if (first !== undefined) sink.data(first)
    // What is to be decompressed comes here first.
    if (!this.#inflating) this.exchange?.pipe(sink)
    if (!this.#ended) return
    if (this.#failure) sink.fail(this.#failure)
    else sink.end()
  }
}
