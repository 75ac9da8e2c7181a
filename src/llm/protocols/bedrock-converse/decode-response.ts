// A whole answer of Converse.
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
  const message = asObject(asObject(body?.['output'])?.['message'])
  if (!body || !message) throw new AppError('upstream_invalid', 'the provider answered without output.message')
  const usage = asObject(body['usage'])
  const result: Result = {
    // Converse names neither the answer nor the model.
    id: '',
    model: '',
    created: 0,
    choices: [{ index: 0, content: objectsIn(message['content']).map(readBlock), finish: readFinish(body) }],
    ...(usage && { usage: readUsage(usage) }),
  }
  return restoreResult(result, context)
}

function readBlock(block: JsonObject): Part {
  if (typeof block['text'] === 'string') return { type: 'text', text: block['text'] }
  const call = asObject(block['toolUse'])
  if (call)
    return {
      type: 'tool-call',
      id: asText(call['toolUseId']) ?? '',
      name: asText(call['name']) ?? '',
      arguments: JSON.stringify(call['input'] ?? {}),
    }
  const reasoning = asObject(block['reasoningContent'])
  if (reasoning) {
    const thought = asObject(reasoning['reasoningText'])
    const signature = asText(thought?.['signature'])
    const redacted = asText(reasoning['redactedContent'])
    return {
      type: 'reasoning',
      text: asText(thought?.['text']) ?? '',
      ...(signature !== undefined && { signature }),
      ...(redacted !== undefined && { redacted }),
      ...((signature ?? redacted) !== undefined && { origin: 'bedrock-converse' }),
    }
  }
  const cited = asObject(block['citationsContent'])
  if (cited) {
    const text = objectsIn(cited['content']).map((each) => asText(each['text']) ?? '')
    return { type: 'text', text: text.join(''), citations: objectsIn(cited['citations']).map(readCitation) }
  }
  return { type: 'native', protocol: 'bedrock-converse', value: block }
}
