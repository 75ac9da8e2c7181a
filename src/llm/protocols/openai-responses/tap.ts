// Watches a response that passes through: its last event holds the whole response, with usage near the end.
import { findBytes } from '../../../lib/bytes.ts'
import { failureIn, vendorError } from '../../errors.ts'
import type { JsonObject } from '../../spec.ts'
import type { TapOptions, TapReport, UsageTap } from '../../protocol.ts'
import { estimateEvents, firstText, lastObject, lastText, Tail } from '../../stream/tail.ts'
import { UNBELIEVED } from '../../usage.ts'
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

type Ending = 'completed' | 'incomplete' | 'failed'

function terminalIn(bytes: Uint8Array): Ending | undefined {
  if (findBytes(bytes, COMPLETED) !== -1) return 'completed'
  if (findBytes(bytes, INCOMPLETE) !== -1) return 'incomplete'
  return findBytes(bytes, FAILED) === -1 ? undefined : 'failed'
}

export function createResponseTap(stream: boolean, options: TapOptions = {}): UsageTap {
  const tail = new Tail()
  /** The last event can be larger than what is kept: its name is looked for as it comes. */
  let terminal: Ending | undefined
  return {
    push(bytes) {
      if (stream) terminal ??= terminalIn(bytes)
      tail.push(bytes)
      return bytes
    },
    flush: () => NOTHING,
    ends(events) {
      terminal ??= terminalIn(events)
      return terminal !== undefined
    },
    report: () => reportOf(tail, stream, terminal, options),
  }
}

function reportOf(tail: Tail, stream: boolean, terminal: string | undefined, options: TapOptions): TapReport {
  const end = tail.tail()
  const head = tail.head()
  const raw = lastObject(end, 'usage')
  const usage = raw === undefined ? undefined : readUsage(raw, options.quirks)
  const ending = terminal ?? endingIn(end, stream)
  const details = lastObject(end, 'incomplete_details') ?? lastObject(head, 'incomplete_details')
  const failure =
    ending === 'failed' || end.indexOf(ERROR) !== -1 ? (lastObject(end, 'error') ?? flatError(end)) : undefined
  const [model, id] = [firstText(head, 'model') ?? lastText(end, 'model'), firstText(head, 'id')]
  const known = usage !== undefined
  const complete = failure === undefined && (ending === 'completed' || ending === 'incomplete')
  return {
    ...(known ? { usage } : {}),
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
    complete,
    estimatedOutput: stream && (known ? usage === UNBELIEVED : !complete) ? estimateEvents(tail) : 0,
  }
}

/** The `error` event says its code and its message without an object around them. */
const flatError = (end: Buffer): JsonObject => {
  const [code, message] = [lastText(end, 'code'), lastText(end, 'message')]
  return { ...(code === undefined ? {} : { code }), ...(message === undefined ? {} : { message }) }
}

/** A name that was cut by a boundary is still whole in what was kept; a plain answer says its status at the top. */
function endingIn(end: Buffer, stream: boolean): Ending | undefined {
  if (stream) return terminalIn(end)
  return lastObject(end, 'incomplete_details') === undefined ? 'completed' : 'incomplete'
}
