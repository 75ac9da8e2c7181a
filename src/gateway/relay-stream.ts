import { AppError } from '../errors.ts'
import { callErrorOf, cutStream } from '../llm/errors.ts'
import type { CallError } from '../llm/spec.ts'
import { endsEvent } from '../llm/stream/events.ts'
import { keepAnswer, learn, record, tokensOf } from './account.ts'
import type { Capture } from './cache/answers.ts'
import type { Call } from './call.ts'
import type { Continuation } from './continue/continuation.ts'
import type { BodyWriter, StreamBody } from './downstream/answer.ts'
import type { Gateway } from './gateway.ts'
import type { KeepAlives } from './keep-alive.ts'
import { toCallError } from './refuse.ts'
import { settle } from './send.ts'
import { rememberMade } from './kept/state.ts'
import type { TargetUse } from './target-use.ts'
import type { StreamTransform } from './transform.ts'
import type { Sink, Upcall } from './upcall.ts'

/** The line end behind a chunk: what stands behind that in the same read is more of the answer. */
const CHUNK_END = 2

const MOST_BEHIND_END = 65_536

/**
 * Sends one stream to the client as it arrives. It ends in exactly one of three ways: with the answer's own terminal event, with the
 * dialect's error event, or with the client gone; in each the record is durable before the last byte leaves.
 */
export class StreamRelay implements Sink, StreamBody {
  // What each chunk needs comes first, so that it lies close together.
  #over = false
  /** The attempt before was settled, and the one that shall go on has not begun to speak. */
  #handingOver = false
  readonly #transform: StreamTransform
  active = false
  /** Nothing of the answer has been sent yet. */
  #quiet = true
  #sent = 0
  readonly #capture: Capture | undefined
  /** Whether what was sent last ended an event: only then a comment may follow. */
  #betweenEvents = true
  #writer: BodyWriter | undefined
  lastSent = performance.now()
  readonly #gateway: Gateway
  readonly #call: Call
  #upcall: Upcall
  /** Bytes that came behind the end of the answer. */
  #behindEnd = 0
  readonly #keepAlives: KeepAlives
  /** How it ended, for the target's health. */
  #ended: CallError | 'whole' | 'left' = 'whole'
  /** The client cannot be told: its connection is cut instead. */
  #untellable = false

  #use: TargetUse
  readonly #held: readonly (Uint8Array | string)[]
  readonly #continuation: Continuation | undefined
  #left = false
  #attemptOpen = true
  #continued = false

  /** `held` is what the transform gave while the stream was held back; `continuation` may find who goes on when it dies. */
  constructor(
    gateway: Gateway,
    call: Call,
    upcall: Upcall,
    use: TargetUse,
    transform: StreamTransform,
    held: readonly (Uint8Array | string)[] = [],
    continuation?: Continuation,
  ) {
    this.#continuation = continuation
    this.#use = use
    this.#held = held
    this.#gateway = gateway
    this.#call = call
    this.#capture = call.capture
    this.#upcall = upcall
    this.#transform = transform
    this.#keepAlives = gateway.keepAlives
  }

