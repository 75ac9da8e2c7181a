// A whole response for a client, and the errors of the format.
import type { AnswerOptions, EncodedError } from '../../protocol.ts'
import type {
  CallError,
  Choice,
  Citation,
  FinishReason,
  JsonObject,
  Part,
  Result,
  TextPart,
  TokenLogprob,
} from '../../spec.ts'
import { defined } from '../../json.ts'
import { errorHeaders, writeError as writeEnvelope, writeLogprob } from '../openai-chat/encode-response.ts'
import { lendProofs } from '../../seal.ts'
import { writeAnnotation, writeCall, writeReasoning } from './item.ts'
import { writeUsage } from './usage.ts'

export const responseId = (id: string | undefined, requestId: string) =>
  id ? (id.startsWith('resp_') ? id : `resp_${id}`) : `resp_${requestId}`

/** Id of the item at that place of the output: each answer has its own. */
export const itemId = (prefix: string, response: string, index: number) =>
  `${prefix}_${response.replace(/^resp_/, '')}_${index}`

/** What `status` and `incomplete_details` say of the end. */
export function statusOf(reason: FinishReason): {
  readonly status: string
  readonly incomplete_details: JsonObject | null
} {
  if (reason.unified === 'length') return { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } }
  if (reason.unified === 'content-filter')
    return { status: 'incomplete', incomplete_details: { reason: 'content_filter' } }
  return { status: 'completed', incomplete_details: null }
}

/** The response object with everything but its output, as it was asked for. */
export function frameOf(options: AnswerOptions, id: string, created: number): JsonObject {
  const { request } = options
  const format = request.responseFormat
  return {
    id,
    object: 'response',
    created_at: created,
    status: 'in_progress',
    background: false,
    error: null,
    incomplete_details: null,
    instructions:
      request.system.length > 0 && request.dialect === 'openai-responses'
        ? request.system.map((part) => part.text).join('\n\n')
        : null,
    max_output_tokens: request.maxOutputTokens ?? null,
    max_tool_calls: null,
    model: options.model,
    output: [],
    parallel_tool_calls: request.parallelToolCalls ?? true,
    previous_response_id: request.previousResponseId ?? null,
    prompt_cache_key: request.promptCacheKey ?? null,
    reasoning: { effort: request.reasoning?.effort ?? null, summary: request.reasoning?.summary ?? null },
    safety_identifier: null,
    service_tier: request.serviceTier ?? 'default',
    store: false,
    temperature: request.temperature ?? 1,
    text: {
      format:
        format === undefined || format.type === 'text'
          ? { type: 'text' }
          : format.type === 'json'
            ? { type: 'json_object' }
            : { ...format, type: 'json_schema', strict: format.strict ?? false },
      verbosity: request.verbosity ?? 'medium',
    },
    tool_choice: choiceOf(options),
    tools: request.tools.map((tool): JsonObject => {
      if (tool.type === 'native') return tool.value
      if (tool.type === 'custom')
        return defined({
          type: 'custom',
          name: tool.name,
          description: tool.description,
          format: tool.format,
        }) as JsonObject
      return {
        type: 'function',
        name: tool.name,
        description: tool.description ?? null,
        parameters: tool.parameters ?? null,
        strict: tool.strict ?? false,
      }
    }),
    top_logprobs: request.topLogprobs ?? 0,
    top_p: request.topP ?? 1,
    truncation: 'disabled',
    usage: null,
    user: request.user ?? null,
    metadata: request.metadata ?? {},
  }
}

function choiceOf({ request }: AnswerOptions): JsonObject | string {
  const choice = request.toolChoice
  if (choice?.type === 'tool') return { type: 'function', name: choice.name }
  if (choice?.type === 'allowed')
    return { type: 'allowed_tools', mode: choice.mode, tools: choice.names.map((name) => ({ type: 'function', name })) }
  return choice?.type ?? 'auto'
}

export function encodeResponse(result: Result, options: AnswerOptions): JsonObject {
  const id = responseId(result.id, options.requestId)
  const choice = result.choices[0] ?? { index: 0, content: [], finish: { unified: 'other' } }
  const created = result.created || options.created
  return {
    ...frameOf(options, id, created),
    ...statusOf(choice.finish),
    completed_at: options.created,
    output: writeOutput(choice, result.sources ?? [], id),
    usage: result.usage === undefined ? null : writeUsage(result.usage),
    ...tierOf(result.metadata),
  }
}

export const tierOf = (metadata: JsonObject | undefined): JsonObject =>
  typeof metadata?.['service_tier'] === 'string' ? { service_tier: metadata['service_tier'] } : {}

function writeOutput(choice: Choice, sources: readonly Citation[], id: string): JsonObject[] {
  const items: JsonObject[] = []
  const last = choice.content.findLastIndex((part) => part.type === 'text')
  lendProofs(choice.content).forEach((part, index) => {
    const item = writeItem(
      part,
      items.length,
      id,
      index === last ? { sources, logprobs: choice.logprobs ?? [] } : { sources: [], logprobs: [] },
    )
    if (item !== undefined) items.push(item)
  })
  return items
}

type Beside = { readonly sources: readonly Citation[]; readonly logprobs: readonly TokenLogprob[] }

function writeItem(part: Part, index: number, id: string, beside: Beside): JsonObject | undefined {
  switch (part.type) {
    case 'text':
      return messageItem(itemId('msg', id, index), writeText(part, beside))
    case 'refusal':
      return messageItem(itemId('msg', id, index), { type: 'refusal', refusal: part.text })
    case 'reasoning':
      return writeReasoning(part, part.itemId ?? itemId('rs', id, index))
    case 'tool-call':
      return writeCall(part, itemId(part.custom ? 'ctc' : 'fc', id, index))
    case 'image':
      return part.source.kind === 'base64' ? imageItem(part.source.data, itemId('ig', id, index)) : undefined
    case 'audio':
      return part.transcript === undefined
        ? undefined
        : messageItem(itemId('msg', id, index), { type: 'output_text', text: part.transcript, annotations: [] })
    case 'native':
      return part.protocol === 'openai-responses' ? part.value : undefined
    default:
      return undefined
  }
}

export const imageItem = (data: string, id: string): JsonObject => ({
  id,
  type: 'image_generation_call',
  status: 'completed',
  result: data,
})

export const messageItem = (id: string, content: JsonObject): JsonObject => ({
  id,
  type: 'message',
  status: 'completed',
  role: 'assistant',
  content: [content],
})

function writeText(part: TextPart, { sources, logprobs }: Beside): JsonObject {
  const citations = [...(part.citations ?? []), ...sources]
  const annotations = citations
    .map((citation) => writeAnnotation(citation, part.text.length))
    .filter((annotation) => annotation !== undefined)
  return { type: 'output_text', text: part.text, annotations, logprobs: logprobs.map(writeLogprob) }
}

/** The codes that a failed response may carry. */
export function errorOf(error: CallError): JsonObject {
  const envelope = writeEnvelope(error)['error'] as JsonObject
  return { code: envelope['code'] ?? 'server_error', message: error.message }
}

export function encodeError(error: CallError, requestId: string): EncodedError {
  return {
    status: error.status,
    headers: errorHeaders(error, requestId),
    body: writeEnvelope(error),
  }
}
