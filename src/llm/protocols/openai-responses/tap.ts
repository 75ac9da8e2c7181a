// Watches a response that passes through: its last event holds the whole response, with usage near the end.
import { findBytes } from '../../../lib/bytes.ts'
import { failureIn, vendorError } from '../../errors.ts'
import type { TapOptions, TapReport, UsageTap } from '../../protocol.ts'
import { estimateEvents, firstText, lastObject, lastText, Tail } from '../../stream/tail.ts'
import { readUsage } from '../openai-chat/usage.ts'
import { finishOf } from './decode-response.ts'

const NOTHING = Buffer.alloc(0)
const COMPLETED = Buffer.from('"response.completed"')
const INCOMPLETE = Buffer.from('"response.incomplete"')
const FAILED = Buffer.from('"response.failed"')
const ERROR = Buffer.from('"type":"error"')
const CALL = Buffer.from('"function_call"')
const CUSTOM_CALL = Buffer.from('"custom_tool_call"')

/** What works in the background is answered for before it has an end. */
const UNFINISHED = /"status":\s*"(?:queued|in_progress)"/

export function createResponseTap(stream: boolean, options: TapOptions = {}): UsageTap {
  const tail = new Tail()
  /** The last event can be larger than what is kept: its name is looked for as it comes. */
  let terminal: 'completed' | 'incomplete' | 'failed' | undefined
  return {
    push(bytes) {
      if (stream && terminal === undefined) {
        if (findBytes(bytes, COMPLETED) !== -1) terminal = 'completed'
        else if (findBytes(bytes, INCOMPLETE) !== -1) terminal = 'incomplete'
        else if (findBytes(bytes, FAILED) !== -1) terminal = 'failed'
      }
      tail.push(bytes)
      return bytes
    },
    flush: () => NOTHING,
    report: () => reportOf(tail, stream, terminal, options),
  }
}

function reportOf(tail: Tail, stream: boolean, terminal: string | undefined, options: TapOptions): TapReport {
  const end = tail.tail()
  const head = tail.head()
  const usage = lastObject(end, 'usage')
  const ending = terminal ?? endingIn(end, stream)
  const details = lastObject(end, 'incomplete_details') ?? lastObject(head, 'incomplete_details')
  const failure = ending === 'failed' || end.indexOf(ERROR) !== -1 ? (lastObject(end, 'error') ?? {}) : undefined
  const [model, id] = [firstText(head, 'model') ?? lastText(end, 'model'), firstText(head, 'id')]
  const known = usage !== undefined
  return {
    ...(known ? { usage: readUsage(usage, options.quirks) } : {}),
    ...((ending === 'completed' || ending === 'incomplete') && (known || !UNFINISHED.test(head.toString('latin1')))
      ? {
          finish: finishOf(
            { status: ending, incomplete_details: details ?? null },
            end.indexOf(CALL) !== -1 || end.indexOf(CUSTOM_CALL) !== -1,
          ),
        }
      : {}),
    ...(model === undefined ? {} : { model }),
    ...(id === undefined ? {} : { id }),
    ...(failure === undefined ? {} : { error: vendorError(failureIn({ error: failure })) }),
    complete: failure === undefined && (ending === 'completed' || ending === 'incomplete'),
    estimatedOutput: stream && !known ? estimateEvents(tail) : 0,
  }
}

/** A name that was cut by a boundary is still whole in what was kept; a plain answer says its status at the top. */
function endingIn(end: Buffer, stream: boolean): string | undefined {
  if (!stream) return lastObject(end, 'incomplete_details') === undefined ? 'completed' : 'incomplete'
  if (end.indexOf(COMPLETED) !== -1) return 'completed'
  if (end.indexOf(INCOMPLETE) !== -1) return 'incomplete'
  if (end.indexOf(FAILED) !== -1) return 'failed'
  return undefined
}
