// A whole message for a client, and the errors of the format.
import { asObject } from '../../json.ts'
import { urlOfSource } from '../../media.ts'
import { parseArguments } from '../../partial-json.ts'
import type { AnswerOptions, EncodedError } from '../../protocol.ts'
import type { CallError, Choice, JsonObject, Part, Result, ToolCallPart, Usage } from '../../spec.ts'
import { lendProofs } from '../../seal.ts'
import { makeUsage } from '../../usage.ts'
import { errorHeaders } from '../openai-chat/encode-response.ts'
import { writeThoughtSignature } from '../openai-chat/reasoning.ts'
import { writeCitation, writeThinking } from './block.ts'
import { writeFinish } from './finish.ts'
import { writeUsage } from './usage.ts'

export const messageId = (id: string | undefined, requestId: string) =>
  id ? (id.startsWith('msg_') ? id : `msg_${id}`) : `msg_${requestId}`

/** The format has no way to leave usage out: unknown is written as zero. */
export const usageOrZero = (usage: Usage | undefined): JsonObject => writeUsage(usage ?? makeUsage({}))

export function encodeResponse(result: Result, options: AnswerOptions): JsonObject {
  const choice = result.choices[0]
  const content = lendProofs(choice?.content ?? [])
    .map(writePart)
    .filter((block) => block !== undefined)
  return {
    id: messageId(result.id, options.requestId),
    type: 'message',
    role: 'assistant',
    model: options.model,
    content,
    stop_reason: choice === undefined ? 'end_turn' : writeFinish(choice.finish, isRefused(choice)),
    stop_sequence: choice?.finish.stopSequence ?? null,
    usage: usageOrZero(result.usage),
    ...asObject(result.metadata?.['anthropic']),
  }
}

/** Whether the answer is a refusal: OpenAI has a part of its own for it. */
export const isRefused = (choice: Choice) => choice.content.some((part) => part.type === 'refusal')

/** A tool call's opening block; Gemini's proof rides along, so that the client sends it back. */
export function writeCallStart(call: Pick<ToolCallPart, 'id' | 'name' | 'signature'>, input: JsonObject): JsonObject {
  const signed = call.signature === undefined ? {} : { extra_content: writeThoughtSignature(call.signature) }
  return { type: 'tool_use', id: call.id, name: call.name, input, ...signed }
}

/** One part as a block; undefined for what Anthropic's clients do not know. */
export function writePart(part: Part): JsonObject | undefined {
  switch (part.type) {
    case 'text': {
      const citations = part.citations?.map(writeCitation).filter((citation) => citation !== undefined) ?? []
      return { type: 'text', text: part.text, ...(citations.length > 0 ? { citations } : {}) }
    }
    case 'refusal':
      return { type: 'text', text: part.text }
    case 'reasoning':
      return writeThinking(part)
    case 'tool-call':
      return writeCallStart(part, part.custom ? { input: part.arguments } : parseArguments(part.arguments))
    case 'image': {
      const url = urlOfSource(part.source)
      if (url === undefined) return undefined
      return part.source.kind === 'base64'
        ? { type: 'image', source: { type: 'base64', media_type: part.source.mediaType, data: part.source.data } }
        : { type: 'image', source: { type: 'url', url } }
    }
    case 'audio':
      return part.transcript === undefined ? undefined : { type: 'text', text: part.transcript }
    case 'native':
      return part.protocol === 'anthropic-messages' ? part.value : undefined
    default:
      return undefined
  }
}

const TYPES: Readonly<Record<number, string>> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  402: 'billing_error',
  403: 'permission_error',
  404: 'not_found_error',
  409: 'conflict_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  504: 'timeout_error',
  503: 'overloaded_error',
  529: 'overloaded_error',
}

export const errorBody = (error: CallError): JsonObject => ({
  type: TYPES[error.status] ?? (error.status >= 500 ? 'api_error' : 'invalid_request_error'),
  message:
    error.field === undefined || error.message.includes(error.field)
      ? error.message
      : `${error.field}: ${error.message}`,
})

export function encodeError(error: CallError, requestId: string): EncodedError {
  return {
    // Anthropic's word for too much load is 529.
    status: error.status === 503 ? 529 : error.status,
    headers: { 'request-id': requestId, ...errorHeaders(error, requestId) },
    body: { type: 'error', error: errorBody(error), request_id: requestId },
  }
}
