// Data URLs and media types.
import type { MediaSource } from './spec.ts'

/** `data:` URLs become base64 sources; anything else stays an address. */
export function sourceOfUrl(url: string, mediaType?: string): MediaSource {
  const match = /^data:([^;,]*)((?:;[^;,]*)*),/.exec(url.length > 512 ? url.slice(0, 512) : url)
  if (match === null) return mediaType === undefined ? { kind: 'url', url } : { kind: 'url', url, mediaType }
  const type = match[1] || mediaType || 'text/plain'
  const payload = url.slice(match[0].length)
  if (/;base64$/i.test(match[2] ?? '')) return { kind: 'base64', mediaType: type, data: payload }
  return { kind: 'base64', mediaType: type, data: Buffer.from(decodeURIComponent(payload)).toString('base64') }
}

/** The source as an address, or undefined for a vendor's own file. */
export function urlOfSource(source: MediaSource): string | undefined {
  switch (source.kind) {
    case 'base64':
      return `data:${source.mediaType};base64,${source.data}`
    case 'url':
      return source.url
    case 'text':
      return `data:${source.mediaType ?? 'text/plain'};base64,${Buffer.from(source.text).toString('base64')}`
    case 'file':
      return undefined
  }
}

const AUDIO_FORMATS: Readonly<Record<string, string>> = {
  mpeg: 'mp3',
  mp3: 'mp3',
  wav: 'wav',
  'x-wav': 'wav',
  wave: 'wav',
  l16: 'pcm16',
  pcm: 'pcm16',
}

/** OpenAI's word for a sound's media type (`audio/mpeg` → `mp3`). */
export function audioFormat(mediaType: string): string {
  const subtype = mediaType.split(';')[0]?.split('/')[1] ?? ''
  return AUDIO_FORMATS[subtype] ?? subtype
}

/** The media type of OpenAI's word for a sound (`mp3` → `audio/mpeg`). */
export const audioMediaType = (format: string) =>
  format === 'mp3' ? 'audio/mpeg' : format === 'pcm16' ? 'audio/l16' : `audio/${format}`

const TYPES: Readonly<Record<string, string>> = {
  pdf: 'application/pdf',
  txt: 'text/plain',
  md: 'text/markdown',
  html: 'text/html',
  csv: 'text/csv',
  json: 'application/json',
  xml: 'application/xml',
  doc: 'application/msword',
  docx: 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  xls: 'application/vnd.ms-excel',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  gif: 'image/gif',
  webp: 'image/webp',
  heic: 'image/heic',
  mp3: 'audio/mpeg',
  wav: 'audio/wav',
  mp4: 'video/mp4',
  mov: 'video/quicktime',
  webm: 'video/webm',
  mpeg: 'video/mpeg',
}

/** The media type that a name or address ends in, or undefined. */
export function mediaTypeOfName(name: string): string | undefined {
  const ending = /\.([A-Za-z0-9]+)(?:[?#].*)?$/.exec(name)?.[1]
  return ending === undefined ? undefined : TYPES[ending.toLowerCase()]
}

/** The text that a source holds, when it is text. */
export function textOfSource(source: MediaSource): string | undefined {
  if (source.kind === 'text') return source.text
  if (source.kind === 'base64' && /^(?:text\/|application\/(?:json|xml)\b)/.test(source.mediaType)) {
    return Buffer.from(source.data, 'base64').toString()
  }
  return undefined
}
