// Parts of Gemini's contents. Its JSON comes from protocol buffers: each name may be written in camelCase or snake_case.
import { asObject, asText } from '../../json.ts'
import { mediaTypeOfName, textOfSource } from '../../media.ts'
import { isReadable, unwrapSeal, wrapSeal } from '../../seal.ts'
import type { Json, JsonObject, MediaSource, Part, ReasoningPart } from '../../spec.ts'

/** The value of a field in either spelling. */
export function pick(object: JsonObject, name: string): Json | undefined {
  const value = object[name]
  return value !== undefined ? value : object[name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)]
}

function mediaOf(source: MediaSource): Part {
  const kind = source.mediaType?.split('/')[0]
  return kind === 'image' || kind === 'audio' || kind === 'video'
    ? { type: kind, source }
    : { type: 'document', source }
}

const proof = (signature: string): Partial<ReasoningPart> => unwrapSeal(signature) ?? { signature, origin: 'gemini' }

/** One part of a request or an answer. Function calls and results are read by those who know their ids. */
export function readPart(part: JsonObject): Part {
  const signature = asText(pick(part, 'thoughtSignature'))
  const text = asText(part['text'])
  if (text !== undefined) {
    if (part['thought'] === true)
      return { type: 'reasoning', text, ...(signature === undefined ? {} : proof(signature)) }
    // A proof alone needs no text.
    if (text === '' && signature !== undefined) return { type: 'reasoning', text: '', ...proof(signature) }
    const own = signature === undefined || unwrapSeal(signature) !== undefined ? {} : { signature }
    return { type: 'text', text, ...own }
  }
  const inline = asObject(pick(part, 'inlineData'))
  if (inline !== undefined) {
    const mediaType = asText(pick(inline, 'mimeType')) ?? 'application/octet-stream'
    return mediaOf({ kind: 'base64', mediaType, data: asText(inline['data']) ?? '' })
  }
  const file = asObject(pick(part, 'fileData'))
  if (file !== undefined) {
    const mediaType = asText(pick(file, 'mimeType'))
    return mediaOf({
      kind: 'url',
      url: asText(pick(file, 'fileUri')) ?? '',
      ...(mediaType === undefined ? {} : { mediaType }),
    })
  }
  return { type: 'native', protocol: 'gemini', value: part }
}

/** The thought as a part for a client: foreign proofs are wrapped, so that they find home. */
export function writeThought(part: Omit<ReasoningPart, 'type'>): JsonObject {
  const own = isReadable(part.origin, 'gemini') && part.redacted === undefined
  const sealed = part.signature !== undefined || part.redacted !== undefined
  const signature = sealed ? (own ? part.signature : wrapSeal(part)) : undefined
  return {
    ...(part.text === '' && own && sealed ? { text: '' } : { text: part.text, thought: true }),
    ...(signature === undefined ? {} : { thoughtSignature: signature }),
  }
}

/** Images, sounds, films and documents as a part; undefined for what Gemini cannot take. */
export function writeMedia(source: MediaSource, fallback: string): JsonObject | undefined {
  switch (source.kind) {
    case 'base64':
      return { inlineData: { mimeType: source.mediaType, data: source.data } }
    case 'text':
      return { text: source.text }
    case 'file':
      return {
        fileData: { fileUri: source.id, ...(source.mediaType === undefined ? {} : { mimeType: source.mediaType }) },
      }
    case 'url':
      return {
        fileData: { fileUri: source.url, mimeType: source.mediaType ?? mediaTypeOfName(source.url) ?? fallback },
      }
  }
}

/** A part of a user's or a system's turn, or undefined when Gemini cannot take it. */
export function writePart(part: Part): JsonObject | undefined {
  switch (part.type) {
    case 'text':
      return { text: part.text, ...(part.signature === undefined ? {} : { thoughtSignature: part.signature }) }
    case 'refusal':
      return { text: part.text }
    case 'image':
      return writeMedia(part.source, 'image/jpeg')
    case 'audio':
      return part.source.kind === 'base64' && part.source.data === '' ? undefined : writeMedia(part.source, 'audio/wav')
    case 'video':
      return writeMedia(part.source, 'video/mp4')
    case 'document': {
      const text = textOfSource(part.source)
      return text === undefined ? writeMedia(part.source, 'application/pdf') : { text }
    }
    case 'native':
      return part.protocol === 'gemini' ? part.value : undefined
    default:
      return undefined
  }
}
