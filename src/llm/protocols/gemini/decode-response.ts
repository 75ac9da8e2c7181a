// A whole answer of Gemini.
import { AppError } from '../../../errors.ts'
import { restoreResult } from '../../context.ts'
import { callError } from '../../errors.ts'
import { asNumber, asObject, asText, objectsIn } from '../../json.ts'
import type { CallError, Choice, Citation, Json, JsonObject, Part, Result, TokenLogprob } from '../../spec.ts'
import type { DecodeContext } from '../../target.ts'
import { inBandError } from '../openai-chat/decode-response.ts'
import { readFinish } from './finish.ts'
import { pick, readPart } from './part.ts'
import { hasCounts, readUsage } from './usage.ts'

export function decodeResponse(json: Json, context?: DecodeContext): Result {
  const body = asObject(Array.isArray(json) ? json[0] : json)
  if (body === undefined)
    throw new AppError('upstream_invalid', 'the provider answered with something that is no generated content')
  const candidates = objectsIn(body['candidates'])
  if (candidates.length === 0 && asObject(body['error']) !== undefined) throw inBandError(body)
  if (body['candidates'] === undefined && body['promptFeedback'] === undefined && body['usageMetadata'] === undefined) {
    throw new AppError('upstream_invalid', 'the provider answered without candidates')
  }
  const responseId = asText(body['responseId']) ?? ''
  const stopped = candidates.length === 1 ? stopError(candidates[0] as JsonObject) : undefined
  if (stopped !== undefined) throw new AppError(stopped.code, stopped.message)
  const choices = candidates.map((candidate, index) => readCandidate(candidate, index, responseId))
  const usage = asObject(body['usageMetadata'])
  const sources = candidates.flatMap(readSources)
  const metadata = readMetadata(body, candidates[0])
  const result: Result = {
    id: responseId,
    model: asText(body['modelVersion']) ?? '',
    created: createdAt(body),
    choices: choices.length > 0 ? choices : [{ index: 0, content: [], finish: blockedFinish(body) }],
    ...(usage !== undefined && hasCounts(usage) ? { usage: readUsage(usage) } : {}),
    ...(sources.length > 0 ? { sources } : {}),
    ...(metadata === undefined ? {} : { metadata }),
  }
  return restoreResult(result, context)
}

export function createdAt(body: JsonObject): number {
  const time = Date.parse(asText(body['createTime']) ?? '')
  return Number.isFinite(time) ? Math.floor(time / 1000) : 0
}

/** A call that Gemini could not write is a failure when nothing else was said: no client would see one in an empty answer. */
export function stopError(
  candidate: JsonObject,
  saidAnything = objectsIn(asObject(candidate['content'])?.['parts']).some(
    (part) => part['thought'] !== true && part['text'] !== '',
  ),
): CallError | undefined {
  const raw = asText(candidate['finishReason']) ?? ''
  if (saidAnything || readFinish(raw, false).unified !== 'error') return undefined
  return callError(
    'upstream_failed',
    `the model stopped with ${raw}: ${asText(candidate['finishMessage']) ?? 'its function call was not readable'}`,
  )
}

/** A prompt that Gemini would not answer has no candidates at all. */
export function blockedFinish(body: JsonObject): Choice['finish'] {
  const reason = asText(asObject(body['promptFeedback'])?.['blockReason'])
  return reason === undefined ? { unified: 'other' } : { unified: 'content-filter', raw: reason }
}

/** What Gemini says beside the answer; only its own clients look for it. */
export function readMetadata(body: JsonObject, candidate: JsonObject | undefined): JsonObject | undefined {
  const kept: JsonObject = {}
  for (const name of ['groundingMetadata', 'urlContextMetadata', 'citationMetadata', 'safetyRatings']) {
    const value = candidate?.[name]
    if (value !== undefined && value !== null) kept[name] = value
  }
  const feedback = body['promptFeedback']
  if (feedback !== undefined && feedback !== null) kept['promptFeedback'] = feedback
  return Object.keys(kept).length > 0 ? { gemini: kept } : undefined
}

export function readSources(candidate: JsonObject): Citation[] {
  const chunks = objectsIn(asObject(candidate['groundingMetadata'])?.['groundingChunks'])
  return chunks
    .map((chunk): Citation | undefined => {
      const place = asObject(chunk['web']) ?? asObject(chunk['retrievedContext'])
      const [url, title] = [asText(place?.['uri']), asText(place?.['title'])]
      return url === undefined ? undefined : { url, ...(title === undefined ? {} : { title }) }
    })
    .filter((source) => source !== undefined)
}

/** The same answer always gives the same ids: Gemini gives calls none. */
export const callId = (responseId: string, choice: number, position: number) =>
  `call_${responseId === '' ? crypto.randomUUID().replaceAll('-', '').slice(0, 20) : Bun.hash(`${responseId}/${choice}/${position}`).toString(36)}`

function readCandidate(candidate: JsonObject, position: number, responseId: string): Choice {
  const index = asNumber(candidate['index']) ?? position
  const content: Part[] = []
  for (const part of objectsIn(asObject(candidate['content'])?.['parts'])) {
    const call = asObject(pick(part, 'functionCall'))
    if (call !== undefined) {
      const signature = asText(pick(part, 'thoughtSignature'))
      content.push({
        type: 'tool-call',
        id: asText(call['id']) ?? callId(responseId, index, content.length),
        name: asText(call['name']) ?? '',
        arguments: JSON.stringify(call['args'] ?? {}),
        ...(signature === undefined ? {} : { signature }),
      })
    } else if (Object.keys(part).length > 0) pushPart(content, readPart(part))
  }
  const logprobs = readLogprobs(asObject(candidate['logprobsResult']))
  const hasCalls = content.some((part) => part.type === 'tool-call')
  const raw = asText(candidate['finishReason'])
  return {
    index,
    content,
    finish: raw === undefined ? { unified: hasCalls ? 'tool-calls' : 'other' } : readFinish(raw, hasCalls),
    ...(logprobs === undefined ? {} : { logprobs }),
  }
}

/** Pieces of one text, or of one thought, come as parts; a proof closes them, and a proof alone closes the text before it. */
function pushPart(content: Part[], part: Part): void {
  const last = content.at(-1)
  const at = content.length - 1
  if (part.type === 'text') {
    if (part.text === '') return
    if (last?.type === 'text' && last.signature === undefined)
      content[at] = { ...last, ...part, text: last.text + part.text }
    else content.push(part)
    return
  }
  if (part.type === 'reasoning') {
    const open = last?.type === 'reasoning' && last.signature === undefined && last.redacted === undefined
    const alone = part.text === '' && part.origin === 'gemini' && part.signature !== undefined
    if (open) content[at] = { ...last, ...part, text: last.text + part.text }
    else if (alone && last?.type === 'text') content[at] = { ...last, signature: part.signature as string }
    else content.push(part)
    return
  }
  content.push(part)
}

export function readLogprobs(result: JsonObject | undefined): TokenLogprob[] | undefined {
  const chosen = objectsIn(result?.['chosenCandidates'])
  if (chosen.length === 0) return undefined
  const top = objectsIn(result?.['topCandidates'])
  const token = (entry: JsonObject) => ({
    token: asText(entry['token']) ?? '',
    logprob: asNumber(entry['logProbability']) ?? 0,
    bytes: null,
  })
  return chosen.map((entry, index) => ({ ...token(entry), top: objectsIn(top[index]?.['candidates']).map(token) }))
}
