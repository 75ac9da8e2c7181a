// Watches an answer of Gemini that passes through: each event counts all tokens so far, the last one counts.
import { failureIn, vendorError } from '../../errors.ts'
import { asNumber } from '../../json.ts'
import type { TapOptions, TapReport, UsageTap } from '../../protocol.ts'
import { Choices, readCandidates } from '../../stream/choices.ts'
import { estimateEvents, firstText, lastObject, lastText, Tail } from '../../stream/tail.ts'
import { UNBELIEVED } from '../../usage.ts'
import { readFinish } from './finish.ts'
import { hasCounts, readUsage } from './usage.ts'

const NOTHING = Buffer.alloc(0)
const CALL = Buffer.from('"functionCall"')

export function createContentTap(stream: boolean, options: TapOptions = {}): UsageTap {
  const tail = new Tail()
  const asked = options.asked ?? 1
  const candidates = stream && asked > 1 ? new Choices(readCandidates) : undefined
  return {
    push(bytes) {
      tail.push(bytes)
      candidates?.push(bytes)
      return bytes
    },
    flush() {
      candidates?.end()
      return NOTHING
    },
    told: () => stream && stoppedIn(tail.tail(), candidates) >= asked,
    report: () => reportOf(tail, stream, candidates),
  }
}

const finishIn = (end: Buffer) => lastText(end, 'finishReason') ?? lastText(end, 'blockReason')

/** How many candidates told why they stopped, where all that spoke did; else 0. Where one was asked for, the end of the stream shows it. */
function stoppedIn(end: Buffer, candidates: Choices | undefined): number {
  if (candidates) return candidates.stopped()
  return finishIn(end) === undefined || Choices.anyOpen(end, readCandidates) ? 0 : 1
}

function reportOf(tail: Tail, stream: boolean, candidates: Choices | undefined): TapReport {
  const end = tail.tail()
  const raw = lastObject(end, 'usageMetadata')
  const usage = raw !== undefined && hasCounts(raw) ? readUsage(raw) : undefined
  const finish = finishIn(end)
  const stopped = stream ? stoppedIn(end, candidates) > 0 : finish !== undefined
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
    complete: stopped && !isError,
    estimatedOutput: stream && (!stopped || usage === UNBELIEVED) ? estimateEvents(tail) : 0,
  }
}
