import { AppError, type ErrorCode } from '../errors.ts'
import { callErrorOf } from '../llm/errors.ts'
import type { CallError } from '../llm/spec.ts'
import type { SnapshotTarget } from '../snapshot/snapshot.ts'
import { keepAnswer, learn, record, tokensOf } from './account.ts'
import { admitAtTarget } from './admit.ts'
import { answerHeaders, STREAM_LINES } from './answer-headers.ts'
import { beginAttempt } from './begin-attempt.ts'
import type { Call } from './call.ts'
import { Answer } from './downstream/answer.ts'
import type { Inbound } from './downstream/inbound.ts'
import type { Gateway } from './gateway.ts'
import { continuationOf } from './continue/continuation.ts'
import type { Admission } from '../quota/limits.ts'
import { guardAnswer } from './guard/guard-call.ts'
import type { TargetHealth } from './health/board.ts'
import { HoldBack } from './hold-back.ts'
import type { Itinerary } from './itinerary.ts'
import { planCall, type Incoming, type Plan, type PlainAnswer } from './plan.ts'
import { Refusal, toCallError } from './refuse.ts'
import { StreamRelay } from './relay-stream.ts'
import { refusedBy } from './refused-by.ts'
import { settle } from './send.ts'
import { rememberMade } from './kept/state.ts'
import type { TargetUse } from './target-use.ts'
import { asStream, wantsStream } from './told-stream.ts'
import type { Upcall } from './upcall.ts'

/** One target's turn in a call. */
export type Turn = {
  readonly gateway: Gateway
  readonly call: Call
  readonly incoming: Incoming
  readonly client: Inbound
  readonly itinerary: Itinerary
  readonly target: SnapshotTarget
  /** Another target comes after this one: the first events of a stream are held back. */
  readonly hasNext: boolean
  /** The targets that come after it. */
  readonly rest: readonly SnapshotTarget[]
  /** Credentials of this target that must not be used, or were used for this call before the last try. */
  tried: ReadonlySet<string> | undefined
  /** The credential of the last try. */
  used: string | undefined
}

type Outcome = Answer | CallError

/**
 * One attempt at one target: the client's answer, or why there is none. Throws and rejects only with what no other target could mend. Where
 * nothing has to be waited for there is no promise either: each one on the way of every call costs.
 */
export function tryTarget(turn: Turn): Promise<Outcome> | Outcome {
  const { gateway, call, incoming, target } = turn
  const { health } = gateway.traffic
  const targetHealth = health.target(target.provider.id, target.model)
  const guarded = turn.itinerary.targets.length > 1
  if (guarded && !targetHealth.breaker.enter(Date.now()))
    return resting(target, targetHealth.breaker.waitMs(Date.now()))
  try {
    const plan = planCall(call, incoming, target)
    if (plan.dropped.length > 0 && call.key?.onUnsupported === 'refuse')
      throw unsupported(plan.dropped, target.provider.id)
    if (plan.local !== undefined) {
      if (guarded) targetHealth.breaker.abandon()
      return answeredHere(gateway, call, target, plan.local)
    }
    const admitted = admitAtTarget(gateway, call, target)
    if (!(admitted instanceof Promise)) return begin(turn, plan, admitted)
    return beginLater(turn, plan, admitted, guarded ? targetHealth : undefined)
  } catch (error) {
    return notSent(turn, guarded ? targetHealth : undefined, error)
  }
}

async function beginLater(
  turn: Turn,
  plan: Plan,
  admitted: Promise<Admission>,
  entered: TargetHealth | undefined,
): Promise<Outcome> {
  let begun
  try {
    begun = begin(turn, plan, await admitted)
  } catch (error) {
    return notSent(turn, entered, error)
  }
  return begun
}

/** `entered` is the target whose breaker let the call in, if it was asked. */
function notSent(turn: Turn, entered: TargetHealth | undefined, error: unknown): CallError {
  entered?.breaker.abandon()
  return failureBefore(turn, error)
}

/** Failures of one target alone, before anything was sent. */
const PASSED_ON = new Set<ErrorCode>(['provider_unavailable', 'rate_limited', 'limits_unavailable'])

/** Another target may carry what this one cannot, or have room where this one has none. Throws what none could mend. */
function failureBefore({ hasNext }: Turn, error: unknown): CallError {
  const failure = toCallError(error)
  if (failure.code === 'unsupported_parameter' && hasNext) return { ...failure, code: 'provider_unavailable' }
  if (PASSED_ON.has(failure.code)) return failure
  throw error
}

/** Sends the call with a credential that is ready. Throws when there is none. */
function begin(turn: Turn, plan: Plan, admission: Admission | undefined): Promise<Outcome> {
  const { gateway, call, target, hasNext, itinerary } = turn
  if (turn.used !== undefined) turn.tried = new Set(turn.tried).add(turn.used)
  turn.used = undefined
  call.dropped = plan.dropped
  const { upcall, use, credentialId } = beginAttempt(gateway, call, target, {
    outgoing: plan.outgoing,
    admission,
    hasNext,
    timeouts: itinerary.alias?.timeouts,
    tried: turn.tried,
    excluded: itinerary.excluded,
  })
  turn.used = credentialId
  return receive(turn, plan, upcall, use)
}

