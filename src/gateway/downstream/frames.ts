import { countDigits, putBytes, putDigits } from '../../lib/bytes.ts'
import { endLine } from '../../lib/http1.ts'

/**
 * The bytes of answers: head, chunks and end, joined in one place so that each goes out in one write. What a function made stands in `frame`
 * until the next call.
 */
export const frame = { bytes: Buffer.allocUnsafe(64 * 1024), from: 0, length: 0 }

const encoder = new TextEncoder()
const LARGEST_KEPT = 1024 * 1024

let kept = frame.bytes

function room(bytes: number): Buffer {
  if (bytes > kept.length) {
    frame.bytes = Buffer.allocUnsafe(bytes)
    if (bytes <= LARGEST_KEPT) kept = frame.bytes
  } else frame.bytes = kept
  return frame.bytes
}

function made(from: number, end: number): void {
  frame.from = from
  frame.length = end - from
}

/** Writes text of one byte a character. */
function writeHead(target: Buffer, at: number, head: string): number {
  return at + target.write(head, at, head.length, 'latin1')
}

function writeBody(target: Buffer, at: number, body: Uint8Array | string): number {
  if (typeof body === 'string') return at + encoder.encodeInto(body, target.subarray(at)).written
  target.set(body, at)
  return at + body.length
}

/** The most bytes that a body can have. */
function mostOf(body: Uint8Array | string): number {
  return typeof body === 'string' ? body.length * 3 : body.length
}

/** Digits before a chunk: eight are more than any chunk needs. */
const SIZE_ROOM = 10

function writeChunk(target: Buffer, at: number, body: Uint8Array | string): number {
  if (body.length === 0) return at
  if (typeof body !== 'string') return writeChunkPart(target, at, body, 0, body.length)
  // How long text is, is known when it is written: its size goes before it, right-aligned with zeros.
  const from = at + SIZE_ROOM
  const end = writeBody(target, from, body)
  writeHead(target, at, `${(end - from).toString(16).padStart(SIZE_ROOM - 2, '0')}\r\n`)
  return endLine(target, end)
}

function writeChunkPart(target: Buffer, at: number, bytes: Uint8Array, from: number, to: number): number {
  const start = endLine(target, writeSize(target, at, to - from))
  return endLine(target, putBytes(target, start, bytes, from, to))
}

const HEX = Buffer.from('0123456789abcdef')

/** In hexadecimal; without a string, for this is done for each piece of each stream. */
function writeSize(target: Buffer, start: number, size: number): number {
  let at = start
  let shift = 28
  while (shift > 0 && size >>> shift === 0) shift -= 4
  for (; shift >= 0; shift -= 4) target[at++] = HEX[(size >>> shift) & 15]!
  return at
}

/** A chunk of a streamed answer, behind the head where that has not gone yet. */
export function frameChunk(head: string, body: Uint8Array | string): void {
  const target = room(head.length + mostOf(body) + 16)
  const from = head === '' ? 0 : writeHead(target, 0, head)
  made(0, writeChunk(target, from, body))
}

/** The same for a part of the bytes, which is not empty. */
export function frameChunkPart(head: string, bytes: Uint8Array, from: number, to: number): void {
  const target = room(head.length + to - from + 16)
  made(0, writeChunkPart(target, head === '' ? 0 : writeHead(target, 0, head), bytes, from, to))
}

/** Adds a chunk to those that were framed last. False where there is no room for it. */
export function addChunkPart(bytes: Uint8Array, from: number, to: number): boolean {
  const end = frame.from + frame.length
  if (end + to - from + 16 > frame.bytes.length) return false
  made(frame.from, writeChunkPart(frame.bytes, end, bytes, from, to))
  return true
}

/** The last chunk and the end of a streamed answer. */
export function frameEnd(head: string, body: Uint8Array | string): void {
  const target = room(head.length + mostOf(body) + 24)
  const from = writeChunk(target, head === '' ? 0 : writeHead(target, 0, head), body)
  made(0, writeHead(target, from, '0\r\n\r\n'))
}

/** Head and bytes as they are, for clients that know no chunks. */
export function framePiece(head: string, body: Uint8Array | string): void {
  const target = room(head.length + mostOf(body))
  made(0, writeBody(target, writeHead(target, 0, head), body))
}

const LENGTH = 'content-length: '
/** Room for the content-length line and the blank one. */
const LENGTH_ROOM = 40

/** A whole answer, with its length. Its head comes in two texts, for one of them is that of many answers. */
export function framePlain(
  lead: string,
  headers: string,
  status: number,
  body: Uint8Array | string | null,
  withoutBody: boolean,
): void {
  const whole = body ?? ''
  const start = lead.length + headers.length + LENGTH_ROOM
  const target = room(start + mostOf(whole))
  // An answer to HEAD may keep its length to itself.
  if (status === 204 || status === 304 || (withoutBody && body === null))
    return made(0, endLine(target, writeHead(target, writeHead(target, 0, lead), headers)))
  // The body stands first, for its length is part of the head; the head is put right before it.
  const end = writeBody(target, start, whole)
  const size = end - start
  const from = start - lead.length - headers.length - LENGTH.length - countDigits(size) - 4
  const length = writeHead(target, writeHead(target, writeHead(target, from, lead), headers), LENGTH)
  endLine(target, endLine(target, putDigits(target, length, size)))
  made(from, withoutBody ? start : end)
}
