// A whole answer of Anthropic Messages.
import { AppError } from '../../../errors.ts'
import { restoreResult } from '../../context.ts'
import { asObject, asText, objectsIn } from '../../json.ts'
import type { Citation, Json, JsonObject, Part, Result } from '../../spec.ts'
import type { DecodeContext } from '../../target.ts'
import { inBandError } from '../openai-chat/decode-response.ts'
import { readThoughtSignature } from '../openai-chat/reasoning.ts'
import { readCitation, readThinking } from './block.ts'
import { readFinish } from './finish.ts'
import { readUsage } from './usage.ts'

export function decodeResponse(json: Json, context?: DecodeContext): Result {
  const body = asObject(json)
  if (body === undefined)
    throw new AppError('upstream_invalid', 'the provider answered with something that is no message')
  if (body['type'] === 'error' || (body['content'] === undefined && asObject(body['error']) !== undefined))
    throw inBandError(body)
  if (!Array.isArray(body['content'])) throw new AppError('upstream_invalid', 'the provider answered without content')
  const usage = asObject(body['usage'])
  const metadata = readMetadata(body)
  const result: Result = {
    id: asText(body['id']) ?? '',
    model: asText(body['model']) ?? '',
    created: 0,
    choices: [
      {
        index: 0,
        content: objectsIn(body['content']).map(readPart),
        finish: readFinish(asText(body['stop_reason']) ?? '', asText(body['stop_sequence'])),
      },
    ],
    ...(usage === undefined ? {} : { usage: readUsage(usage) }),
    ...(metadata === undefined ? {} : { metadata }),
  }
  return restoreResult(result, context)
}

/** What Anthropic says beside the answer; only its own clients look for it. */
export function readMetadata(message: JsonObject): JsonObject | undefined {
  const kept: JsonObject = {}
  for (const name of ['container', 'context_management', 'stop_details']) {
    const value = message[name]
    if (value !== undefined && value !== null) kept[name] = value
  }
  return Object.keys(kept).length > 0 ? { anthropic: kept } : undefined
}

/** One block of an answer: those that only Anthropic knows stay as they are. */
export function readPart(block: JsonObject): Part {
  switch (block['type']) {
    case 'text': {
      const citations: Citation[] = objectsIn(block['citations']).map(readCitation)
      return { type: 'text', text: asText(block['text']) ?? '', ...(citations.length > 0 ? { citations } : {}) }
    }
    case 'tool_use': {
      const signature = readThoughtSignature(block)
      return {
        type: 'tool-call',
        id: asText(block['id']) ?? '',
        name: asText(block['name']) ?? '',
        arguments: JSON.stringify(block['input'] ?? {}),
        ...(signature === undefined ? {} : { signature }),
      }
    }
    case 'thinking':
    case 'redacted_thinking':
      return readThinking(block)
    default:
      return { type: 'native', protocol: 'anthropic-messages', value: block }
  }
}
