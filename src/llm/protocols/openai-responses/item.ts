// Items of the Responses API, as they stand in requests and answers.
import { maybeText, needList, needObject, needText, refuse } from '../../field.ts'
import { asNumber, asText, objectsIn } from '../../json.ts'
import { audioMediaType, mediaTypeOfName, sourceOfUrl } from '../../media.ts'
import { isReadable, unwrapSeal, wrapSeal } from '../../seal.ts'
import type { Citation, Json, JsonObject, Part, ReasoningPart, ToolCallPart, ToolResultPart } from '../../spec.ts'
import { readThoughtSignature, writeThoughtSignature } from '../openai-chat/reasoning.ts'

/** One entry of a message's content. */
export function readPart(value: Json, field: string): Part {
  const part = needObject(value, field)
  const type = needText(part['type'], `${field}.type`)
  switch (type) {
    case 'input_text':
    case 'output_text':
    case 'text': {
      const citations = objectsIn(part['annotations']).map(readAnnotation)
      return {
        type: 'text',
        text: needText(part['text'], `${field}.text`),
        ...(citations.length > 0 ? { citations } : {}),
      }
    }
    case 'refusal':
      return { type: 'refusal', text: needText(part['refusal'], `${field}.refusal`) }
    case 'input_image': {
      const [url, file, detail] = [
        maybeText(part['image_url'], `${field}.image_url`),
        maybeText(part['file_id'], `${field}.file_id`),
        maybeText(part['detail'], `${field}.detail`),
      ]
      if (url === undefined && file === undefined)
        throw refuse(`${field}.image_url`, `${field} needs image_url or file_id`)
      const source = url === undefined ? ({ kind: 'file', id: file as string } as const) : sourceOfUrl(url)
      return { type: 'image', source, ...(detail === undefined ? {} : { detail }) }
    }
    case 'input_audio': {
      const audio = needObject(part['input_audio'], `${field}.input_audio`)
      const format = needText(audio['format'], `${field}.input_audio.format`)
      return {
        type: 'audio',
        source: {
          kind: 'base64',
          mediaType: audioMediaType(format),
          data: needText(audio['data'], `${field}.input_audio.data`),
        },
      }
    }
    case 'input_file':
      return readFile(part, field)
    default:
      return { type: 'native', protocol: 'openai-responses', value: part }
  }
}

function readFile(part: JsonObject, field: string): Part {
  const name = maybeText(part['filename'], `${field}.filename`)
  const named = name === undefined ? {} : { name }
  const data = maybeText(part['file_data'], `${field}.file_data`)
  const url = maybeText(part['file_url'], `${field}.file_url`)
  const mediaType = name === undefined ? undefined : mediaTypeOfName(name)
  if (data !== undefined) {
    const source = data.startsWith('data:')
      ? sourceOfUrl(data, mediaType)
      : ({ kind: 'base64', mediaType: mediaType ?? 'application/pdf', data } as const)
    return { type: 'document', source, ...named }
  }
  if (url !== undefined)
    return { type: 'document', source: sourceOfUrl(url, mediaType ?? mediaTypeOfName(url)), ...named }
  return { type: 'document', source: { kind: 'file', id: needText(part['file_id'], `${field}.file_id`) }, ...named }
}

export function readContent(value: Json | undefined, field: string): Part[] {
  if (value === undefined || value === null) return []
  if (typeof value === 'string') return value === '' ? [] : [{ type: 'text', text: value }]
  return needList(value, field).map((part, index) => readPart(part, `${field}[${index}]`))
}

export function readAnnotation(annotation: JsonObject): Citation {
  const [url, title, start, end] = [
    asText(annotation['url']),
    asText(annotation['title']) ?? asText(annotation['filename']),
    asNumber(annotation['start_index']),
    asNumber(annotation['end_index']),
  ]
  return {
    ...(url === undefined ? {} : { url }),
    ...(title === undefined ? {} : { title }),
    ...(start === undefined ? {} : { start }),
    ...(end === undefined ? {} : { end }),
    origin: 'openai-responses',
    native: annotation,
  }
}

