// A vendor's whole chat completion.
import { AppError } from '../../../errors.ts'
import { restoreResult } from '../../context.ts'
import { failureIn, vendorError } from '../../errors.ts'
import { asArray, asNumber, asObject, asText, objectsIn } from '../../json.ts'
import { audioMediaType, sourceOfUrl } from '../../media.ts'
import type {
  Choice,
  Citation,
  FinishReason,
  Json,
  JsonObject,
  Part,
  Result,
  TokenLogprob,
  ToolCallPart,
} from '../../spec.ts'
import type { DecodeContext } from '../../target.ts'
import { readFinish } from './finish.ts'
import { readReasoning, readThoughtSignature } from './reasoning.ts'
import { readUsage } from './usage.ts'

/** A failure that was put into a 200, as an error that the gateway can throw. */
export function inBandError(body: JsonObject): AppError {
  const error = vendorError(failureIn(body))
  return new AppError(error.code, error.message, {
    status: error.status,
    ...(error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs }),
  })
}

export function decodeResponse(json: Json, context?: DecodeContext): Result {
  const body = asObject(json)
  if (body === undefined)
    throw new AppError('upstream_invalid', 'the provider answered with something that is no chat completion')
  const given = objectsIn(body['choices'])
  if (given.length === 0 && (asObject(body['error']) !== undefined || asText(body['error']) !== undefined))
    throw inBandError(body)
  const failed = given.find((choice) => choice['finish_reason'] === 'error')
  if (failed !== undefined)
    throw inBandError({ error: asObject(failed['error']) ?? { message: 'the provider stopped with an error' } })
  if (!Array.isArray(body['choices'])) throw new AppError('upstream_invalid', 'the provider answered without choices')
  const choices = given.map((choice, index) => readChoice(choice, index))
  const usage = asObject(body['usage']) ?? asObject(asObject(body['x_groq'])?.['usage'])
  const sources = readSources(body)
  const metadata = readMetadata(body)
  const result: Result = {
    id: asText(body['id']) ?? '',
    model: asText(body['model']) ?? '',
    created: asNumber(body['created']) ?? 0,
    choices: choices.length > 0 ? choices : [{ index: 0, content: [], finish: { unified: 'other' } }],
    ...(usage === undefined ? {} : { usage: readUsage(usage, context?.quirks) }),
    ...(sources.length > 0 ? { sources } : {}),
    ...(metadata === undefined ? {} : { metadata }),
  }
  return restoreResult(result, context)
}

/** What OpenAI's clients look at beside the answer. */
export function readMetadata(body: JsonObject): JsonObject | undefined {
  const metadata: JsonObject = {}
  for (const name of ['service_tier', 'system_fingerprint']) {
    const value = body[name]
    if (typeof value === 'string') metadata[name] = value
  }
  return Object.keys(metadata).length > 0 ? metadata : undefined
}

/** Search results of the whole answer: `search_results` (Perplexity) or `citations` as addresses (Perplexity, xAI). */
export function readSources(body: JsonObject): Citation[] {
  const results = objectsIn(body['search_results'])
    .map((result): Citation => {
      const title = asText(result['title'])
      return { url: asText(result['url']) ?? '', ...(title === undefined ? {} : { title }) }
    })
    .filter((source) => source.url !== '')
  if (results.length > 0) return results
  return asArray(body['citations'])
    .map((value) => asText(value) ?? asText(asObject(value)?.['url']))
    .filter((url) => url !== undefined)
    .map((url) => ({ url }))
}

/** A tool call with arguments is a stop for tools, whatever the vendor calls it: OpenAI says `stop` when the tool was forced. */
export function finishOf(raw: string | undefined, hasCalls: boolean): FinishReason {
  if (raw === undefined) return { unified: hasCalls ? 'tool-calls' : 'other' }
  const reason = readFinish(raw)
  return hasCalls && reason.unified === 'stop' ? { ...reason, unified: 'tool-calls' } : reason
}

function readChoice(choice: JsonObject, position: number): Choice {
  const message = asObject(choice['message']) ?? asObject(choice['delta']) ?? {}
  const content = readMessage(message)
  const logprobs = readLogprobs(asObject(choice['logprobs']))
  const hasCalls = content.some((part) => part.type === 'tool-call')
  return {
    index: asNumber(choice['index']) ?? position,
    content,
    finish: finishOf(asText(choice['finish_reason']), hasCalls),
    ...(logprobs === undefined ? {} : { logprobs }),
  }
}

