import { AppError } from '../errors.ts'
import { readForm } from './form.ts'
import { metadataOf, scanRequest, type RequestScan } from '../llm/stream/splice.ts'
import { learn, record } from './account.ts'
import { admit, reserve } from './admit.ts'
import { limitLines } from './answer-headers.ts'
import { attempt } from './attempt.ts'
import { fromCache } from './cache/cache-call.ts'
import { Call } from './call.ts'
import type { Answer } from './downstream/answer.ts'
import type { Inbound } from './downstream/inbound.ts'
import type { Gateway } from './gateway.ts'
import { guardInput } from './guard/guard-call.ts'
import { identify } from './identify.ts'
import { plotItinerary } from './itinerary.ts'
import { mirror } from './mirror.ts'
import type { Incoming } from './plan.ts'
import { errorAnswer, statusSeen, toCallError } from './refuse.ts'
import { resolve } from './resolve.ts'
import type { Match } from './route.ts'
import { readState } from './kept/state.ts'

type CallMatch = Extract<Match, { kind: 'call' }>

/** One call, from its headers to its answer. Never rejects: every failure is an answer in the caller's dialect, and on record. */
export async function handleCall(gateway: Gateway, request: Inbound, match: CallMatch): Promise<Answer> {
  const call = new Call(match.route, gateway.snapshot())
  gateway.inFlight++
  try {
    const parameters = request.query ? Object.fromEntries(new URLSearchParams(request.query)) : NO_QUERY
    const key = (call.key = identify(call.snapshot, request, parameters['key']))
    const hops = request.header('x-portreeve-hops')
    if (hops !== undefined) call.hopLine = nextHop(hops)
    try {
      gateway.load.check(key.priority, gateway.inFlight, call.snapshot.traffic.overload, call.started)
    } catch (error) {
      await readAway(request, Math.min(READ_AWAY, gateway.limits.bodyBytes))
      throw error
    }
    if (request.method !== 'POST') throw methodNotAllowed(request.method)
    const arriving = request.body(gateway.limits.bodyBytes)
    const body = arriving instanceof Promise ? await arriving : arriving
    call.bytesIn = body.length
    const incoming: Incoming = {
      body,
      query: parameters,
      pathModel: match.model,
      pathStream: match.stream,
      client: request,
      decoded: undefined,
    }
    read(call, incoming, request)
    const resolution = resolve(call.snapshot, call.key, call.modelAsked ?? undefined)
    const admitted = admit(gateway, call)
    if (admitted) await admitted
    const guarded = guardInput(gateway, call, incoming)
    if (guarded) await guarded
    const state = readState(gateway, call, incoming, resolution)
    if (state) await state
    const cached = fromCache(gateway, call, incoming, request)
    const answer = cached && (await cached)
    if (answer) return answer
    const itinerary = plotItinerary(gateway, call, incoming, resolution)
    const reserved = reserve(gateway, call, incoming, itinerary.targets)
    if (reserved) await reserved
    if (itinerary.mirror) mirror(gateway, call, incoming, itinerary.mirror)
    return await attempt(gateway, call, incoming, itinerary, request)
  } catch (error) {
    return await refuse(gateway, call, compressed(request, error) ?? error)
  }
}

/** Why a body cannot be read whose client compressed it; undefined where that is not the reason. */
function compressed(request: Inbound, error: unknown): AppError | undefined {
  if (!(error instanceof AppError) || error.code !== 'invalid_json') return undefined
  const encoding = request.header('content-encoding')
  if (!encoding || encoding === 'identity') return undefined
  return new AppError(
    'invalid_request',
    `the body is compressed (content-encoding: ${encoding}), and bodies are read as they are only: send it without`,
  )
}

/** Bodies up to this size are read before their call is refused. */
const READ_AWAY = 256 * 1024

/** A connection whose request was read to its end goes on, which costs less than a new one. */
async function readAway(request: Inbound, limit: number): Promise<void> {
  const { length } = request.head
  if (length > 0 && length <= limit) await request.body(limit)
}

/** Gateways that may stand one behind the other. */
const MOST_HOPS = 4

/** The line for the next gateway. Throws `loop_detected` where a call has come through too many: one of them leads back to another. */
function nextHop(hops: string): string {
  const count = /^\d{1,3}$/.test(hops) ? Number(hops) : MOST_HOPS
  if (count >= MOST_HOPS)
    throw new AppError(
      'loop_detected',
      `the call has come through ${count} gateways already: check that no provider's base_url leads back here`,
    )
  return `x-portreeve-hops: ${count + 1}\r\n`
}

const NO_QUERY: Readonly<Record<string, string>> = {}

/** What policy needs to know of the body, found without building it. */
function read(call: Call, incoming: Incoming, request: Inbound): void {
  const form = call.route.multipart ? readForm(incoming, request) : undefined
  const scan: RequestScan = form ?? scanRequest(incoming.body, call.route.dialect)
  call.scan = scan
  if (form) call.fileBytes = incoming.form!.fileBytes
  call.modelAsked = incoming.pathModel ?? scan.model ?? null
  call.stream = incoming.pathStream ?? scan.stream
  call.endUser = scan.user ?? endUserOf(call, incoming, scan)
}

/** Anthropic's clients name their end user as `metadata.user_id`. */
function endUserOf({ route }: Call, { body }: Incoming, scan: RequestScan): string | null {
  if (route.dialect !== 'anthropic-messages') return null
  const id = metadataOf(body, scan)?.['user_id']
  return typeof id === 'string' ? id : null
}

function methodNotAllowed(method: string): AppError {
  return new AppError('method_not_allowed', `${method} is not possible here: use POST`)
}

/** The answer to a call that failed, after its record is written. `allow` names the methods that are possible. */
export async function refuse(gateway: Gateway, call: Call, cause: unknown, allow = 'POST'): Promise<Answer> {
  const error = toCallError(cause)
  if (error.code === 'internal') gateway.report(cause, call.id)
  call.status = statusSeen(error, call.route.dialect)
  call.errorCode = error.code
  learn(call, { complete: false, estimatedOutput: 0 })
  try {
    await record(gateway, call)
  } catch (failure) {
    // Why there can be no record has been said once, when that began.
    if (failure !== gateway.load.halted) gateway.report(failure, call.id)
  }
  let headers = error.code === 'method_not_allowed' ? `allow: ${allow}\r\n` : ''
  if (call.attempts.length > 0) headers += `x-portreeve-attempts: ${call.attempts.length}\r\n`
  headers += limitLines(call)
  return errorAnswer(error, call.route.dialect, call.id, headers)
}
