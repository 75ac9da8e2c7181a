// Watches an answer of Gemini that passes through: each event counts all tokens so far, the last one counts.
import { failureIn, vendorError } from '../../errors.ts'
import { asNumber } from '../../json.ts'
import type { TapReport, UsageTap } from '../../protocol.ts'
import { estimateEvents, firstText, lastObject, lastText, Tail } from '../../stream/tail.ts'
import { readFinish } from './finish.ts'
import { hasCounts, readUsage } from './usage.ts'

const NOTHING = Buffer.alloc(0)
const CALL = Buffer.from('"functionCall"')

export function createContentTap(stream: boolean): UsageTap {
  const tail = new Tail()
  return {
    push(bytes) {
      tail.push(bytes)
      return bytes
    },
    flush: () => NOTHING,
    report: () => reportOf(tail, stream),
  }
}

function reportOf(tail: Tail, stream: boolean): TapReport {
  const end = tail.tail()
  const raw = lastObject(end, 'usageMetadata')
  const usage = raw !== undefined && hasCounts(raw) ? readUsage(raw) : undefined
  const finish = lastText(end, 'finishReason') ?? lastText(end, 'blockReason')
  const failed = lastObject(end, 'error')
  const isError =
    failed !== undefined && (asNumber(failed['code']) !== undefined || typeof failed['message'] === 'string')
  const [model, id] = [
    lastText(end, 'modelVersion') ?? firstText(tail.head(), 'modelVersion'),
    lastText(end, 'responseId'),
  ]
  return {
    ...(usage === undefined ? {} : { usage }),
    ...(finish === undefined ? {} : { finish: readFinish(finish, end.indexOf(CALL) !== -1) }),
    ...(model === undefined ? {} : { model }),
    ...(id === undefined ? {} : { id }),
    ...(isError ? { error: vendorError(failureIn({ error: failed })) } : {}),
    complete: finish !== undefined && !isError,
    estimatedOutput: stream && finish === undefined ? estimateEvents(tail) : 0,
  }
}
