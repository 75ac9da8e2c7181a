import type { Call, CallFilter } from '../contract/api/calls.ts'
import type { Context } from '../control/context.ts'
import { everyCall, followCalls } from '../control/calls.ts'
import { AppError } from '../errors.ts'
import { csvHead, csvLine } from './csv.ts'

const HEARTBEAT_MS = 15_000
const MAX_FOLLOWERS = 200
/** Events that wait for a slow reader before some are left out. */
const MAX_WAITING = 500

let followers = 0

/** Calls as server-sent events while they are recorded. A reader that is too slow is told how many it missed. */
export function followAsEvents(context: Context, filter: CallFilter, signal: AbortSignal): Response {
  if (followers >= MAX_FOLLOWERS)
    throw new AppError('overloaded', `${MAX_FOLLOWERS} others follow calls already.`, { retryAfterMs: 10_000 })
  const encoder = new TextEncoder()
  let end = () => {}
  const body = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        let missed = 0
        const send = (text: string) => controller.enqueue(encoder.encode(text))
        const unsubscribe = followCalls(context, filter, (call: Call) => {
          if ((controller.desiredSize ?? 0) <= 0) return void missed++
          if (missed > 0) send(`event: missed\ndata: ${missed}\n\n`)
          missed = 0
          send(`event: call\nid: ${call.id}\ndata: ${JSON.stringify(call)}\n\n`)
        })
        const heartbeat = setInterval(() => send(': still here\n\n'), HEARTBEAT_MS)
        followers++
        let ended = false
        end = () => {
          if (ended) return
          ended = true
          followers--
          unsubscribe()
          clearInterval(heartbeat)
          try {
            controller.close()
          } catch {
            // The reader has closed it.
          }
        }
        signal.addEventListener('abort', end, { once: true })
        send(': following\n\n')
      },
      cancel: () => end(),
    },
    new CountQueuingStrategy({ highWaterMark: MAX_WAITING }),
  )
  return new Response(body, {
    headers: { 'content-type': 'text/event-stream; charset=utf-8', 'x-accel-buffering': 'no' },
  })
}

/** Every call of a filter as a CSV file, a page at a time. */
export function exportAsCsv(context: Context, filter: CallFilter): Response {
  const encoder = new TextEncoder()
  const pages = everyCall(context, filter)
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(encoder.encode(csvHead)),
    async pull(controller) {
      const { value, done } = await pages.next()
      if (done) controller.close()
      else controller.enqueue(encoder.encode(value.map(csvLine).join('')))
    },
    cancel: () => void pages.return(undefined),
  })
  return new Response(body, {
    headers: { 'content-type': 'text/csv; charset=utf-8', 'content-disposition': 'attachment; filename="calls.csv"' },
  })
}
