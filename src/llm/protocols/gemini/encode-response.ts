// A whole answer for a client of Gemini, and the errors of the format.
import { asObject } from '../../json.ts'
import { parseArguments } from '../../partial-json.ts'
import type { AnswerOptions, EncodedError } from '../../protocol.ts'
import type { CallError, Choice, Citation, JsonObject, Part, Result, TokenLogprob } from '../../spec.ts'
import { errorHeaders } from '../openai-chat/encode-response.ts'
import { writeFinish } from './finish.ts'
import { writeMedia, writeThought } from './part.ts'
import { writeUsage } from './usage.ts'

export function encodeResponse(result: Result, options: AnswerOptions): JsonObject {
  return {
    candidates: result.choices.map((choice, index) =>
      writeCandidate(choice, index === 0 ? (result.sources ?? []) : [], result.metadata),
    ),
    ...(result.usage === undefined ? {} : { usageMetadata: writeUsage(result.usage) }),
    modelVersion: options.model,
    responseId: result.id || options.requestId,
  }
}

function writeCandidate(choice: Choice, sources: readonly Citation[], metadata: JsonObject | undefined): JsonObject {
  const { promptFeedback: _, ...own } = asObject(metadata?.['gemini']) ?? {}
  return {
    content: { parts: choice.content.map(writePart).filter((part) => part !== undefined), role: 'model' },
    finishReason: writeFinish(
      choice.finish,
      choice.content.some((part) => part.type === 'refusal'),
    ),
    index: choice.index,
    ...(choice.logprobs === undefined ? {} : { logprobsResult: writeLogprobs(choice.logprobs) }),
    ...groundingOf([
      ...sources,
      ...choice.content.flatMap((part) => (part.type === 'text' ? (part.citations ?? []) : [])),
    ]),
    ...(choice.index === 0 ? own : {}),
  }
}

/** Sources with an address, as Gemini names what an answer rests on. */
export function groundingOf(citations: readonly Citation[]): JsonObject {
  const chunks = citations
    .filter((citation) => citation.url !== undefined)
    .map((citation) => ({ web: { uri: citation.url as string, title: citation.title ?? '' } }))
  return chunks.length > 0 ? { groundingMetadata: { groundingChunks: chunks } } : {}
}

/** One part of an answer; undefined for what Gemini's clients do not know. */
export function writePart(part: Part): JsonObject | undefined {
  switch (part.type) {
    case 'text':
      return { text: part.text, ...(part.signature === undefined ? {} : { thoughtSignature: part.signature }) }
    case 'refusal':
      return { text: part.text }
    case 'reasoning':
      return writeThought(part)
    case 'tool-call': {
      const args = part.custom ? { input: part.arguments } : parseArguments(part.arguments)
      return {
        functionCall: { id: part.id, name: part.name, args },
        ...(part.signature === undefined ? {} : { thoughtSignature: part.signature }),
      }
    }
    case 'image':
    case 'audio':
    case 'video':
      return writeMedia(
        part.source,
        part.type === 'image' ? 'image/png' : part.type === 'audio' ? 'audio/wav' : 'video/mp4',
      )
    case 'native':
      return part.protocol === 'gemini' ? part.value : undefined
    default:
      return undefined
  }
}

export function writeLogprobs(logprobs: readonly TokenLogprob[]): JsonObject {
  const token = (entry: Omit<TokenLogprob, 'top'>): JsonObject => ({
    token: entry.token,
    logProbability: entry.logprob,
  })
  return {
    chosenCandidates: logprobs.map(token),
    topCandidates: logprobs.map((entry) => ({ candidates: (entry.top ?? []).map(token) })),
  }
}

const STATUSES: Readonly<Record<number, string>> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  402: 'RESOURCE_EXHAUSTED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  409: 'ABORTED',
  429: 'RESOURCE_EXHAUSTED',
  499: 'CANCELLED',
  500: 'INTERNAL',
  501: 'UNIMPLEMENTED',
  503: 'UNAVAILABLE',
  504: 'DEADLINE_EXCEEDED',
  529: 'UNAVAILABLE',
}

export function writeError(error: CallError): JsonObject {
  const status = error.status === 529 ? 503 : error.status
  const violation =
    error.field === undefined
      ? []
      : [
          {
            '@type': 'type.googleapis.com/google.rpc.BadRequest',
            fieldViolations: [{ field: error.field, description: error.message }],
          },
        ]
  const retry =
    error.retryable && error.retryAfterMs !== undefined
      ? [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: `${error.retryAfterMs / 1000}s` }]
      : []
  const details = [...violation, ...retry]
  return {
    error: {
      code: status,
      message: error.message,
      status: STATUSES[status] ?? (status >= 500 ? 'INTERNAL' : 'INVALID_ARGUMENT'),
      ...(details.length > 0 ? { details } : {}),
    },
  }
}

export function encodeError(error: CallError, requestId: string): EncodedError {
  return {
    status: error.status === 529 ? 503 : error.status,
    headers: errorHeaders(error, requestId),
    body: writeError(error),
  }
}
