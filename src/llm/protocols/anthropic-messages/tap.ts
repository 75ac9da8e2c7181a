// Watches a message that passes through: usage stands at its beginning and at its end.
import { failureIn, vendorError } from '../../errors.ts'
import type { JsonObject } from '../../spec.ts'
import type { TapReport, UsageTap } from '../../protocol.ts'
import { saysStop } from '../../stream/events.ts'
import { estimateEvents, firstObject, firstText, lastObject, lastText, Tail } from '../../stream/tail.ts'
import { UNBELIEVED } from '../../usage.ts'
import { readFinish } from './finish.ts'
import { mergeRaw, readUsage } from './usage.ts'

const NOTHING = Buffer.alloc(0)
const STOP_EVENT = 'event: message_stop\ndata: {"type":"message_stop"}\n\n'
const ERROR = Buffer.from('"type":"error"')
const ERROR_EVENT = Buffer.from('event: error')

export function createMessageTap(stream: boolean): UsageTap {
  const tail = new Tail()
  return {
    push(bytes) {
      tail.push(bytes)
      return bytes
    },
    passes(bytes, from, to) {
      tail.push(bytes, from, to)
      return true
    },
    flush() {
      if (!stream) return NOTHING
      // A vendor that gives its reason to stop and then forgets the last event has still ended: clients wait for it.
      const end = tail.tail()
      if (lastText(end, 'stop_reason') === undefined || saysStop(end)) return NOTHING
      return Buffer.from(end.subarray(-2).toString('latin1') === '\n\n' ? STOP_EVENT : `\n\n${STOP_EVENT}`)
    },
    told: () => stream && lastText(tail.tail(), 'stop_reason') !== undefined,
    report: () => reportOf(tail, stream),
  }
}

function reportOf(tail: Tail, stream: boolean): TapReport {
  const head = tail.head()
  const end = tail.tail()
  // A short stream is its own beginning: the first count is the input's, the last one the output's.
  const first = firstObject(head, 'usage')
  const last = lastObject(end, 'usage')
  const raw: JsonObject | undefined = stream ? mergeRaw(first ?? {}, last ?? {}) : (last ?? first)
  const known = first !== undefined || last !== undefined
  const usage = known && raw !== undefined ? readUsage(raw) : undefined
  const finish = lastText(end, 'stop_reason')
  const stopSequence = lastText(end, 'stop_sequence')
  const failed = end.indexOf(ERROR) !== -1 || end.indexOf(ERROR_EVENT) !== -1 ? lastObject(end, 'error') : undefined
  const complete = finish !== undefined || (stream && saysStop(end))
  const [model, id] = [firstText(head, 'model'), firstText(head, 'id')]
  return {
    ...(usage === undefined ? {} : { usage }),
    ...(finish === undefined ? {} : { finish: readFinish(finish, stopSequence) }),
    ...(model === undefined ? {} : { model }),
    ...(id === undefined ? {} : { id }),
    ...(failed === undefined ? {} : { error: vendorError(failureIn({ error: failed })) }),
    complete: complete && failed === undefined,
    // What is known before the end is the input: the output was counted only at its start.
    estimatedOutput: stream && (!complete || usage === UNBELIEVED) ? estimateEvents(tail) : 0,
  }
}
