// What a wire format must be able to do: serve clients that speak it, call vendors that speak it, or both.
import type {
  CallError,
  ChatRequest,
  Dropped,
  FinishReason,
  Json,
  JsonObject,
  ProtocolId,
  Result,
  StreamPart,
  Usage,
} from './spec.ts'
import type { DecodeContext, Quirks, Target } from './target.ts'

/** What the address of a client's call says beside its body. */
export type PathInfo = {
  /** Gemini names the model in the path. */
  readonly model?: string
  /** Gemini says in the path whether to stream. */
  readonly stream?: boolean
  /** Query of the call (`alt=sse`). */
  readonly query?: Readonly<Record<string, string>>
}

export type EncodedError = {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: JsonObject
}

/** Facts of one answer that the caller's format prints. */
export type AnswerOptions = {
  readonly request: ChatRequest
  /** Model to name in the answer. */
  readonly model: string
  /** The gateway's id of this call; used where the vendor gave no id. */
  readonly requestId: string
  /** Seconds since 1970; used where the vendor gave no time. */
  readonly created: number
  /** Query of the call: Gemini answers with SSE or with a JSON array. */
  readonly query?: Readonly<Record<string, string>>
  /** The stream has begun elsewhere: its id, and the number that its next event must bear. */
  readonly resumed?: { readonly id?: string; readonly sequence: number }
}

/** Makes the bytes of a client's stream. `end` after an answer that was never finished is a failure and says so. */
export type StreamEncoder = {
  /** Bytes to send now; may be empty. Nothing is sent after `response-end`, `error`, `end` or `fail`. */
  push(part: StreamPart): string
  /** Call when the vendor's stream is over. */
  end(): string
  /** Ends the stream with the format's error event, whatever was sent before. */
  fail(error: CallError): string
  /** Something that is said beside the answer, where the stream has no comments. */
  readonly mark?: ((value: JsonObject) => string) | undefined
}

export type ClientSide = {
  /** Throws AppError `invalid_request` naming the field. */
  decodeRequest(body: JsonObject, path: PathInfo): ChatRequest
  encodeResponse(result: Result, options: AnswerOptions): JsonObject
  createStreamEncoder(options: AnswerOptions): StreamEncoder
  streamContentType(query: Readonly<Record<string, string>>): string
  /** Sent now and then on a quiet stream: something every client of the format ignores. */
  readonly keepAlive: string
  encodeError(error: CallError, requestId: string): EncodedError
}

export type EncodedRequest = {
  /** Below the provider's base URL, with a leading slash. */
  readonly path: string
  readonly query?: Readonly<Record<string, string>>
  /** Beside authentication and content type. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: JsonObject
  readonly dropped: readonly Dropped[]
  readonly context: DecodeContext
}

/**
 * Reads a vendor's stream. A stream that stops without its terminal event yields an `error` part from `end()`; after an `error` or a
 * `response-end` nothing more is yielded.
 */
export type StreamDecoder = {
  push(bytes: Uint8Array): StreamPart[]
  end(): StreamPart[]
  /** How many answers told why they stopped, where all that began did, so that `end` would be whole; else 0. Absent: the end mark tells it. */
  stopped?(): number
}

/** What was learned from an answer that was passed through without being read. */
export type TapReport = {
  readonly usage?: Usage
  readonly finish?: FinishReason
  readonly model?: string
  readonly id?: string
  /** An error that came inside a 200. */
  readonly error?: CallError
  /** The stream had its terminal event, or every answer in it told why it stopped (a plain answer: it was whole JSON). */
  readonly complete: boolean
  /**
   * A guess at the tokens that were made, for streams that ended before they told, or told what cannot be believed (about one for each event);
   * 0 when `usage` or the end is known.
   */
  readonly estimatedOutput: number
}

/** Watches bytes that go straight through; looks only at the tail. */
export type UsageTap = {
  /** The bytes to forward: the same object, unless something has to be kept from the client. */
  push(bytes: Uint8Array): Uint8Array
  /**
   * Takes plain events (`arePlain`) that the client gets as they are. False, and nothing taken, where `push` must see them; `hasEmptyList` tells
   * of a list without elements in them. Absent: `push` must see all.
   */
  passes?(bytes: Uint8Array, from: number, to: number, hasEmptyList: boolean): boolean
  /** Bytes that were held back; call once, when the vendor's stream is over. */
  flush(): Uint8Array
  /** Whether all answers that were asked for told why they stopped: only the end mark is missing. Absent: the mark alone tells it. */
  told?(): boolean
  /** Whether one of these whole events ends the stream, where that cannot be told from their last bytes. */
  ends?(events: Uint8Array): boolean
  report(): TapReport
}

export type TapOptions = {
  /** The client did not ask for the usage chunk that was asked of the vendor: keep it back. */
  readonly stripUsage?: boolean
  readonly quirks?: Quirks
  /** How many answers were asked for; 1 where nothing is said. */
  readonly asked?: number
}

/** A body of the same format, changed only where the vendor differs from the format. */
export type AdaptedBody = { readonly body: JsonObject; readonly dropped: readonly Dropped[] }

export type VendorSide = {
  /**
   * For calls whose client speaks the same format and whose vendor has quirks: what nobody knows stays. Undefined when the call must be
   * translated instead. A format without it passes bodies through as they are.
   */
  adaptBody?(body: JsonObject, target: Target): AdaptedBody | undefined
  encodeRequest(request: ChatRequest, target: Target): EncodedRequest
  decodeResponse(body: Json, context?: DecodeContext): Result
  createStreamDecoder(context?: DecodeContext): StreamDecoder
  decodeError(status: number, headers: Headers, body: Uint8Array): CallError
  /** What a whole answer tells that passes through, from its bytes; undefined where its JSON has to be read for that. */
  scanReport?(bytes: Uint8Array, quirks: Quirks): TapReport | undefined
  /** The same from its JSON; a format without it is tapped. */
  readReport?(body: Json, quirks: Quirks): TapReport
  /** For calls whose client speaks the same format. */
  createUsageTap(stream: boolean, options?: TapOptions): UsageTap
}

export type Protocol = {
  readonly id: ProtocolId
  readonly client?: ClientSide
  readonly vendor?: VendorSide
}
