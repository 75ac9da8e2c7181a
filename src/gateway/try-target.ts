import { AppError } from '../errors.ts'
import { callErrorOf } from '../llm/errors.ts'
import type { CallError } from '../llm/spec.ts'
import type { SnapshotTarget } from '../snapshot/snapshot.ts'
import { keepAnswer, learn, record, tokensOf } from './account.ts'
import { admitAtTarget } from './admit.ts'
import { answerHeaders, STREAM_LINES } from './answer-headers.ts'
import type { Call } from './call.ts'
import { Answer } from './downstream/answer.ts'
import type { Inbound } from './downstream/inbound.ts'
import type { Gateway } from './gateway.ts'
import { continuationOf } from './continue/continuation.ts'
import { pickCredential } from './credential.ts'
import type { CredentialUse } from './health/credentials.ts'
import { guardAnswer } from './guard/guard-call.ts'
import { HoldBack } from './hold-back.ts'
import type { Itinerary } from './itinerary.ts'
import { planChat, planOther, type Incoming, type Plan } from './plan.ts'
import { Refusal, toCallError } from './refuse.ts'
import { StreamRelay } from './relay-stream.ts'
import { refusedBy } from './refused-by.ts'
import { send, settle } from './send.ts'
import { rememberMade } from './state.ts'
import { TargetUse } from './target-use.ts'
import type { Upcall } from './upcall.ts'

/** What one try must know of the others. */
export type TryOptions = {
  /** Another target comes after this one: the first events of a stream are held back. */
  readonly hasNext: boolean
  /** The targets that come after it. */
  readonly rest: readonly SnapshotTarget[]
  /** Credentials of this target that were used for this call; the one used now is added. */
  readonly tried: Set<string>
  readonly repeated: boolean
}

/** One attempt at one target: the client's response, or why there is none. Throws only what no other target could mend. */
export async function tryTarget(
  gateway: Gateway,
  call: Call,
  incoming: Incoming,
  target: SnapshotTarget,
  itinerary: Itinerary,
  options: TryOptions,
  client: Inbound,
): Promise<Answer | CallError> {
  const { health } = gateway.traffic
  const targetHealth = health.target(target.provider.id, target.model)
  const guarded = itinerary.targets.length > 1
  if (guarded && !targetHealth.breaker.enter(Date.now()))
    return resting(target, targetHealth.breaker.waitMs(Date.now()))
  let use: TargetUse | undefined
  let plan: Plan
  let upcall: Upcall
  try {
    plan = call.route.endpoint === 'chat' ? planChat(call, incoming, target) : planOther(call, incoming, target)
    if (plan.dropped.length > 0 && call.key?.onUnsupported === 'refuse')
      throw unsupported(plan.dropped, target.provider.id)
    if (plan.local !== undefined) {
      if (guarded) targetHealth.breaker.abandon()
      return await answeredHere(gateway, call, target, plan.local)
    }
    const admitted = admitAtTarget(gateway, call, target)
    const admission = admitted instanceof Promise ? await admitted : admitted
    const pool = health.pool(target.provider.id)
    let credentialUse: CredentialUse | undefined
    try {
      credentialUse = pickCredential(target, pool, options.tried, itinerary.excluded)
    } catch (error) {
      admission?.settle(Date.now(), 0, false)
      throw error
    }
    use = new TargetUse(gateway, targetHealth, {
      pool,
      credential: credentialUse,
      admission,
      hasAlternative: options.hasNext,
    })
    call.dropped = plan.dropped
    const credential = target.provider.credentials.find(({ id }) => id === credentialUse?.id)
    upcall = send(gateway, call, target, credential, plan.outgoing, itinerary.alias?.timeouts)
  } catch (error) {
    const failure = toCallError(error)
    if (use) use.abandon()
    else if (guarded) targetHealth.breaker.abandon()
    // Another target may carry what this one cannot.
    if (failure.code === 'unsupported_parameter' && options.hasNext) return { ...failure, code: 'provider_unavailable' }
    if (failure.code === 'provider_unavailable' || failure.code === 'rate_limited') return failure
    throw error
  }
  return await receive(gateway, call, incoming, plan, upcall, use, itinerary, options, client)
}

async function receive(
  gateway: Gateway,
  call: Call,
  incoming: Incoming,
  plan: Plan,
  upcall: Upcall,
  use: TargetUse,
  itinerary: Itinerary,
  options: TryOptions,
  client: Inbound,
): Promise<Answer | CallError> {
  if (client.left) upcall.abandon()
  client.onLeave = () => upcall.abandon()
  try {
    await upcall.ready
    if (upcall.status < 300 && upcall.streaming) {
      const transform = plan.stream()
      const continuation = continuationOf(gateway, call, incoming, itinerary.alias, options.rest, transform)
      const held = options.hasNext ? (itinerary.alias?.holdBack ?? 1) : 0
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
      if (transform.conclude) begin.push(await transform.conclude())
      const relay = new StreamRelay(gateway, call, upcall, use, transform, begin, continuation)
      return streamed(call, plan, upcall, relay, client)
    }
  } catch (error) {
    const failure = toCallError(error)
    settle(call, upcall.status || null, failure.code)
    if (failure.code === 'client_closed') use.abandon()
    else use.fail(failure)
    if (failure.code === 'internal') throw error
    return failure
  }
  if (upcall.status >= 300) return refusedBy(plan.vendor, call, upcall, use)
  return await plain(gateway, call, plan, upcall, use)
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

async function plain(
  gateway: Gateway,
  call: Call,
  plan: Plan,
  upcall: Upcall,
  use: TargetUse,
): Promise<Answer | CallError> {
  let answer: ReturnType<Plan['answer']>
  try {
    answer = plan.answer(upcall.body(), contentTypeOf(upcall))
    if (answer.report.error) throw new Refusal(answer.report.error)
  } catch (error) {
    const failure = toCallError(error)
    settle(call, upcall.status, failure.code)
    use.fail(failure)
    if (failure.code === 'internal') throw error
    return failure
  }
  const { report } = answer
  settle(call, upcall.status, null)
  call.firstByteMs = upcall.firstByteAt - call.started
  learn(call, report)
  rememberMade(gateway, call, report.id)
  use.succeed(call.upstreamMs, tokensOf(call))
  const body = call.guard?.set.readsOutput ? await guardAnswer(call.guard, answer.body) : answer.body
  call.status = 200
  call.bytesOut = body.length
  const type = typeof body === 'string' ? 'application/json' : contentTypeOf(upcall) || 'application/json'
  if (call.capture) {
    call.capture.add(body)
    keepAnswer(call, type)
  }
  await record(gateway, call)
  return new Answer(200, answerHeaders(call, type), body)
}

function contentTypeOf(upcall: Upcall): string {
  return upcall.head?.get('content-type') ?? ''
}

function streamed(call: Call, plan: Plan, upcall: Upcall, relay: StreamRelay, client: Inbound): Answer {
  call.firstByteMs = upcall.firstByteAt - call.started
  call.status = 200
  call.streamType = plan.streamContentType
  // From here on the connection tells the relay itself.
  client.onLeave = undefined
  return new Answer(200, answerHeaders(call, plan.streamContentType) + STREAM_LINES, relay)
}
