import { AppError } from '../errors.ts'
import { DEFAULT_RETRIES } from '../contract/defaults.ts'
import { callErrorOf } from '../llm/errors.ts'
import type { CallError } from '../llm/spec.ts'
import type { SnapshotTarget } from '../snapshot/snapshot.ts'
import type { Call } from './call.ts'
import { Answer } from './downstream/answer.ts'
import type { Inbound } from './downstream/inbound.ts'
import type { Gateway } from './gateway.ts'
import type { Incoming } from './plan.ts'
import { Refusal } from './refuse.ts'
import type { Itinerary } from './itinerary.ts'
import { judgeFailure, waitBeforeRetry } from './retry.ts'
import { tryTarget, type Turn } from './try-target.ts'

/** A call that names its target itself is sent once: whoever wants repetitions or fallbacks makes an alias. */
const NO_RETRIES = { ...DEFAULT_RETRIES, attempts: 1 }

const NOBODY: readonly SnapshotTarget[] = []

/**
 * Sends the call to its targets, one after the other, until one answers. Each failure decides what is tried next: the same target again,
 * another credential, the next target, a place of the failure's own list, or nothing. Throws what the client must be told.
 */
export async function attempt(
  gateway: Gateway,
  call: Call,
  incoming: Incoming,
  itinerary: Itinerary,
  client: Inbound,
): Promise<Answer> {
  const { alias } = itinerary
  const totalMs = alias?.timeouts?.total_ms
  const retries = alias?.retries ?? NO_RETRIES
  let queue: readonly SnapshotTarget[] = itinerary.targets
  let first: CallError | undefined
  let last: CallError | undefined
  // Guards, limits and other calls may have been waited for.
  if (client.left) throw new AppError('client_closed', 'the client left before its call was sent')
  gateway.traffic.retries.called(call.startedAt)
  for (let index = 0; index < queue.length; index++) {
    const target = queue[index]!
    const hasNext = index + 1 < queue.length
    const tried = itinerary.excluded
    const rest = hasNext ? queue.slice(index + 1) : NOBODY
    const turn: Turn = { gateway, call, incoming, client, itinerary, target, hasNext, rest, tried, used: undefined }
    for (let count = 1; ; count++) {
      const begun = tryTarget(turn)
      const outcome = begun instanceof Promise ? await begun : begun
      if (outcome instanceof Answer) return outcome
      const error = outcome
      if (client.left || error.code === 'client_closed') throw new Refusal(error)
      const verdict = judgeFailure(error)
      if (verdict.kind === 'special') {
        const places = itinerary.special(verdict.failure)
        if (places.length === 0 || queue === places) throw new Refusal(first && queue === places ? first : error)
        queue = places
        index = -1
        first ??= error
        last = error
        break
      }
      // What only the fallback objects to is not the caller's fault: the first failure is the truth.
      if (verdict.kind === 'final') throw new Refusal(first ?? error)
      first ??= error
      last = error
      if (hasOtherCredential(turn, error)) continue
      if (verdict.kind === 'elsewhere' || count >= retries.attempts) break
      // A vendor's 429, or a limit of our own on this target.
      if (hasNext && (error.vendor?.status ?? error.status) === 429) break
      const now = Date.now()
      const wait = waitBeforeRetry(retries, count, error.retryAfterMs, Math.random)
      if (wait === undefined || call.elapsed() + wait > (totalMs ?? target.provider.timeouts.totalMs)) break
      if (!gateway.traffic.retries.take(now)) break
      await pause(wait, client)
      call.upstreamMs += wait
    }
  }
  throw new Refusal(last ?? callErrorOf(noTarget(itinerary)))
}

/** A failure of the credential alone is worth the next credential of the same target at once. */
function hasOtherCredential({ gateway, target, tried, used }: Turn, error: CallError): boolean {
  const status = error.vendor?.status
  if (status !== 401 && status !== 402 && status !== 403 && status !== 429) return false
  if (used === undefined) return false
  const all = new Set(tried).add(used)
  if (all.size >= target.provider.credentials.length) return false
  return gateway.traffic.health.pool(target.provider.id)?.isReady(Date.now(), all) ?? false
}

function noTarget({ alias, waitMs }: Itinerary): AppError {
  const name = alias?.name ?? ''
  if (waitMs === Infinity)
    return new AppError(
      'invalid_request',
      `no target of "${name}" takes such a request: see the conditions of its targets`,
    )
  return new AppError('provider_unavailable', `every target of "${name}" rests after failures; try again shortly`, {
    retryAfterMs: Math.max(1, Math.ceil(waitMs)),
  })
}

function pause(ms: number, client: Inbound): Promise<void> {
  if (ms <= 0) return Promise.resolve()
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const timer = setTimeout(() => {
    client.waiting = undefined
    resolve()
  }, ms)
  client.waiting = {
    abandon() {
      clearTimeout(timer)
      reject(new AppError('client_closed', 'the client left while the call waited for another try'))
    },
  }
  return promise
}
