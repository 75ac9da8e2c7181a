// Parts of a message as chat completions write them.
import { maybeText, needList, needObject, needText, refuse } from '../../field.ts'
import { asObject, asText, objectsIn } from '../../json.ts'
import { audioFormat, audioMediaType, mediaTypeOfName, sourceOfUrl, textOfSource, urlOfSource } from '../../media.ts'
import type {
  AudioPart,
  CacheMarker,
  DocumentPart,
  ImagePart,
  Json,
  JsonObject,
  NativePart,
  Part,
  ReasoningPart,
  RefusalPart,
  TextPart,
  VideoPart,
} from '../../spec.ts'

/** `cache_control`, an extension that Anthropic's users bring along. */
export function readCache(object: JsonObject): { readonly cache?: CacheMarker } {
  const marker = asObject(object['cache_control'])
  if (marker === undefined) return {}
  const ttl = marker['ttl']
  return { cache: ttl === '1h' || ttl === '5m' ? { ttl } : {} }
}

type ContentPart =
  TextPart | ImagePart | AudioPart | VideoPart | DocumentPart | RefusalPart | ReasoningPart | NativePart

/** One entry of `content`. */
export function readPart(value: Json, field: string): ContentPart {
  const part = needObject(value, field)
  const type = needText(part['type'], `${field}.type`)
  const cache = readCache(part)
  switch (type) {
    case 'text':
    case 'input_text':
    case 'output_text':
      return { type: 'text', text: needText(part['text'], `${field}.text`), ...cache }
    case 'refusal':
      return { type: 'refusal', text: needText(part['refusal'], `${field}.refusal`) }
    case 'thinking': {
      const inner = part['thinking']
      const text =
        typeof inner === 'string'
          ? inner
          : objectsIn(inner)
              .map((piece) => asText(piece['text']) ?? '')
              .join('')
      const signature = asText(part['signature'])
      return {
        type: 'reasoning',
        text,
        ...(signature === undefined ? {} : { signature, origin: 'anthropic-messages' as const }),
      }
    }
    case 'image_url': {
      // A plain string is what many clients send; OpenAI's own shape is an object.
      const given = part['image_url']
      const image = typeof given === 'string' ? { url: given } : needObject(given, `${field}.image_url`)
      const detail = maybeText((image as JsonObject)['detail'], `${field}.image_url.detail`)
      const mediaType = asText((image as JsonObject)['format'])
      return {
        type: 'image',
        source: sourceOfUrl(needText(image['url'], `${field}.image_url.url`), mediaType),
        ...(detail === undefined ? {} : { detail }),
        ...cache,
      }
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
        ...cache,
      }
    }
    case 'video_url': {
      const given = part['video_url']
      const url =
        typeof given === 'string'
          ? given
          : needText(needObject(given, `${field}.video_url`)['url'], `${field}.video_url.url`)
      return { type: 'video', source: sourceOfUrl(url, mediaTypeOfName(url)), ...cache }
    }
    case 'file':
      return readFile(needObject(part['file'], `${field}.file`), field, cache)
    default:
      return { type: 'native', protocol: 'openai-chat', value: part }
  }
}

function readFile(file: JsonObject, field: string, cache: { readonly cache?: CacheMarker }): ContentPart {
  const name = maybeText(file['filename'], `${field}.file.filename`)
  const data =
    maybeText(file['file_data'], `${field}.file.file_data`) ?? maybeText(file['file_url'], `${field}.file.file_url`)
  const id = maybeText(file['file_id'], `${field}.file.file_id`)
  const format = asText(file['format'])
  const named = name === undefined ? {} : { name }
  const mediaType = format ?? (name === undefined ? undefined : mediaTypeOfName(name))
  if (data !== undefined) {
    // OpenAI takes bare base64 too.
    const source = /^(?:data:|https?:|gs:)/.test(data)
      ? sourceOfUrl(data, mediaType)
      : ({ kind: 'base64', mediaType: mediaType ?? 'application/pdf', data } as const)
    return mediaPart(source, named, cache)
  }
  if (id === undefined) throw refuse(`${field}.file`, `${field}.file needs file_data or file_id`)
  // An address as the id is LiteLLM's spelling.
  const source = /^(?:https?|gs):/.test(id)
    ? sourceOfUrl(id, mediaType ?? mediaTypeOfName(id))
    : ({ kind: 'file', id } as const)
  return mediaPart(source, named, cache)
}

function mediaPart(
  source: DocumentPart['source'],
  named: { readonly name?: string },
  cache: { readonly cache?: CacheMarker },
): ContentPart {
  const kind = source.mediaType?.split('/')[0]
  if (kind === 'image' || kind === 'audio' || kind === 'video') return { type: kind, source, ...cache }
  return { type: 'document', source, ...named, ...cache }
}

/** `content` as a string or a list: both mean the same. */
export function readContent(value: Json | undefined, field: string): ContentPart[] {
  if (value === undefined || value === null) return []
  if (typeof value === 'string') return value === '' ? [] : [{ type: 'text', text: value }]
  return needList(value, field).map((part, index) => readPart(part, `${field}[${index}]`))
}

/** Reads the parts that may only hold text; other kinds are refused by name. */
export function readText(value: Json | undefined, field: string): TextPart[] {
  return readContent(value, field).map((part, index) => {
    if (part.type !== 'text') throw refuse(`${field}[${index}].type`, `${field}[${index}] must be text here`)
    return part
  })
}

/** A part as chat completions write it, or undefined when they have no word for it. */
export function writePart(part: Part): JsonObject | undefined {
  switch (part.type) {
    case 'text':
      return { type: 'text', text: part.text }
    case 'refusal':
      return { type: 'refusal', refusal: part.text }
    case 'image': {
      const url = urlOfSource(part.source)
      return url === undefined
        ? undefined
        : { type: 'image_url', image_url: { url, ...(part.detail === undefined ? {} : { detail: part.detail }) } }
    }
    case 'audio':
      return part.source.kind === 'base64'
        ? { type: 'input_audio', input_audio: { data: part.source.data, format: audioFormat(part.source.mediaType) } }
        : undefined
    case 'video': {
      const url = urlOfSource(part.source)
      return url === undefined ? undefined : { type: 'video_url', video_url: { url } }
    }
    case 'document':
      return writeDocument(part)
    case 'native':
      return part.protocol === 'openai-chat' ? part.value : undefined
    default:
      return undefined
  }
}

function writeDocument(part: DocumentPart): JsonObject | undefined {
  if (part.source.kind === 'file') return { type: 'file', file: { file_id: part.source.id } }
  const text = textOfSource(part.source)
  if (text !== undefined) return { type: 'text', text: part.name === undefined ? text : `${part.name}:\n${text}` }
  // OpenAI fetches no documents.
  if (part.source.kind === 'url') return undefined
  const url = urlOfSource(part.source)
  return url === undefined
    ? undefined
    : { type: 'file', file: { filename: part.name ?? 'document.pdf', file_data: url } }
}
