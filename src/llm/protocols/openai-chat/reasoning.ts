// Thoughts over the chat surface. OpenAI has no word for them; `reasoning_content` and OpenRouter's `reasoning_details` are what clients know.
import { asText, objectsIn } from '../../json.ts'
import type { Json, JsonObject, ProtocolId, ReasoningPart } from '../../spec.ts'

const FORMATS: readonly (readonly [ProtocolId, string])[] = [
  ['anthropic-messages', 'anthropic-claude-v1'],
  ['gemini', 'google-gemini-v1'],
  ['openai-responses', 'openai-responses-v1'],
  ['bedrock-converse', 'bedrock-converse-v1'],
]

const formatOf = (origin: ProtocolId | undefined) => FORMATS.find(([id]) => id === origin)?.[1] ?? 'unknown'
const originOf = (format: string | undefined) => FORMATS.find(([, name]) => name === format)?.[0]

/** The entry that carries a thought with its proof; undefined for one that needs no proof. */
export function writeDetail(part: ReasoningPart, index: number): JsonObject | undefined {
  const format = formatOf(part.origin)
  const id = part.itemId === undefined ? {} : { id: part.itemId }
  if (part.redacted !== undefined) {
    return {
      type: 'reasoning.encrypted',
      data: part.redacted,
      ...(part.text === '' ? {} : { summary: part.text }),
      ...id,
      format,
      index,
    }
  }
  if (part.signature === undefined) return undefined
  return { type: 'reasoning.text', text: part.text, signature: part.signature, ...id, format, index }
}

/** One entry of `reasoning_details`. */
export function readDetail(detail: JsonObject): ReasoningPart | undefined {
  const origin = originOf(asText(detail['format']))
  const more = {
    ...(origin === undefined ? {} : { origin }),
    ...(asText(detail['id']) === undefined ? {} : { itemId: detail['id'] as string }),
  }
  switch (detail['type']) {
    case 'reasoning.text':
    case 'thinking': {
      const signature = asText(detail['signature'])
      const text = asText(detail['text']) ?? asText(detail['thinking']) ?? ''
      return { type: 'reasoning', text, ...(signature === undefined ? {} : { signature }), ...more }
    }
    case 'reasoning.summary':
      return { type: 'reasoning', text: asText(detail['summary']) ?? '', summary: true, ...more }
    case 'reasoning.encrypted':
    case 'redacted_thinking': {
      const data = asText(detail['data'])
      return data === undefined
        ? undefined
        : { type: 'reasoning', text: asText(detail['summary']) ?? '', redacted: data, ...more }
    }
    default:
      return undefined
  }
}

/**
 * The thoughts of an assistant turn or of an answer, in any of the spellings: `reasoning_details` (OpenRouter), `thinking_blocks` (LiteLLM),
 * `reasoning_content` (DeepSeek), `reasoning` (Groq). The first that is there wins: the others repeat it.
 */
export function readReasoning(message: JsonObject): ReasoningPart[] {
  const details = mergeDetails(objectsIn(message['reasoning_details']))
  if (details.length > 0) return details
  const blocks = objectsIn(message['thinking_blocks'])
    .map(readDetail)
    .filter((part) => part !== undefined)
  if (blocks.length > 0) return blocks.map((part) => ({ ...part, origin: part.origin ?? 'anthropic-messages' }))
  const text = asText(message['reasoning_content']) ?? asText(message['reasoning'])
  return text === undefined || text === '' ? [] : [{ type: 'reasoning', text }]
}

/** Clients collect streams as fragments: those of one thought bear one index, and its proof comes last. */
function mergeDetails(details: readonly JsonObject[]): ReasoningPart[] {
  const merged: { part: ReasoningPart; readonly index: Json | undefined }[] = []
  for (const detail of details) {
    const part = readDetail(detail)
    if (part === undefined) continue
    const { index } = detail
    const last = merged.at(-1)
    const open = last !== undefined && last.part.signature === undefined && last.part.redacted === undefined
    if (open && last.index === index) last.part = { ...last.part, ...part, text: last.part.text + part.text }
    else merged.push({ part, index })
  }
  return merged.map(({ part }) => part)
}

/** Gemini's proof of thinking on a call or a message, where Google's and LiteLLM's clients put it. */
export function readThoughtSignature(object: JsonObject): string | undefined {
  const google = (object['extra_content'] as JsonObject | undefined)?.['google'] as JsonObject | undefined
  const specific = object['provider_specific_fields'] as JsonObject | undefined
  const called = (object['function'] as JsonObject | undefined)?.['provider_specific_fields'] as JsonObject | undefined
  return (
    asText(google?.['thought_signature']) ??
    asText(specific?.['thought_signature']) ??
    asText(called?.['thought_signature']) ??
    asText(object['thought_signature'])
  )
}

export const writeThoughtSignature = (signature: string): JsonObject => ({ google: { thought_signature: signature } })
