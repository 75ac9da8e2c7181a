import { constants, crc32, deflateRawSync, gzipSync } from 'node:zlib'
import type { Answer } from './wire.ts'

/** A script is a list of steps, played in order on the request's connection, which stays open after the last one. */
export type Step =
  | { readonly write: string | Uint8Array }
  /** Milliseconds, or a promise that the test resolves. */
  | { readonly wait: number | Promise<unknown> }
  /** Nothing more, until the test calls `vendor.release()` or the peer leaves. */
  | { readonly hold: true }
  | { readonly close: 'fin' | 'reset' }
  /** The same bytes again and again, as fast as the peer reads, until it leaves. */
  | { readonly endless: string | Uint8Array }

const REASONS: Readonly<Record<number, string>> = {
  200: 'OK',
  302: 'Found',
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  529: 'Overloaded',
}

export type Headers = Readonly<Record<string, string>>

/** The status line and headers, with the empty line that ends them. */
export function head(status: number, headers: Headers): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  return `HTTP/1.1 ${status} ${REASONS[status] ?? 'Status'}\r\n${lines.join('')}\r\n`
}

/** A whole answer with its length. */
export function whole(status: number, contentType: string, body: string | Uint8Array, headers: Headers = {}): Step[] {
  const bytes = toBytes(body)
  return [
    { write: head(status, { 'content-type': contentType, ...headers, 'content-length': String(bytes.length) }) },
    ...(bytes.length ? [{ write: bytes }] : []),
  ]
}

/** The head of a chunked answer. */
export function streamHead(answer: Answer, headers: Headers = {}): Step {
  return { write: head(200, { 'content-type': answer.contentType, ...headers, 'transfer-encoding': 'chunked' }) }
}

export function chunk(data: string | Uint8Array): Step {
  const bytes = toBytes(data)
  return { write: Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')]) }
}

export const LAST_CHUNK: Step = { write: '0\r\n\r\n' }

/** The answer as it should be: one chunk for each event, or one body with its length. */
export function honest(answer: Answer, headers: Headers = {}): Step[] {
  if (!answer.events) return whole(200, answer.contentType, answer.body, headers)
  return [streamHead(answer, headers), ...answer.events.map((event) => chunk(event)), LAST_CHUNK]
}

/** The whole answer compressed; a stream is flushed after each event, so that each can be read when it arrives. */
export function gzipped(answer: Answer): Step[] {
  const headers = { 'content-encoding': 'gzip' }
  if (!answer.events) return whole(200, answer.contentType, gzipSync(toBytes(answer.body)), headers)
  const plain = Buffer.from(answer.events.join(''))
  const trailer = Buffer.alloc(10)
  trailer.set([0x03, 0x00])
  trailer.writeUInt32LE(crc32(plain), 2)
  trailer.writeUInt32LE(plain.length, 6)
  return [
    streamHead(answer, headers),
    chunk(Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff])),
    ...answer.events.map((event) => chunk(deflateRawSync(Buffer.from(event), { finishFlush: constants.Z_SYNC_FLUSH }))),
    chunk(trailer),
    LAST_CHUNK,
  ]
}

export function toBytes(data: string | Uint8Array): Uint8Array {
  return typeof data === 'string' ? Buffer.from(data) : data
}
