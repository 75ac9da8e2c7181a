import { AppError } from '../../errors.ts'
import type { JsonObject } from '../../llm/spec.ts'
import { repeatedName, toBuffer } from '../../llm/stream/json-scan.ts'
import { parseBody } from '../../llm/stream/parse-body.ts'
import { scanRequest } from '../../llm/stream/splice.ts'
import { attributesOf } from '../admit.ts'
import type { Call } from '../call.ts'
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
  if (call.route.multipart) {
    run.refuseUnreadable('input')
    return
  }
  return guardBody(run, call, incoming)
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

/** Checks and masks a whole answer. What is no JSON cannot be read. */
export async function guardAnswer(run: GuardRun, body: Uint8Array | string): Promise<Uint8Array | string> {
  const text = typeof body === 'string' ? body : Buffer.from(body.buffer, body.byteOffset, body.length).toString()
  let answer: JsonObject
  try {
    answer = JSON.parse(text) as JsonObject
  } catch {
    run.refuseUnreadable('output')
    return body
  }
  return (await run.output(answer)) ? JSON.stringify(answer) : body
}
