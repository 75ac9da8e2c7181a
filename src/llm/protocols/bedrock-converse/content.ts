// Blocks of content as Converse wants them.
import { mediaTypeOfName, textOfSource } from '../../media.ts'
import type { DocumentPart, JsonObject, MediaSource, Part } from '../../spec.ts'

const IMAGES: Readonly<Record<string, string>> = { png: 'png', jpeg: 'jpeg', jpg: 'jpeg', gif: 'gif', webp: 'webp' }
const DOCUMENTS: Readonly<Record<string, string>> = {
  'application/pdf': 'pdf',
  'text/csv': 'csv',
  'application/msword': 'doc',
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document': 'docx',
  'application/vnd.ms-excel': 'xls',
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet': 'xlsx',
  'text/html': 'html',
  'text/plain': 'txt',
  'text/markdown': 'md',
}
const VIDEOS: Readonly<Record<string, string>> = {
  mp4: 'mp4',
  quicktime: 'mov',
  webm: 'webm',
  'x-matroska': 'mkv',
  'x-flv': 'flv',
  mpeg: 'mpeg',
  mpg: 'mpg',
  'x-ms-wmv': 'wmv',
  '3gpp': 'three_gp',
}
const SOUNDS: Readonly<Record<string, string>> = {
  mpeg: 'mp3',
  mp3: 'mp3',
  wav: 'wav',
  'x-wav': 'wav',
  flac: 'flac',
  ogg: 'ogg',
  mp4: 'mp4',
  webm: 'webm',
}

const subtypeOf = (mediaType: string | undefined): string => mediaType?.split(';')[0]?.split('/')[1] ?? ''

/** Bytes, or an object in S3; other addresses are not fetched by the vendor. */
function sourceOf(source: MediaSource): JsonObject | undefined {
  if (source.kind === 'base64') return { bytes: source.data }
  if (source.kind === 'url' && source.url.startsWith('s3://')) return { s3Location: { uri: source.url } }
  return undefined
}

const typeOf = (source: MediaSource): string | undefined =>
  source.mediaType ?? (source.kind === 'url' ? mediaTypeOfName(source.url) : undefined)

function media(
  kind: 'image' | 'video' | 'audio',
  source: MediaSource,
  formats: Readonly<Record<string, string>>,
): JsonObject | undefined {
  const format = formats[subtypeOf(typeOf(source))]
  const where = sourceOf(source)
  return format && where ? { [kind]: { format, source: where } } : undefined
}

/** The block of a part; undefined when Converse has none for it, null when there is nothing to say: it refuses blank text. */
export function writeBlock(part: Part): JsonObject | undefined | null {
  switch (part.type) {
    case 'text':
    case 'refusal':
      return part.text.trim() === '' ? null : { text: part.text }
    case 'image':
      return media('image', part.source, IMAGES)
    case 'video':
      return media('video', part.source, VIDEOS)
    case 'audio':
      return media('audio', part.source, SOUNDS)
    case 'document':
      return writeDocument(part)
    case 'native':
      return part.protocol === 'bedrock-converse' ? part.value : undefined
    default:
      return undefined
  }
}

function writeDocument({ source, name, context, citations }: DocumentPart): JsonObject | undefined {
  const text = source.kind === 'text' ? textOfSource(source) : undefined
  const format = text === undefined ? DOCUMENTS[(typeOf(source) ?? 'application/pdf').split(';')[0]!] : 'txt'
  const where = text === undefined ? sourceOf(source) : { bytes: Buffer.from(text).toString('base64') }
  if (!format || !where) return undefined
  return {
    document: {
      format,
      name: cleanName(name),
      source: where,
      ...(context !== undefined && { context }),
      ...(citations && { citations: { enabled: true } }),
    },
  }
}

/** Names may hold letters, digits, single spaces, hyphens, parentheses and brackets. */
function cleanName(name: string | undefined): string {
  const bare = (name ?? 'document').replace(/\.[A-Za-z0-9]{1,5}$/, '')
  return (
    bare
      .replaceAll(/[^A-Za-z0-9\s()[\]-]/g, '-')
      .replaceAll(/\s+/g, ' ')
      .trim()
      .slice(0, 200) || 'document'
  )
}
