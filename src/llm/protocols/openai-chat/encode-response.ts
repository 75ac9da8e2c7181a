// A whole chat completion for a client, and the errors of the format.
import type { AnswerOptions, EncodedError } from '../../protocol.ts'
import { urlOfSource } from '../../media.ts'
import type { CallError, Choice, Citation, JsonObject, Part, Result, TokenLogprob, ToolCallPart } from '../../spec.ts'
import { writeFinish } from './finish.ts'
import { writeDetail, writeThoughtSignature } from './reasoning.ts'
import { writeUsage } from './usage.ts'

export const completionId = (id: string | undefined, requestId: string) =>
  id ? (id.startsWith('chatcmpl') ? id : `chatcmpl-${id}`) : `chatcmpl-${requestId}`

export function encodeResponse(result: Result, options: AnswerOptions): JsonObject {
  return {
    id: completionId(result.id, options.requestId),
    object: 'chat.completion',
    created: result.created || options.created,
    model: options.model,
    choices: result.choices.map((choice) => writeChoice(choice, result.sources ?? [])),
    ...(result.usage === undefined ? {} : { usage: writeUsage(result.usage) }),
    ...result.metadata,
  }
}

function writeChoice(choice: Choice, sources: readonly Citation[]): JsonObject {
  return {
    index: choice.index,
    message: writeMessage(choice.content, sources),
    logprobs: choice.logprobs === undefined ? null : { content: choice.logprobs.map(writeLogprob), refusal: null },
    finish_reason: writeFinish(choice.finish),
  }
}

function writeMessage(parts: readonly Part[], sources: readonly Citation[]): JsonObject {
  const texts = parts.filter((part) => part.type === 'text')
  const calls = parts.filter((part) => part.type === 'tool-call')
  const refusals = parts.filter((part) => part.type === 'refusal')
  const reasoning = parts.filter((part) => part.type === 'reasoning')
  const images = parts
    .filter((part) => part.type === 'image')
    .map((part) => urlOfSource(part.source))
    .filter((url) => url !== undefined)
  const audio = parts.find((part) => part.type === 'audio')
  const thought = reasoning.map((part) => part.text).join('')
  const sealed = reasoning.some((part) => part.signature !== undefined || part.redacted !== undefined)
  // Once one thought has a proof all are told: what stands here is what comes back.
  const details = sealed
    ? reasoning.map((part, index) => writeDetail(part, index) ?? { type: 'reasoning.text', text: part.text, index })
    : []
  const annotations = [...textAnnotations(texts), ...sources.map((source) => writeAnnotation(source, 0))].filter(
    (entry) => entry !== undefined,
  )
  const signature = texts.findLast((part) => part.signature !== undefined)?.signature
  const silent = calls.length > 0 || refusals.length > 0 || audio !== undefined
  return {
    role: 'assistant',
    content: texts.length === 0 && silent ? null : texts.map((part) => part.text).join(''),
    refusal: refusals.length > 0 ? refusals.map((part) => part.text).join('') : null,
    ...(thought === '' ? {} : { reasoning_content: thought }),
    ...(details.length > 0 ? { reasoning_details: details } : {}),
    ...(calls.length > 0 ? { tool_calls: calls.map(writeCall) } : {}),
    ...(annotations.length > 0 ? { annotations } : {}),
    ...(images.length > 0 ? { images: images.map((url) => ({ type: 'image_url', image_url: { url } })) } : {}),
    ...(signature === undefined ? {} : { extra_content: writeThoughtSignature(signature) }),
    ...(audio?.type === 'audio'
      ? {
          audio: {
            id: audio.id ?? '',
            data: audio.source.kind === 'base64' ? audio.source.data : '',
            transcript: audio.transcript ?? '',
            expires_at: audio.expiresAt ?? 0,
          },
        }
      : {}),
  }
}

function textAnnotations(texts: readonly (Part & { type: 'text' })[]): (JsonObject | undefined)[] {
  const written: (JsonObject | undefined)[] = []
  let before = 0
  for (const part of texts) {
    for (const citation of part.citations ?? []) written.push(writeAnnotation(citation, before, part.text.length))
    before += part.text.length
  }
  return written
}

/** A citation as OpenAI annotates; sources without an address have no place there. */
export function writeAnnotation(citation: Citation, before: number, length = 0): JsonObject | undefined {
  if (citation.url === undefined) return undefined
  return {
    type: 'url_citation',
    url_citation: {
      url: citation.url,
      title: citation.title ?? '',
      start_index: before + (citation.start ?? 0),
      end_index: before + (citation.end ?? length),
    },
  }
}

export function writeCall(call: ToolCallPart): JsonObject {
  const signed = call.signature === undefined ? {} : { extra_content: writeThoughtSignature(call.signature) }
  if (call.custom) return { id: call.id, type: 'custom', custom: { name: call.name, input: call.arguments } }
  return {
    id: call.id,
    type: 'function',
    function: { name: call.name, arguments: call.arguments === '' ? '{}' : call.arguments },
    ...signed,
  }
}

export function writeLogprob(entry: TokenLogprob): JsonObject {
  const write = (token: Omit<TokenLogprob, 'top'>): JsonObject => ({
    token: token.token,
    logprob: token.logprob,
    bytes: token.bytes === undefined || token.bytes === null ? null : [...token.bytes],
  })
  return { ...write(entry), top_logprobs: (entry.top ?? []).map(write) }
}

/** The error types that OpenAI's clients tell apart. */
function errorType(error: CallError): string {
  switch (error.code) {
    case 'missing_api_key':
    case 'invalid_api_key':
    case 'revoked_api_key':
    case 'expired_api_key':
    case 'unauthenticated':
      return 'authentication_error'
    case 'forbidden':
    case 'model_not_allowed':
      return 'permission_error'
    case 'rate_limited':
      return 'rate_limit_error'
    case 'quota_exceeded':
    case 'budget_exceeded':
      return 'insufficient_quota'
    default:
      return error.status >= 500 ? 'api_error' : 'invalid_request_error'
  }
}

function errorCode(error: CallError): string {
  switch (error.code) {
    case 'rate_limited':
      return 'rate_limit_exceeded'
    case 'quota_exceeded':
      return 'insufficient_quota'
    case 'content_filtered':
      return 'content_filter'
    default:
      return error.code
  }
}

export const writeError = (error: CallError): JsonObject => ({
  error: { message: error.message, type: errorType(error), param: error.field ?? null, code: errorCode(error) },
})

/** The headers of every error: which call it was, and by what the official clients decide whether and when to try again. */
export function errorHeaders(error: CallError, requestId: string): Record<string, string> {
  const headers: Record<string, string> = {
    'x-request-id': requestId,
    'x-should-retry': error.retryable ? 'true' : 'false',
  }
  if (error.retryable && error.retryAfterMs !== undefined) {
    headers['retry-after'] = String(Math.max(1, Math.ceil(error.retryAfterMs / 1000)))
    headers['retry-after-ms'] = String(error.retryAfterMs)
  }
  return headers
}

export function encodeError(error: CallError, requestId: string): EncodedError {
  return {
    status: error.status,
    headers: errorHeaders(error, requestId),
    body: writeError(error),
  }
}
