import { AppError } from '../../errors.ts'
import { utf8 } from '../../lib/bytes.ts'
import type { Json, JsonObject } from '../../llm/spec.ts'
import { repeatedName, toBuffer } from '../../llm/stream/json-scan.ts'
import { parseBody } from '../../llm/stream/parse-body.ts'
import { spliceForm } from '../../llm/form/scan.ts'
import { scanRequest } from '../../llm/stream/splice.ts'
import { attributesOf } from '../admit.ts'
import type { Call } from '../call.ts'
import { rescan, type Form } from '../form.ts'
import type { Gateway } from '../gateway.ts'
import type { Incoming } from '../plan.ts'
import { GuardRun } from './run.ts'

/** Checks and masks the request, if guards concern the call. Throws `content_filtered`. */
export function guardInput(gateway: Gateway, call: Call, incoming: Incoming): void | Promise<void> {
  const set = gateway.traffic.for(call.snapshot).guards.for(attributesOf(call))
  if (!set) return
  const run = new GuardRun(set)
  call.guard = run
  if (set.readsOutput && call.stream && call.route.endpoint !== 'chat') {
    throw new AppError(
      'content_filtered',
      `the guards of this key read answers, and streams of ${call.route.recordedAs} cannot be read: ask without "stream"`,
      { field: 'stream' },
    )
  }
  return incoming.form ? guardForm(run, call, incoming, incoming.form) : guardBody(run, call, incoming)
}

/** Checks and masks a body, in place of which the masked one stands then. */
export async function guardBody(run: GuardRun, call: Call, incoming: Incoming): Promise<void> {
  const body = toBuffer(incoming.body)
  const request = parseBody(body) as JsonObject
  const twice = repeatedName(body)
  if (twice !== undefined)
    throw new AppError(
      'invalid_request',
      `${JSON.stringify(twice.slice(0, 64))} is given twice in one object: guards and models could read it differently`,
    )
  if (!(await run.input(request))) return
  incoming.body = Buffer.from(JSON.stringify(request))
  incoming.decoded = undefined
  call.scan = scanRequest(incoming.body, call.route.dialect)
}

/** Checks and masks the texts of a form; its files cannot be read. */
async function guardForm(run: GuardRun, call: Call, incoming: Incoming, form: Form): Promise<void> {
  const { texts, fileBytes } = form
  if (fileBytes > 0) run.refuseUnreadable('input')
  const said = texts.map(({ start, end }) => utf8(incoming.body, start, end))
  // A form may hold several values of one name: the names are left out.
  const checked = [...said]
  if (!(await run.input({ texts: checked }))) return
  const edits = texts.flatMap(({ start, end }, index) =>
    checked[index] === said[index] ? [] : [{ start, end, value: checked[index]! }],
  )
  incoming.body = spliceForm(incoming.body, form.boundary, edits)
  call.scan = rescan(incoming, form)
}

/** Checks and masks a whole answer. What is no JSON cannot be read, unless the call is one whose answers are texts. */
export async function guardAnswer(
  run: GuardRun,
  { route }: Call,
  body: Uint8Array | string,
): Promise<Uint8Array | string> {
  const text = typeof body === 'string' ? body : utf8(body)
  const answer = jsonIn(text)
  if (answer) return (await run.output(answer)) ? JSON.stringify(answer) : body
  if (!route.multipart) {
    run.refuseUnreadable('output')
    return body
  }
  const said = { text }
  return (await run.output(said)) ? said.text : body
}

function jsonIn(text: string): JsonObject | undefined {
  try {
    const value = JSON.parse(text) as Json
    return value !== null && typeof value === 'object' ? (value as JsonObject) : undefined
  } catch {
    return undefined
  }
}
