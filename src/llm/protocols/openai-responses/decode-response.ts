// A whole answer of the Responses API.
import { AppError } from '../../../errors.ts'
import { restoreResult } from '../../context.ts'
import { asNumber, asObject, asText, objectsIn } from '../../json.ts'
import { failureIn, vendorError } from '../../errors.ts'
import type { CallError, FinishReason, Json, JsonObject, Part, Result, TokenLogprob } from '../../spec.ts'
import type { DecodeContext } from '../../target.ts'
import { readMetadata, readLogprobs } from '../openai-chat/decode-response.ts'
import { readUsage } from '../openai-chat/usage.ts'
import { readAnnotation, readCall, readReasoning } from './item.ts'

export function decodeResponse(json: Json, context?: DecodeContext): Result {
  const body = asObject(json)
  if (body === undefined)
    throw new AppError('upstream_invalid', 'the provider answered with something that is no response')
  const failure = failureOf(body)
  if (failure !== undefined)
    throw new AppError(failure.code, failure.message, {
      status: failure.status,
      ...(failure.retryAfterMs === undefined ? {} : { retryAfterMs: failure.retryAfterMs }),
    })
  if (!Array.isArray(body['output'])) throw new AppError('upstream_invalid', 'the provider answered without output')
  const logprobs: TokenLogprob[] = []
  const content = objectsIn(body['output']).flatMap((item) => readItem(item, logprobs))
  const usage = asObject(body['usage'])
  const metadata = readMetadata(body)
  const result: Result = {
    id: asText(body['id']) ?? '',
    model: asText(body['model']) ?? '',
    created: asNumber(body['created_at']) ?? 0,
    choices: [
      {
        index: 0,
        content,
        finish: finishOf(
          body,
          content.some((part) => part.type === 'tool-call'),
        ),
        ...(logprobs.length > 0 ? { logprobs } : {}),
      },
    ],
    ...(usage === undefined ? {} : { usage: readUsage(usage, context?.quirks) }),
    ...(metadata === undefined ? {} : { metadata }),
  }
  return restoreResult(result, context)
}

/** The error of a response that failed, or of an answer that is nothing but an error. */
export function failureOf(body: JsonObject): CallError | undefined {
  const error = asObject(body['error'])
  if (body['status'] === 'failed')
    return vendorError(error === undefined ? { message: 'the response failed' } : failureIn({ error }))
  if (error !== undefined && body['output'] === undefined) return vendorError(failureIn({ error }))
  if (body['status'] === 'cancelled') return vendorError({ message: 'the response was cancelled at the provider' })
  return undefined
}

export function finishOf(body: JsonObject, hasCalls: boolean): FinishReason {
  const status = asText(body['status']) ?? 'completed'
  if (status === 'incomplete') {
    const reason = asText(asObject(body['incomplete_details'])?.['reason']) ?? status
    const unified = reason === 'max_output_tokens' ? 'length' : reason === 'content_filter' ? 'content-filter' : 'other'
    return { unified, raw: reason }
  }
  if (status !== 'completed') return { unified: 'other', raw: status }
  return { unified: hasCalls ? 'tool-calls' : 'stop', raw: status }
}

/** One item of the output: those that only OpenAI knows stay as they are. */
export function readItem(item: JsonObject, logprobs?: TokenLogprob[]): Part[] {
  switch (item['type']) {
    case 'message':
      return objectsIn(item['content']).map((piece): Part => {
        if (piece['type'] === 'refusal') return { type: 'refusal', text: asText(piece['refusal']) ?? '' }
        const citations = objectsIn(piece['annotations']).map(readAnnotation)
        logprobs?.push(...(readLogprobs({ content: piece['logprobs'] ?? null }) ?? []))
        return { type: 'text', text: asText(piece['text']) ?? '', ...(citations.length > 0 ? { citations } : {}) }
      })
    case 'function_call':
    case 'custom_tool_call':
      return [readCall(item)]
    case 'reasoning':
      return [readReasoning(item)]
    case 'image_generation_call': {
      const data = asText(item['result'])
      if (data === undefined || data === '') return [{ type: 'native', protocol: 'openai-responses', value: item }]
      return [
        {
          type: 'image',
          source: data.startsWith('http')
            ? { kind: 'url', url: data }
            : { kind: 'base64', mediaType: `image/${asText(item['output_format']) ?? 'png'}`, data },
        },
      ]
    }
    default:
      return [{ type: 'native', protocol: 'openai-responses', value: item }]
  }
}
