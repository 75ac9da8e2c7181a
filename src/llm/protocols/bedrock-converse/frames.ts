// Amazon's event stream encoding: https://docs.aws.amazon.com/transcribe/latest/dg/streaming-setting-up.html#streaming-event-stream
// total length (4) · headers length (4) · CRC of both (4) · headers · payload · CRC of all before (4); numbers big-endian.
import { crc32 } from 'node:zlib'

/** Header values as text; those of other types than text are left out. */
export type OnFrame = (headers: Readonly<Record<string, string>>, payload: Buffer) => void

/** The bytes are no event stream, or were changed on the way. */
export class BrokenFrame extends Error {
  override readonly name = 'BrokenFrame'
}

const PRELUDE = 12
const TRAILER = 4
/** The vendor sends at most 16 MiB in a frame. */
const LARGEST = 16 * 1024 * 1024 + 128 * 1024

/** Feeds frames to `onFrame` as they are whole, however the bytes are cut. `rest` is how many bytes of a frame are held. */
export function createFrameParser(onFrame: OnFrame): { push(bytes: Uint8Array): void; rest(): Buffer } {
  let held = Buffer.alloc(0)
  let used = 0

  const hold = (bytes: Uint8Array) => {
    if (used + bytes.length > held.length) {
      const grown = Buffer.allocUnsafe(Math.max(1024, used + bytes.length, held.length * 2))
      held.copy(grown, 0, 0, used)
      held = grown
    }
    held.set(bytes, used)
    used += bytes.length
  }

  /** Reads the whole frames of `buffer`; gives the offset of what is left. */
  const frames = (buffer: Buffer): number => {
    let from = 0
    while (buffer.length - from >= PRELUDE) {
      const total = buffer.readUInt32BE(from)
      const headers = buffer.readUInt32BE(from + 4)
      if (crc32(buffer.subarray(from, from + 8)) !== buffer.readUInt32BE(from + 8))
        throw new BrokenFrame('the checksum of a frame’s head does not match')
      if (total > LARGEST || total < PRELUDE + headers + TRAILER) throw new BrokenFrame(`a frame of ${total} bytes`)
      if (buffer.length - from < total) break
      const frame = buffer.subarray(from, from + total)
      if (crc32(frame.subarray(0, total - TRAILER)) !== frame.readUInt32BE(total - TRAILER))
        throw new BrokenFrame('the checksum of a frame does not match')
      onFrame(
        readHeaders(frame.subarray(PRELUDE, PRELUDE + headers)),
        frame.subarray(PRELUDE + headers, total - TRAILER),
      )
      from += total
    }
    return from
  }

  return {
    push(bytes) {
      if (used === 0) {
        const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
        const left = frames(buffer)
        if (left < buffer.length) hold(buffer.subarray(left))
        return
      }
      hold(bytes)
      const left = frames(held.subarray(0, used))
      if (left > 0) held.copyWithin(0, left, used)
      used -= left
    },
    rest: () => held.subarray(0, used),
  }
}

/** Bytes of a value by its type; -1 is a length of two bytes before the value. */
const SIZES = [0, 0, 1, 2, 4, 8, -1, -1, 8, 16]
const TEXT = 7

function readHeaders(bytes: Buffer): Record<string, string> {
  const headers: Record<string, string> = {}
  for (let at = 0; at < bytes.length;) {
    const nameEnd = at + 1 + bytes[at]!
    const type = bytes[nameEnd]
    const size = type === undefined ? undefined : SIZES[type]
    if (type === undefined || size === undefined) throw new BrokenFrame('a header of a frame is broken')
    const start = nameEnd + 1 + (size < 0 ? 2 : 0)
    if (start > bytes.length) throw new BrokenFrame('a header of a frame is cut')
    const end = start + (size < 0 ? bytes.readUInt16BE(nameEnd + 1) : size)
    if (type === TEXT) headers[bytes.toString('utf8', at + 1, nameEnd)] = bytes.toString('utf8', start, end)
    at = end
  }
  return headers
}

/** One frame with headers of text: what a vendor of this format sends. */
export function writeFrame(headers: Readonly<Record<string, string>>, payload: Uint8Array): Buffer {
  const written = Buffer.concat(
    Object.entries(headers).map(([name, value]) => {
      const length = Buffer.alloc(2)
      length.writeUInt16BE(Buffer.byteLength(value))
      return Buffer.concat([
        Buffer.of(Buffer.byteLength(name)),
        Buffer.from(name),
        Buffer.of(TEXT),
        length,
        Buffer.from(value),
      ])
    }),
  )
  const total = PRELUDE + written.length + payload.length + TRAILER
  const frame = Buffer.alloc(total)
  frame.writeUInt32BE(total, 0)
  frame.writeUInt32BE(written.length, 4)
  frame.writeUInt32BE(crc32(frame.subarray(0, 8)), 8)
  frame.set(written, PRELUDE)
  frame.set(payload, PRELUDE + written.length)
  frame.writeUInt32BE(crc32(frame.subarray(0, total - TRAILER)), total - TRAILER)
  return frame
}
