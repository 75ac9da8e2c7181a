import { crc32, deflateSync } from 'node:zlib'
import { hashOf } from './tokens.ts'

/** A PNG of two colours that follow from the prompt, fading from corner to corner. Sides are in pixels. */
export function picture(prompt: string, width: number, height: number): Uint8Array {
  const [from, to] = [hashOf(prompt), hashOf(`${prompt} end`)]
  const rows = Buffer.alloc(height * (width * 3 + 1))
  let at = 0
  for (let y = 0; y < height; y++) {
    rows[at++] = 0 // this row's filter: none
    for (let x = 0; x < width; x++) {
      const share = (x + y) / Math.max(1, width + height - 2)
      for (const shift of [16, 8, 0])
        rows[at++] = Math.round(((from >>> shift) & 255) * (1 - share) + ((to >>> shift) & 255) * share)
    }
  }
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([8, 2, 0, 0, 0], 8) // 8 bits a channel, RGB
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const framed = Buffer.alloc(body.length + 8)
  framed.writeUInt32BE(data.length, 0)
  body.copy(framed, 4)
  framed.writeUInt32BE(crc32(body), body.length + 4)
  return framed
}
