import { AppError } from '../errors.ts'
import { learn, record } from './account.ts'
import type { Call } from './call.ts'
import type { Gateway } from './gateway.ts'
import { planChat, planOther, type Incoming, type Plan } from './plan.ts'
import { Refusal } from './refuse.ts'
import { StreamRelay } from './relay-stream.ts'
import type { Resolution } from './resolve.ts'
import { send, settle } from './send.ts'
import type { Upcall } from './upcall.ts'

/** Sends the call to its target and makes the client's response of what comes back. Throws what the client must be told. */
export async function attempt(
  gateway: Gateway,
  call: Call,
  incoming: Incoming,
  resolution: Resolution,
  signal: AbortSignal,
): Promise<Response> {
  const target = resolution.targets[0]!
  call.target = target
  const plan = call.route.endpoint === 'chat' ? planChat(call, incoming, target) : planOther(call, incoming, target)
  call.dropped = plan.dropped
  if (plan.dropped.length > 0 && call.key?.onUnsupported === 'refuse')
    throw unsupported(plan.dropped, target.provider.id)
  const upcall = send(gateway, call, target, plan.outgoing)
  const leave = () => upcall.abandon()
  if (signal.aborted) leave()
  signal.addEventListener('abort', leave)
  try {
    await upcall.ready
  } catch (error) {
    settle(call, upcall.status || null, error instanceof AppError ? error.code : 'internal')
    throw error
  }
  call.firstByteMs = upcall.firstByteAt - call.started
  if (upcall.status >= 300) throw refusalOf(call, plan, upcall)
  return upcall.streaming ? streamed(gateway, call, plan, upcall, signal) : plain(gateway, call, plan, upcall)
}

function unsupported(dropped: readonly string[], provider: string): AppError {
  return new AppError(
    'unsupported_parameter',
    `${dropped.join(', ')} cannot be carried to "${provider}", and this key refuses to leave parameters out: remove it, or choose another model`,
    { field: dropped[0]! },
  )
}

/** What the vendor said, in the vocabulary of calls. Its own trouble with the gateway's credential is not the caller's. */
function refusalOf(call: Call, plan: Plan, upcall: Upcall): Error {
  const provider = call.target!.provider.id
  if (upcall.status === 401 || upcall.status === 403) {
    settle(call, upcall.status, 'upstream_unauthorized')
    return new AppError(
      'upstream_unauthorized',
      `the provider "${provider}" rejected the gateway's own credential (${upcall.status}): its operator must check the provider's api_key`,
    )
  }
  const error = plan.vendor.decodeError(upcall.status, upcall.head?.toHeaders() ?? new Headers(), upcall.body())
  settle(call, upcall.status, error.code)
  return new Refusal(error)
}

async function plain(gateway: Gateway, call: Call, plan: Plan, upcall: Upcall): Promise<Response> {
  const contentType = upcall.head?.get('content-type') ?? 'application/json'
  const { body, report } = plan.answer(upcall.body(), contentType)
  if (report.error) {
    settle(call, upcall.status, report.error.code)
    throw new Refusal(report.error)
  }
  settle(call, upcall.status, null)
  call.status = 200
  call.bytesOut = body.length
  learn(call, report)
  await record(gateway, call)
  const type = typeof body === 'string' ? 'application/json' : contentType
  return new Response(body as BodyInit, { headers: answerHeaders(call, type) })
}

function streamed(gateway: Gateway, call: Call, plan: Plan, upcall: Upcall, signal: AbortSignal): Response {
  call.status = 200
  const relay = new StreamRelay(gateway, call, upcall, plan.stream())
  signal.addEventListener('abort', () => relay.clientLeft())
  const headers = answerHeaders(call, plan.streamContentType)
  headers['cache-control'] = 'no-cache'
  headers['x-accel-buffering'] = 'no'
  return new Response(relay.body(), { headers })
}

/** Headers of every answer: who answered, after how many tries, and what the gateway itself cost in time. */
function answerHeaders(call: Call, type: string): Record<string, string> {
  const target = call.target!
  const headers: Record<string, string> = {
    'content-type': type,
    'x-request-id': call.id,
    'x-portreeve-model': encodeHeader(`${target.provider.id}/${target.model}`),
    'x-portreeve-attempts': String(call.attempts.length),
    'x-portreeve-overhead-ms': Math.max(0, call.elapsed() - call.upstreamMs).toFixed(2),
  }
  if (call.dropped.length > 0) headers['x-portreeve-dropped'] = encodeHeader(call.dropped.join(', '))
  return headers
}

/** Header values hold visible ASCII only; anything else is percent-encoded. */
function encodeHeader(value: string): string {
  return /^[\x20-\x7e]*$/.test(value) ? value : encodeURI(value)
}
