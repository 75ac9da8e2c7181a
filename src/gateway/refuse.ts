import { AppError } from '../errors.ts'
import { callErrorOf } from '../llm/errors.ts'
import { protocolOf } from '../llm/protocols.ts'
import type { CallError, ProtocolId } from '../llm/spec.ts'
import { Answer, headerLine } from './downstream/answer.ts'

const DEFAULT_WAIT_MS = 1_000

/**
 * Thrown where a call ends with an error that is already in the vocabulary of calls. No `Error`: to be refused is an outcome like others, and
 * nobody reads the stack, which costs more to take than the rest of a refusal.
 */
export class Refusal {
  readonly error: CallError

  constructor(error: CallError) {
    this.error = error
  }
}

/** The error as every wire format can render it. What is none of ours says nothing of what it was. */
export function toCallError(error: unknown): CallError {
  if (error instanceof Refusal) return withWait(error.error)
  if (error instanceof AppError) return withWait(callErrorOf(error))
  return callErrorOf(new AppError('internal', 'the gateway failed on this call: report its request id'))
}

/** Too much load is always told with a time to come back. */
function withWait(error: CallError): CallError {
  const waits = error.retryable && (error.status === 429 || error.status === 503 || error.status === 529)
  return waits && error.retryAfterMs === undefined ? { ...error, retryAfterMs: DEFAULT_WAIT_MS } : error
}

/** The status that a client of this dialect sees: each has its own word for too much load. */
export function statusSeen(error: CallError, dialect: ProtocolId): number {
  if (error.status !== 503 && error.status !== 529) return error.status
  return protocolOf(dialect).client?.encodeError(error, '').status ?? error.status
}

/** An error's answer in the caller's dialect, with the request id that its record has. `extra` are further header lines. */
export function errorAnswer(error: CallError, dialect: ProtocolId, requestId: string, extra = ''): Answer {
  const client = protocolOf(dialect).client ?? protocolOf('openai-chat').client!
  const encoded = client.encodeError(error, requestId)
  let lines = 'content-type: application/json\r\n'
  for (const name in encoded.headers) lines += headerLine(name, encoded.headers[name]!)
  return new Answer(encoded.status, lines + extra, JSON.stringify(encoded.body))
}
