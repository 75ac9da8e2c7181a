// Newline-delimited JSON: one event a line.
import { callError, cutStream, failureIn, vendorError } from '../errors.ts'
import { asObject, asText, parseObject } from '../json.ts'
import type { StreamDecoder } from '../protocol.ts'
import type { JsonObject, StreamPart } from '../spec.ts'
import { MAX_EVENT_BYTES } from './sse.ts'

export type LineReader = {
  /** Adds the parts of one line. An `error` or `response-end` part ends the reading. */
  read(event: JsonObject, out: StreamPart[]): void
}

/** A stream that stops before its last line yields an error; so does a line that is no JSON, or has no end. */
export function createLineDecoder(reader: LineReader): StreamDecoder {
  let held: Buffer = Buffer.alloc(0)
  let over = false

  const line = (bytes: Buffer, out: StreamPart[]) => {
    const text = bytes.toString('utf8').trim()
    if (!text || over) return
    const event = parseObject(text)
    const failure = asText(event?.['error']) ?? asObject(event?.['error'])
    if (!event)
      out.push({ type: 'error', error: callError('upstream_invalid', 'the provider sent a line that is not JSON') })
    else if (failure !== undefined) out.push({ type: 'error', error: vendorError(failureIn(event)) })
    else reader.read(event, out)
    over = out.some(({ type }) => type === 'error' || type === 'response-end')
  }

  return {
    push(bytes) {
      const out: StreamPart[] = []
      if (over) return out
      const plain = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
      let buffer = held.length ? Buffer.concat([held, plain]) : plain
      let from = 0
      for (let at = buffer.indexOf(10); at >= 0; at = buffer.indexOf(10, from)) {
        line(buffer.subarray(from, at), out)
        from = at + 1
      }
      buffer = buffer.subarray(from)
      if (buffer.length > MAX_EVENT_BYTES && !over) {
        over = true
        out.push({
          type: 'error',
          error: callError('upstream_invalid', `a line is larger than ${MAX_EVENT_BYTES} bytes`),
        })
      }
      // The bytes are the caller's: what is kept is copied.
      held = over ? Buffer.alloc(0) : Buffer.from(buffer)
      return out
    },
    end() {
      const out: StreamPart[] = []
      if (over) return out
      if (parseObject(held.toString('utf8'))) line(held, out)
      if (!over) out.push({ type: 'error', error: cutStream() })
      over = true
      return out
    },
  }
}