function readMessage(message: JsonObject): Part[] {
  const parts: Part[] = []
  const content = message['content']
  const inContent: Part[] = []
  if (typeof content === 'string') {
    if (content !== '') inContent.push({ type: 'text', text: content })
  } else for (const piece of objectsIn(content)) inContent.push(...readPiece(piece))
  if (!inContent.some((part) => part.type === 'reasoning')) parts.push(...readReasoning(message))
  parts.push(...mergeTexts(inContent))
  const annotations = objectsIn(message['annotations'])
    .map(readAnnotation)
    .filter((citation) => citation !== undefined)
  const signature = readThoughtSignature(message)
  const last = parts.findLastIndex((part) => part.type === 'text')
  const text = parts[last]
  if (text?.type === 'text' && (annotations.length > 0 || signature !== undefined)) {
    parts[last] = {
      ...text,
      ...(annotations.length > 0 ? { citations: annotations } : {}),
      ...(signature === undefined ? {} : { signature }),
    }
  }
  const refusal = asText(message['refusal'])
  if (refusal !== undefined && refusal !== '') parts.push({ type: 'refusal', text: refusal })
  for (const image of objectsIn(message['images'])) {
    const url = asText(asObject(image['image_url'])?.['url'])
    if (url !== undefined) parts.push({ type: 'image', source: sourceOfUrl(url) })
  }
  const audio = asObject(message['audio'])
  if (audio !== undefined) parts.push(readAudio(audio))
  objectsIn(message['tool_calls']).forEach((call, index) => parts.push(readCall(call, index)))
  const legacy = asObject(message['function_call'])
  if (legacy !== undefined) {
    const name = asText(legacy['name']) ?? ''
    parts.push({ type: 'tool-call', id: `call_${name}`, name, arguments: argumentsText(legacy['arguments']) })
  }
  return parts
}

/** One entry of content that came as a list (Mistral). */
export function readPiece(piece: JsonObject): Part[] {
  if (piece['type'] === 'thinking') {
    const inner = piece['thinking']
    const text =
      typeof inner === 'string'
        ? inner
        : objectsIn(inner)
            .map((item) => asText(item['text']) ?? '')
            .join('')
    return [{ type: 'reasoning', text }]
  }
  const text = asText(piece['text'])
  return text === undefined || text === '' ? [] : [{ type: 'text', text }]
}

function mergeTexts(parts: readonly Part[]): Part[] {
  const merged: Part[] = []
  for (const part of parts) {
    const last = merged.at(-1)
    if ((part.type === 'text' || part.type === 'reasoning') && last?.type === part.type)
      merged[merged.length - 1] = { ...last, text: last.text + part.text }
    else merged.push(part)
  }
  return merged
}

function readAudio(audio: JsonObject): Part {
  const id = asText(audio['id'])
  const transcript = asText(audio['transcript'])
  const expiresAt = asNumber(audio['expires_at'])
  return {
    type: 'audio',
    source: { kind: 'base64', mediaType: audioMediaType('wav'), data: asText(audio['data']) ?? '' },
    ...(id === undefined ? {} : { id }),
    ...(transcript === undefined ? {} : { transcript }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  }
}

export const argumentsText = (value: unknown): string => {
  if (typeof value === 'string') return value === '' ? '{}' : value
  return value === undefined || value === null ? '{}' : JSON.stringify(value)
}

function readCall(call: JsonObject, position: number): ToolCallPart {
  const id = asText(call['id']) || `call_${position}`
  const signature = readThoughtSignature(call)
  const custom = asObject(call['custom'])
  if (custom !== undefined)
    return {
      type: 'tool-call',
      id,
      name: asText(custom['name']) ?? '',
      arguments: asText(custom['input']) ?? '',
      custom: true,
    }
  const called = asObject(call['function']) ?? {}
  return {
    type: 'tool-call',
    id,
    name: asText(called['name']) ?? '',
    arguments: argumentsText(called['arguments']),
    ...(signature === undefined ? {} : { signature }),
  }
}

export function readAnnotation(annotation: JsonObject): Citation | undefined {
  const cited = asObject(annotation['url_citation'])
  if (cited === undefined) return undefined
  const [url, title, start, end] = [
    asText(cited['url']),
    asText(cited['title']),
    asNumber(cited['start_index']),
    asNumber(cited['end_index']),
  ]
  return {
    ...(url === undefined ? {} : { url }),
    ...(title === undefined ? {} : { title }),
    ...(start === undefined ? {} : { start }),
    ...(end === undefined ? {} : { end }),
  }
}

export function readLogprobs(logprobs: JsonObject | undefined): TokenLogprob[] | undefined {
  const content = objectsIn(logprobs?.['content'])
  return content.length === 0
    ? undefined
    : content.map((entry) => ({ ...readToken(entry), top: objectsIn(entry['top_logprobs']).map(readToken) }))
}

function readToken(entry: JsonObject): {
  readonly token: string
  readonly logprob: number
  readonly bytes: readonly number[] | null
} {
  const bytes = entry['bytes']
  return {
    token: asText(entry['token']) ?? '',
    logprob: asNumber(entry['logprob']) ?? 0,
    bytes: Array.isArray(bytes) ? (bytes as number[]) : null,
  }
}
