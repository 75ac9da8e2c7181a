// Content blocks of Anthropic Messages, as they stand in requests and answers.
import { refuse, maybeText, needList, needObject, needText } from '../../field.ts'
import { asObject, asText, objectsIn } from '../../json.ts'
import { textOfSource } from '../../media.ts'
import { isReadable, unwrapSeal, wrapSeal } from '../../seal.ts'
import { readThoughtSignature } from '../openai-chat/reasoning.ts'
import type {
  CacheMarker,
  Citation,
  Json,
  JsonObject,
  MediaSource,
  Part,
  ReasoningPart,
  TextPart,
  ToolResultPart,
} from '../../spec.ts'

export function readCache(block: JsonObject): { readonly cache?: CacheMarker } {
  const marker = asObject(block['cache_control'])
  if (marker === undefined) return {}
  const ttl = marker['ttl']
  return { cache: ttl === '5m' || ttl === '1h' ? { ttl } : {} }
}

export const writeCache = (part: { readonly cache?: CacheMarker }): JsonObject =>
  part.cache === undefined ? {} : { cache_control: { type: 'ephemeral', ...part.cache } }

function readSource(source: JsonObject, field: string): MediaSource {
  const type = needText(source['type'], `${field}.type`)
  const mediaType = asText(source['media_type'])
  switch (type) {
    case 'base64':
      return {
        kind: 'base64',
        mediaType: needText(source['media_type'], `${field}.media_type`),
        data: needText(source['data'], `${field}.data`),
      }
    case 'url':
      return {
        kind: 'url',
        url: needText(source['url'], `${field}.url`),
        ...(mediaType === undefined ? {} : { mediaType }),
      }
    case 'file':
      return { kind: 'file', id: needText(source['file_id'], `${field}.file_id`) }
    case 'text':
      return { kind: 'text', text: needText(source['data'], `${field}.data`) }
    case 'content': {
      const content = source['content']
      return {
        kind: 'text',
        text:
          typeof content === 'string'
            ? content
            : objectsIn(content)
                .map((block) => asText(block['text']) ?? '')
                .join('\n'),
      }
    }
    default:
      throw refuse(`${field}.type`, `${field}.type must be base64, url, file, text or content, not "${type}"`)
  }
}

export function readCitation(citation: JsonObject): Citation {
  const [url, title, cited] = [
    asText(citation['url']),
    asText(citation['title']) ?? asText(citation['document_title']),
    asText(citation['cited_text']),
  ]
  return {
    ...(url === undefined ? {} : { url }),
    ...(title === undefined ? {} : { title }),
    ...(cited === undefined ? {} : { citedText: cited }),
    origin: 'anthropic-messages',
    native: citation,
  }
}

/** A citation in Anthropic's words; a source without an address cannot be told. */
export function writeCitation(citation: Citation): JsonObject | undefined {
  if (citation.origin === 'anthropic-messages' && citation.native !== undefined) return citation.native
  if (citation.url === undefined) return undefined
  return {
    type: 'web_search_result_location',
    url: citation.url,
    title: citation.title ?? null,
    cited_text: citation.citedText ?? '',
    encrypted_index: '',
  }
}

/** The thought of a block. A proof that another vendor made comes out as that vendor's. */
export function readThinking(block: JsonObject): ReasoningPart {
  if (block['type'] === 'redacted_thinking') {
    const data = asText(block['data']) ?? ''
    const seal = unwrapSeal(data)
    return seal === undefined
      ? { type: 'reasoning', text: '', redacted: data, origin: 'anthropic-messages' }
      : { type: 'reasoning', text: '', ...seal }
  }
  const text = asText(block['thinking']) ?? ''
  const signature = asText(block['signature']) ?? ''
  if (signature === '') return { type: 'reasoning', text }
  const seal = unwrapSeal(signature)
  return seal === undefined
    ? { type: 'reasoning', text, signature, origin: 'anthropic-messages' }
    : { type: 'reasoning', text, ...seal }
}

/** The thought as a block for a client. Foreign proofs are wrapped, so that they find home. */
export function writeThinking(part: Omit<ReasoningPart, 'type'>): JsonObject {
  const own = isReadable(part.origin, 'anthropic-messages')
  if (own && part.redacted !== undefined && part.text === '') return { type: 'redacted_thinking', data: part.redacted }
  const sealed = part.signature !== undefined || part.redacted !== undefined
  const signature = !sealed ? '' : own && part.redacted === undefined ? part.signature : wrapSeal(part)
  return { type: 'thinking', thinking: part.text, signature: signature ?? '' }
}