export function writeAnnotation(citation: Citation, length: number): JsonObject | undefined {
  if (citation.origin === 'openai-responses' && citation.native !== undefined) return citation.native
  if (citation.url === undefined) return undefined
  return {
    type: 'url_citation',
    url: citation.url,
    title: citation.title ?? '',
    start_index: citation.start ?? 0,
    end_index: citation.end ?? length,
  }
}

/** Lenient: callers' items are checked before. */
export function readCall(item: JsonObject): ToolCallPart {
  const custom = item['type'] === 'custom_tool_call'
  const signature = readThoughtSignature(item)
  const itemId = asText(item['id'])
  const text = custom ? asText(item['input']) : asText(item['arguments'])
  return {
    type: 'tool-call',
    id: asText(item['call_id']) ?? itemId ?? '',
    name: asText(item['name']) ?? '',
    arguments: custom ? (text ?? '') : text === undefined || text === '' ? '{}' : text,
    ...(custom ? { custom: true } : {}),
    ...(itemId === undefined ? {} : { itemId }),
    ...(signature === undefined ? {} : { signature }),
  }
}

export function readResult(item: JsonObject, field: string): ToolResultPart {
  const output = item['output']
  const isList = Array.isArray(output)
  const content =
    isList || typeof output === 'string' || output === undefined
      ? readContent(output, `${field}.output`)
      : [{ type: 'text', text: JSON.stringify(output) } as const]
  return {
    type: 'tool-result',
    toolCallId: needText(item['call_id'], `${field}.call_id`),
    content: content as ToolResultPart['content'],
    ...(item['type'] === 'custom_tool_call_output' ? { custom: true } : {}),
    // The API has no mark for a failed tool; `incomplete` is the nearest.
    ...(item['status'] === 'incomplete' ? { isError: true } : {}),
  }
}

/** The thought of an item. A proof that another vendor made comes out as that vendor's. */
export function readReasoning(item: JsonObject): ReasoningPart {
  const content = objectsIn(item['content'])
    .map((piece) => asText(piece['text']) ?? '')
    .join('')
  const summary = objectsIn(item['summary'])
    .map((piece) => asText(piece['text']) ?? '')
    .join('\n\n')
  const itemId = asText(item['id'])
  const encrypted = asText(item['encrypted_content']) ?? ''
  const seal = encrypted === '' ? undefined : unwrapSeal(encrypted)
  const base = { type: 'reasoning' as const, text: content === '' ? summary : content }
  if (seal !== undefined) return { ...base, ...seal }
  return {
    ...base,
    ...(content === '' && summary !== '' ? { summary: true } : {}),
    ...(itemId === undefined ? {} : { itemId }),
    ...(encrypted === '' ? {} : { redacted: encrypted }),
    origin: 'openai-responses',
  }
}

/** The thought as an item for a client: one summary part with the whole text, and foreign proofs wrapped. */
export function writeReasoning(part: Omit<ReasoningPart, 'type'>, id: string): JsonObject {
  const own = isReadable(part.origin, 'openai-responses') && part.signature === undefined
  const sealed = part.signature !== undefined || part.redacted !== undefined
  return {
    id,
    type: 'reasoning',
    summary: part.text === '' ? [] : [{ type: 'summary_text', text: part.text }],
    ...(sealed ? { encrypted_content: own ? (part.redacted ?? '') : wrapSeal(part) } : {}),
  }
}

export function writeCall(call: ToolCallPart, id: string): JsonObject {
  const signed = call.signature === undefined ? {} : { extra_content: writeThoughtSignature(call.signature) }
  const common = { id, call_id: call.id, name: call.name }
  if (call.custom) return { type: 'custom_tool_call', ...common, input: call.arguments, status: 'completed', ...signed }
  return {
    type: 'function_call',
    ...common,
    arguments: call.arguments === '' ? '{}' : call.arguments,
    status: 'completed',
    ...signed,
  }
}