  begin(writer: BodyWriter): void {
    this.#writer = writer
    this.#keepAlives.add(this)
    try {
      if (this.#held.length > 0) this.#spoke()
      for (const out of this.#held) this.#send(out)
      if (this.#held.length > 0) this.#upcall.exchange?.resume()
      if (this.#transform.finished) this.#finish('')
      else this.#upcall.drainTo(this)
    } catch (error) {
      this.#break(error)
    }
  }

  get told(): boolean {
    // What a guard holds until it is whole has been sent by now.
    return !this.#over && !this.#handingOver && this.#transform.told && !this.#transform.conclude
  }

  /** Most of a stream goes this way: nothing is copied but into the frame that goes out. */
  takes(bytes: Uint8Array, from: number, to: number): boolean {
    if (this.#over || this.#handingOver || this.#capture) return false
    try {
      if (!this.#transform.passes?.(bytes, from, to)) return false
      if (this.#quiet) this.#spoke()
      this.active = true
      this.#sent += to - from
      this.#betweenEvents = true
      const more = bytes.length - to > CHUNK_END
      if (this.#writer?.writePart(bytes, from, to, more) === false) this.#upcall.exchange?.pause()
    } catch (error) {
      this.#break(error)
    }
    return true
  }

  /** Also behind the end: what was framed must go out before anybody else frames. */
  flush(): void {
    try {
      if (this.#writer?.flush() === false) this.#upcall.exchange?.pause()
    } catch (error) {
      this.#break(error)
    }
  }

  data(chunk: Uint8Array): void {
    if (this.#over) return this.#behind(chunk.length)
    if (this.#handingOver) return
    try {
      const out = this.#transform.push(chunk)
      if (this.#quiet && out.length > 0) this.#spoke()
      if (this.#transform.finished) this.#finish(out)
      else if (out.length > 0) this.#send(out)
    } catch (error) {
      this.#break(error)
    }
  }

  /** A few bytes behind the end are read so that the connection can be used again; more are not waited for. */
  #behind(size: number): void {
    this.#behindEnd += size
    if (this.#behindEnd > MOST_BEHIND_END) this.#upcall.exchange?.cancel()
  }

  end(): void {
    if (this.#over || this.#handingOver) return
    try {
      this.#finish(this.#transform.end())
    } catch (error) {
      this.#break(error)
    }
  }

  fail(error: AppError): void {
    if (this.#over || this.#handingOver) return
    // The reason of the end was told: the answer is whole, only the end mark is missing.
    if (this.told) this.end()
    else this.#break(error)
  }

  drained(): void {
    this.#upcall.exchange?.resume()
  }

  left(): void {
    if (this.#over) return
    if (this.#handingOver) {
      this.#left = true
      return this.#continuation?.abandon()
    }
    this.#over = true
    this.#upcall.exchange?.cancel()
    this.#call.status = 499
    this.#call.errorCode = 'client_closed'
    this.#ended = 'left'
    this.#close()
  }

  /** A quiet stream says that it lives. */
  keepAlive(text: string): void {
    if (!this.#over && this.#betweenEvents) this.#send(text)
  }

  /** What a model thinks before its first token, it thinks behind the head: only what follows tells how long. */
  #spoke(): void {
    this.#quiet = false
    this.#call.firstByteMs = this.#call.elapsed()
  }

  get dialect(): Call['route']['dialect'] {
    return this.#call.route.dialect
  }

  #finish(out: Uint8Array | string): void {
    const report = this.#transform.report()
    if (report.complete) {
      this.#over = true
      this.#close(out)
    } else if (report.error && out.length > 0 && !this.#transform.joint && !this.#transform.untold) {
      // The vendor's own error event is in what is sent: the client has been told.
      this.#over = true
      this.#ended = report.error
      this.#call.errorCode = report.error.code
      this.#upcall.exchange?.cancel()
      this.#close(out)
    } else {
      if (out.length > 0) this.#send(out)
      this.#failWith(report.error ?? cutStream())
    }
  }

  #break(error: unknown): void {
    if (!(error instanceof AppError) || error.code === 'internal') return this.crashed(error)
    try {
      this.#failWith(callErrorOf(error))
    } catch (mistake) {
      this.crashed(mistake)
    }
  }

  /** A mistake of our own ends this call and no other: the client is told, or cut where even that fails. */
  crashed(mistake: unknown): void {
    this.#gateway.report(mistake, this.#call.id)
    if (this.#over) this.#writer?.abort()
    else this.#tell(toCallError(INTERNAL))
  }

  #failWith(error: CallError): void {
    if (this.#continuation?.mends(error)) return this.#handOver(error, this.#continuation)
    this.#tell(error)
  }

  /** The next target that can goes on where this one died. */
  #handOver(cause: CallError, continuation: Continuation): void {
    this.#handingOver = true
    this.#upcall.exchange?.cancel()
    this.#endAttempt(cause)
    continuation.begin(cause).then(
      (next) => {
        this.#handingOver = false
        if (this.#over) {
          // It was ended meanwhile.
          next?.upcall.abandon()
          return next?.use.abandon()
        }
        if (next) {
          this.#continued = true
          this.#attemptOpen = true
          this.#upcall = next.upcall
          this.#use = next.use
        }
        if (this.#left) return this.left()
        if (!next) return this.#tell(cause)
        try {
          this.#send(next.mark)
          next.upcall.drainTo(this)
        } catch (mistake) {
          this.crashed(mistake)
        }
      },
      (failure: unknown) => {
        this.#handingOver = false
        this.#gateway.report(failure, this.#call.id)
        if (!this.#over) this.#tell(cause)
      },
    )
  }

  #tell(error: CallError): void {
    this.#over = true
    this.#ended = error
    this.#call.errorCode = error.code
    this.#upcall.exchange?.cancel()
    if (this.#handingOver) this.#continuation?.abandon()
    let last = ''
    try {
      last = this.#transform.fail(error)
    } catch (mistake) {
      this.#gateway.report(mistake, this.#call.id)
      this.#untellable = true
    }
    this.#close(last)
  }

  /** Records, then sends the last bytes and ends the response. */
  #close(last: Uint8Array | string = ''): void {
    this.#keepAlives.delete(this)
    try {
      this.#account(last)
    } catch (mistake) {
      this.#gateway.report(mistake, this.#call.id)
    }
    this.#record().then(
      () => this.#conclude(last),
      (error: unknown) => {
        this.#gateway.report(error, this.#call.id)
        this.#writer?.abort()
      },
    )
  }

  /** Rejects with whatever keeps the call from being recorded. */
  #record(): Promise<void> {
    try {
      return record(this.#gateway, this.#call)
    } catch (mistake) {
      return Promise.reject(mistake as Error)
    }
  }

  #account(last: Uint8Array | string): void {
    const call = this.#call
    call.bytesOut = this.#sent + last.length
    const report = this.#transform.report()
    // A stream that failed before it said anything is a failed attempt: not charged.
    const isVoid = typeof this.#ended !== 'string' && report.estimatedOutput === 0 && call.continued === 0
    if (report.complete || !isVoid) learn(call, report)
    if (!this.#continued) rememberMade(this.#gateway, call, report)
    if (call.capture && this.#ended === 'whole') {
      call.capture.add(last)
      keepAnswer(call, call.streamType)
    }
    this.#endAttempt(this.#ended, tokensOf(call))
  }

  /** Completes the attempt that runs, if one does. */
  #endAttempt(ended: CallError | 'whole' | 'left', tokens = this.#transform.report().estimatedOutput): void {
    if (!this.#attemptOpen) return
    this.#attemptOpen = false
    settle(this.#call, this.#upcall.status, typeof ended === 'string' ? this.#call.errorCode : ended.code)
    if (ended === 'left') this.#use.abandon(tokens)
    else if (ended === 'whole') this.#use.succeed(this.#continued ? undefined : firstTokenMs(this.#call), tokens, true)
    else this.#use.fail(ended, tokens)
  }

  #conclude(last: Uint8Array | string): void {
    if (this.#ended === 'left') return
    if (this.#untellable) return this.#writer?.abort()
    try {
      this.#writer?.end(last)
    } catch (mistake) {
      this.crashed(mistake)
    }
  }

  #send(out: Uint8Array | string): void {
    this.active = true
    this.#sent += out.length
    this.#capture?.add(out)
    this.#betweenEvents = typeof out === 'string' ? out.endsWith('\n\n') : endsEvent(out)
    // The client reads slower than the vendor writes: the vendor waits.
    if (this.#writer?.write(out) === false) this.#upcall.exchange?.pause()
  }
}

const INTERNAL = new AppError('internal', 'the gateway failed on this call: report its request id')

/** From the beginning of the attempt that answered. */
function firstTokenMs({ firstByteMs, attempts }: Call): number | undefined {
  const begun = attempts.at(-1)?.started_ms
  return firstByteMs === null || begun === undefined ? undefined : Math.max(0, firstByteMs - begun)
}
