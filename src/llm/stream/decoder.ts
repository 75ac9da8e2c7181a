// The frame of every decoder of an event stream: parses events, turns failures into one error part, and tells a clean end from a cut.
import { AppError } from '../../errors.ts'
import { callError, cutStream, failureIn, vendorError } from '../errors.ts'
import { asObject } from '../json.ts'
import type { StreamDecoder } from '../protocol.ts'
import type { JsonObject, StreamPart } from '../spec.ts'
import { createSseParser, EventTooLarge } from './sse.ts'

export type EventReader = {
  /** Adds the parts of one event; `event` is its SSE name. An `error` or `response-end` part ends the reading. */
  read(event: JsonObject, name: string, out: StreamPart[]): void
  /** The `[DONE]` mark came: usage and reasons that were waited for will not come any more. */
  done?(out: StreamPart[]): void
  /** The vendor closed: adds the parts of a complete answer up to its `response-end`, or nothing when the terminal event is missing. */
  close(out: StreamPart[]): void
  /** How many answers told why they stopped, where all that began did; else 0. */
  stopped?(): number
}

export function createEventDecoder(reader: EventReader): StreamDecoder {
  let out: StreamPart[] = []
  let over = false
  let any = false
  /** While the rest is flushed, half an event is a cut, not an invalid one. */
  let flushing = false
  let checked = 0

  /** Nothing may follow the last part. */
  const settle = () => {
    for (; checked < out.length; checked++) {
      const type = out[checked]?.type
      if (type === 'error' || type === 'response-end') {
        over = true
        out.length = checked + 1
      }
    }
  }

  const parser = createSseParser((data, name) => {
    if (over) return
    any = true
    if (data === '[DONE]' || data === '"[DONE]"') {
      reader.done?.(out)
      return settle()
    }
    let event: unknown
    try {
      event = JSON.parse(data)
    } catch {
      if (flushing) return
      out.push({ type: 'error', error: callError('upstream_invalid', 'the provider sent an event that is not JSON') })
      return settle()
    }
    const object = asObject(Array.isArray(event) ? event[0] : event)
    if (object === undefined) return
    reader.read(object, name, out)
    settle()
  })

  const take = () => {
    const parts = out
    out = []
    checked = 0
    return parts
  }

  const guarded = (step: () => void) => {
    try {
      step()
    } catch (error) {
      // Whatever a vendor sends, the caller gets an honest end.
      const why =
        error instanceof EventTooLarge || error instanceof AppError ? error.message : 'an event has an unexpected shape'
      over = true
      out.push({ type: 'error', error: callError('upstream_invalid', `the provider's stream cannot be read: ${why}`) })
    }
  }

  return {
    push(bytes) {
      if (over) return []
      guarded(() => parser.push(bytes))
      return take()
    },
    end() {
      if (over) return []
      flushing = true
      guarded(() => parser.end())
      if (!over) {
        reader.close(out)
        settle()
      }
      if (!over) {
        const stray = any ? '' : parser.stray()
        out.push({ type: 'error', error: stray === '' ? cutStream() : strayError(stray) })
        over = true
      }
      return take()
    },
    stopped: () => (over ? 0 : (reader.stopped?.() ?? 0)),
  }
}

/** An answer that is no event stream: usually the vendor's error, sent as plain JSON. */
function strayError(text: string) {
  try {
    const body: unknown = JSON.parse(text)
    const object = asObject(Array.isArray(body) ? body[0] : body)
    if (object !== undefined) return vendorError(failureIn(object))
  } catch {
    // Not JSON either.
  }
  return callError('upstream_invalid', 'the provider answered a streaming call with something that is no event stream')
}