async function receive(turn: Turn, plan: Plan, upcall: Upcall, use: TargetUse): Promise<Outcome> {
  const { gateway, call, client } = turn
  if (client.left) upcall.abandon()
  client.waiting = upcall
  try {
    await upcall.ready
    if (upcall.status < 300 && upcall.streaming) {
      const transform = plan.stream()
      if (call.made) call.made.onResponse = () => rememberMade(gateway, call)
      const continuation = continuationOf(gateway, call, turn.incoming, turn.itinerary.alias, turn.rest, transform)
      const held = turn.hasNext ? (turn.itinerary.alias?.holdBack ?? 1) : 0
      const events = transform.conclude ? Infinity : held
      if (events === 0)
        return streamed(
          call,
          plan,
          upcall,
          new StreamRelay(gateway, call, upcall, use, transform, [], continuation),
          client,
        )
      const hold = new HoldBack(upcall, transform, events)
      const failure = await hold.released
      if (client.left) throw new AppError('client_closed', 'the client left before the answer began')
      if (failure) {
        upcall.exchange?.cancel()
        settle(call, upcall.status, failure.code)
        use.fail(failure)
        return failure
      }
      const begin = [...hold.takeHeld()]
      if (transform.conclude) {
        // The vendor has said all of it: it costs what it costs, whatever the guards make of it.
        learn(call, transform.report())
        begin.push(await transform.conclude())
      }
      const relay = new StreamRelay(gateway, call, upcall, use, transform, begin, continuation)
      return streamed(call, plan, upcall, relay, client)
    }
  } catch (error) {
    upcall.exchange?.cancel()
    const failure = toCallError(error)
    settle(call, upcall.status || null, failure.code)
    if (failure.code === 'client_closed') use.abandon()
    else use.fail(failure)
    if (failure.code === 'internal') throw error
    return failure
  }
  if (upcall.status >= 300) return refusedBy(plan.vendor, call, upcall, use)
  const answer = readPlain(turn, plan, upcall, use)
  if (!('report' in answer)) return answer
  const { report } = answer
  settle(call, upcall.status, null)
  call.firstByteMs = upcall.firstByteAt - call.started
  learn(call, report, upcall.size)
  rememberMade(gateway, call, report)
  use.succeed(call.attempts.at(-1)?.duration_ms, tokensOf(call), false)
  const guarded = call.guard?.set.readsOutput ? await guardAnswer(call.guard, call, answer.body) : answer.body
  const told = wantsStream(call)
  const body = told ? asStream(call, turn.incoming, guarded) : guarded
  call.status = 200
  call.bytesOut = body.length
  const type = told ? plan.streamContentType : typeOf(call, body, upcall)
  if (call.capture) {
    call.capture.add(body)
    keepAnswer(call, type)
  }
  await record(gateway, call)
  return new Answer(200, told ? answerHeaders(call, type) + STREAM_LINES : answerHeaders(call, type), body)
}

/** SDKs read no answer whose type is not JSON: some servers forget to say so. */
function typeOf({ route }: Call, body: Uint8Array | string, upcall: Upcall): string {
  if (typeof body === 'string' || route.endpoint === 'chat' || route.endpoint === 'completions') return JSON_TYPE
  return contentTypeOf(upcall) || JSON_TYPE
}

/** An answer that needed no vendor: it has its record, and costs nothing. */
async function answeredHere(gateway: Gateway, call: Call, target: SnapshotTarget, body: string): Promise<Answer> {
  call.target = target
  call.status = 200
  call.bytesOut = body.length
  await record(gateway, call)
  return new Answer(200, `${answerHeaders(call, 'application/json')}x-portreeve-estimated: tokens\r\n`, body)
}

function resting(target: SnapshotTarget, waitMs: number): CallError {
  const text = `the target "${target.provider.id}/${target.model}" rests after failures`
  return callErrorOf(new AppError('provider_unavailable', text, { retryAfterMs: Math.max(1, Math.ceil(waitMs)) }))
}

function unsupported(dropped: readonly string[], provider: string): AppError {
  return new AppError(
    'unsupported_parameter',
    `${dropped.join(', ')} cannot be carried to "${provider}", and this key refuses to leave parameters out: remove it, or choose another model`,
    { field: dropped[0]! },
  )
}

/** The vendor's whole answer for the client, or why it is none. */
function readPlain({ call, incoming }: Turn, plan: Plan, upcall: Upcall, use: TargetUse): PlainAnswer | CallError {
  try {
    const answer = plan.answer(upcall.body(), contentTypeOf(upcall))
    if (answer.report.error) throw new Refusal(answer.report.error)
    // What is no answer has to be known while another target may still give one.
    if (wantsStream(call)) asStream(call, incoming, answer.body)
    return answer
  } catch (error) {
    const failure = toCallError(error)
    settle(call, upcall.status, failure.code)
    use.fail(failure)
    if (failure.code === 'internal') throw error
    return failure
  }
}

const JSON_TYPE = 'application/json'

function contentTypeOf(upcall: Upcall): string {
  return upcall.head?.get('content-type') ?? ''
}

function streamed(call: Call, plan: Plan, upcall: Upcall, relay: StreamRelay, client: Inbound): Answer {
  call.firstByteMs = upcall.firstByteAt - call.started
  call.status = 200
  call.streamType = plan.streamContentType
  // From here on the connection tells the relay itself.
  client.waiting = undefined
  return new Answer(200, answerHeaders(call, plan.streamContentType) + STREAM_LINES, relay)
}
