// A whole answer of Cohere.
import { AppError } from '../../../errors.ts'
import { restoreResult } from '../../context.ts'
import { asObject, asText, objectsIn } from '../../json.ts'
import type { Json, JsonObject, Part, Result } from '../../spec.ts'
import type { DecodeContext } from '../../target.ts'
import { readCitation } from './citation.ts'
import { readFinish } from './finish.ts'
import { readUsage } from './usage.ts'

export function decodeResponse(json: Json, context?: DecodeContext): Result {
  const body = asObject(json)
  const message = asObject(body?.['message'])
  if (!body || !message) throw new AppError('upstream_invalid', 'the provider answered without a message')
  const usage = asObject(body['usage'])
  const result: Result = {
    id: asText(body['id']) ?? '',
    // Cohere does not name the model.
    model: '',
    created: 0,
    choices: [{ index: 0, content: readContent(message), finish: readFinish(asText(body['finish_reason']) ?? '') }],
    ...(usage && { usage: readUsage(usage) }),
  }
  return restoreResult(result, context)
}

function readContent(message: JsonObject): Part[] {
  const parts: Part[] = []
  // The plan is what the model thought before it called its tools.
  const plan = asText(message['tool_plan'])
  if (plan) parts.push({ type: 'reasoning', text: plan })
  const citations = objectsIn(message['citations']).map(readCitation)
  for (const [index, block] of blocksOf(message['content']).entries()) {
    if (block['type'] === 'thinking') parts.push({ type: 'reasoning', text: asText(block['thinking']) ?? '' })
    else if (typeof block['text'] === 'string') {
      const own = citations.filter(({ native }) => (native?.['content_index'] ?? index) === index)
      parts.push({ type: 'text', text: block['text'], ...(own.length && { citations: own }) })
    } else parts.push({ type: 'native', protocol: 'cohere-v2', value: block })
  }
  for (const call of objectsIn(message['tool_calls'])) {
    const called = asObject(call['function'])
    parts.push({
      type: 'tool-call',
      id: asText(call['id']) ?? '',
      name: asText(called?.['name']) ?? '',
      arguments: asText(called?.['arguments']) || '{}',
    })
  }
  return parts
}

const blocksOf = (content: Json | undefined): readonly JsonObject[] =>
  typeof content === 'string' ? [{ type: 'text', text: content }] : objectsIn(content)
