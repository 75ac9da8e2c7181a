import type { VendorRequest } from './request.ts'

/** The refusals that every vendor has, each in its own words and status. */
export type FailureKind =
  | 'rate-limited'
  | 'overloaded'
  | 'server-error'
  | 'invalid-key'
  | 'unknown-model'
  | 'context-too-long'
  | 'content-filter'

/** What a vendor would answer to one request if nothing went wrong. Faults bend it. */
export type Answer = {
  readonly contentType: string
  /** The plain answer's body; empty when the answer is a stream. */
  readonly body: string | Uint8Array
  /** The stream's events, each a whole block as it stands on the wire; absent for a plain answer. */
  readonly events?: readonly string[]
  /** How many of the last events only say that the stream is over (`data: [DONE]`). */
  readonly terminalEvents: number
}

export type AnswerOptions = {
  /** The text to answer with. */
  readonly text?: string
  /** Ends the answer as if the vendor's filter had stopped it. */
  readonly filtered?: boolean
  /** Whether a request that ends with the assistant's turn is answered with what follows it, or with all of it once more. */
  readonly prefix?: 'continues' | 'echoes'
}

/** What is still to be said after the assistant's turn that a request ends with. Another text than that turn is not continued. */
export function restOf(text: string, turn: unknown, { prefix }: AnswerOptions): string {
  return prefix === 'continues' && typeof turn === 'string' && text.startsWith(turn) ? text.slice(turn.length) : text
}

/** One vendor's wire format, as far as a fake needs it. */
export type Wire = {
  readonly id: string
  readonly answer: (request: VendorRequest, options: AnswerOptions) => Answer
  readonly failure: (kind: FailureKind) => { readonly status: number; readonly body: string }
  /** The error that this vendor sends inside a stream that began with 200. */
  readonly errorEvent: string
}
