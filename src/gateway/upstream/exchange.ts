import type { AppError } from '../../errors.ts'

/** The headers of an answer; names are asked for in lower case. */
export type AnswerHead = {
  readonly get: (name: string) => string | undefined
  readonly toHeaders: () => Headers
}

/**
 * What one HTTP exchange reports, each method called synchronously as bytes arrive: `onHead` once, `onData` any number of times, then
 * exactly one of `onEnd` and `onFailure`. A chunk belongs to the receiver and is not changed later.
 */
export type ExchangeListener = {
  onHead(status: number, head: AnswerHead): void
  onData(chunk: Uint8Array): void
  onEnd(): void
  onFailure(failure: UpstreamFailure): void
  /** Nothing came for a while. True: the answer is whole as it is, the exchange was cancelled. */
  onQuiet?(): boolean
}

/** Takes an answer's bytes. A chunk belongs to the receiver and is not changed later. */
export type ChunkSink = {
  data(chunk: Uint8Array): void
  /** Takes a part of what came without a copy of it, where that is possible; false, and nothing taken, where `data` must have it. */
  takes?(bytes: Uint8Array, from: number, to: number): boolean
  /** All that one read brought has been given. */
  flush?(): void
}

/** A call under way. After `cancel` nothing more is reported. */
export type Exchange = {
  cancel(): void
  /** From now on chunks go here instead of to the listener, or to the listener again. */
  pipe(sink: ChunkSink | undefined): void
  /** Stops reading, so that the vendor is slowed down by a slow client. */
  pause(): void
  resume(): void
}

export type UpstreamFailure = {
  readonly error: AppError
  readonly phase: 'connect' | 'before-first-byte' | 'head' | 'before-body' | 'body'
  /** Whether any byte of the request may have reached the vendor: if so it must not be sent again in silence. */
  readonly mayHaveReached: boolean
}

/** One request, ready to be sent. */
export type UpstreamRequest = {
  /** Request line and headers; where the body's length is told, up to the value of content-length, which is last. */
  readonly head: string
  readonly tellsLength: boolean
  /** Further lines of headers. */
  readonly lines: string
  readonly body: Uint8Array
  readonly method: string
}

export type PhaseTimeouts = {
  readonly connectMs: number
  /** Until the first byte of the body: some vendors send a head at once and think behind it. */
  readonly firstByteMs: number
  readonly idleMs: number
  readonly totalMs: number
}