/** One block of a request. Blocks that only Anthropic knows are kept as they are. */
export function readBlock(value: Json, field: string): Part {
  const block = needObject(value, field)
  const type = needText(block['type'], `${field}.type`)
  const cache = readCache(block)
  switch (type) {
    case 'text': {
      const citations = objectsIn(block['citations']).map(readCitation)
      return {
        type: 'text',
        text: needText(block['text'], `${field}.text`),
        ...(citations.length > 0 ? { citations } : {}),
        ...cache,
      }
    }
    case 'image':
      return {
        type: 'image',
        source: readSource(needObject(block['source'], `${field}.source`), `${field}.source`),
        ...cache,
      }
    case 'document': {
      const [name, context] = [
        maybeText(block['title'], `${field}.title`),
        maybeText(block['context'], `${field}.context`),
      ]
      const cited = asObject(block['citations'])?.['enabled'] === true
      return {
        type: 'document',
        source: readSource(needObject(block['source'], `${field}.source`), `${field}.source`),
        ...(name === undefined ? {} : { name }),
        ...(context === undefined ? {} : { context }),
        ...(cited ? { citations: true } : {}),
        ...cache,
      }
    }
    case 'tool_use': {
      const signature = readThoughtSignature(block)
      return {
        type: 'tool-call',
        id: needText(block['id'], `${field}.id`),
        name: needText(block['name'], `${field}.name`),
        arguments: JSON.stringify(block['input'] ?? {}),
        ...(signature === undefined ? {} : { signature }),
        ...cache,
      }
    }
    case 'tool_result':
      return { ...readToolResult(block, field), ...cache }
    case 'thinking':
    case 'redacted_thinking':
      return readThinking(block)
    default:
      return { type: 'native', protocol: 'anthropic-messages', value: block }
  }
}

function readToolResult(block: JsonObject, field: string): ToolResultPart {
  const content = readBlocks(block['content'], `${field}.content`)
  return {
    type: 'tool-result',
    toolCallId: needText(block['tool_use_id'], `${field}.tool_use_id`),
    content: content as ToolResultPart['content'],
    ...(block['is_error'] === true ? { isError: true } : {}),
  }
}

/** Content as a string or a list of blocks: both mean the same. */
export function readBlocks(value: Json | undefined, field: string): Part[] {
  if (value === undefined || value === null) return []
  if (typeof value === 'string') return value === '' ? [] : [{ type: 'text', text: value }]
  return needList(value, field).map((block, index) => readBlock(block, `${field}[${index}]`))
}

const IMAGES = new Set(['image/jpeg', 'image/png', 'image/gif', 'image/webp'])

/** A part as a block of a request; undefined when Anthropic has no word for it. Empty texts are refused by Anthropic: they are left out as null. */
export function writeBlock(part: Part): JsonObject | undefined | null {
  switch (part.type) {
    case 'text':
      return part.text === '' ? null : writeText(part)
    case 'refusal':
      return part.text === '' ? null : { type: 'text', text: part.text }
    case 'image': {
      if (part.source.kind === 'base64' && !IMAGES.has(part.source.mediaType)) return undefined
      const source = writeSource(part.source)
      return source === undefined ? undefined : { type: 'image', source, ...writeCache(part) }
    }
    case 'document': {
      const text = textOfSource(part.source)
      const source =
        text !== undefined ? { type: 'text', media_type: 'text/plain', data: text } : writeSource(part.source)
      if (
        source === undefined ||
        (part.source.kind === 'base64' && text === undefined && part.source.mediaType !== 'application/pdf')
      )
        return undefined
      return {
        type: 'document',
        source,
        ...(part.name === undefined ? {} : { title: part.name }),
        ...(part.context === undefined ? {} : { context: part.context }),
        ...(part.citations ? { citations: { enabled: true } } : {}),
        ...writeCache(part),
      }
    }
    case 'native':
      return part.protocol === 'anthropic-messages' ? part.value : undefined
    default:
      return undefined
  }
}

function writeText(part: TextPart): JsonObject {
  const citations =
    part.citations
      ?.filter((citation) => citation.origin === 'anthropic-messages')
      .map((citation) => citation.native as Json) ?? []
  return { type: 'text', text: part.text, ...(citations.length > 0 ? { citations } : {}), ...writeCache(part) }
}

function writeSource(source: MediaSource): JsonObject | undefined {
  switch (source.kind) {
    case 'base64':
      return { type: 'base64', media_type: source.mediaType, data: source.data }
    case 'url':
      return /^https?:/i.test(source.url) ? { type: 'url', url: source.url } : undefined
    case 'file':
      return { type: 'file', file_id: source.id }
    case 'text':
      return { type: 'text', media_type: 'text/plain', data: source.text }
  }
}
