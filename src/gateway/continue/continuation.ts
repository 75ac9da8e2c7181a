import { AppError } from '../../errors.ts'
import type { CallError } from '../../llm/spec.ts'
import type { SnapshotTarget } from '../../snapshot/snapshot.ts'
import { admitAtTarget } from '../admit.ts'
import { beginAttempt } from '../begin-attempt.ts'
import type { Call } from '../call.ts'
import type { Gateway } from '../gateway.ts'
import type { Itinerary } from '../itinerary.ts'
import type { Incoming } from '../plan.ts'
import { toCallError } from '../refuse.ts'
import { refusedBy } from '../refused-by.ts'
import { judgeFailure } from '../retry.ts'
import { settle } from '../send.ts'
import type { TargetUse } from '../target-use.ts'
import { Translation, type StreamTransform } from '../transform.ts'
import type { Upcall } from '../upcall.ts'
import { planRest, type RestPlan } from './plan-rest.ts'

/** The target that goes on, about to speak; `mark` tells the client so. */
export type Continued = { readonly upcall: Upcall; readonly use: TargetUse; readonly mark: string }

/** Finds the target that goes on with a stream that died, one after the other of those that were not tried yet. */
export class Continuation {
  readonly #gateway: Gateway
  readonly #call: Call
  readonly #incoming: Incoming
  readonly #alias: Itinerary['alias']
  readonly #rest: SnapshotTarget[]
  readonly #translation: Translation
  #upcall: Upcall | undefined
  #abandoned = false

  constructor(
    gateway: Gateway,
    call: Call,
    incoming: Incoming,
    alias: Itinerary['alias'],
    rest: readonly SnapshotTarget[],
    translation: Translation,
  ) {
    this.#gateway = gateway
    this.#call = call
    this.#incoming = incoming
    this.#alias = alias
    this.#rest = [...rest]
    this.#translation = translation
  }

  /** Whether somebody else may mend this failure. */
  mends(error: CallError): boolean {
    if (this.#rest.length === 0 || this.#translation.joint?.text === undefined || error.code === 'internal')
      return false
    const { kind } = judgeFailure(error)
    return kind === 'again' || kind === 'elsewhere'
  }

  /**
   * Begins the rest of the answer at the next target that can. The attempt before must be settled. Undefined when nobody could: the call
   * then is as it was, but for the attempts on its list.
   */
  async begin(error: CallError): Promise<Continued | undefined> {
    const before = this.#call.target
    const text = this.#translation.joint?.text ?? ''
    const said = { text, tokens: this.#translation.tokensSaid }
    for (let target = this.#rest.shift(); target && !this.#abandoned; target = this.#rest.shift()) {
      const begun = await this.#try(target, said, error)
      if (begun) return begun
    }
    this.#call.target = before
    return undefined
  }

  /** The client left. */
  abandon(): void {
    this.#abandoned = true
    this.#upcall?.abandon()
  }

  async #try(
    target: SnapshotTarget,
    said: { text: string; tokens: number },
    after: CallError,
  ): Promise<Continued | undefined> {
    const begun = await this.#send(target, said)
    if (!begun) return undefined
    const { upcall, use, plan } = begun
    this.#upcall = upcall
    if (this.#abandoned) upcall.abandon()
    const call = this.#call
    try {
      await upcall.ready
      if (upcall.status < 300 && upcall.streaming) {
        call.continued = said.text.length
        call.dropped = [...new Set([...call.dropped, ...plan.dropped])]
        call.capture?.discard()
        call.capture = undefined
        const by = { provider: target.provider.id, model: target.model, after: after.code }
        return { upcall, use, mark: this.#translation.goOn(plan.decoder(), plan.turn, { continued: by }) }
      }
      if (upcall.status < 300)
        throw new AppError('upstream_invalid', 'the upstream answered a stream with something else')
      refusedBy(plan.vendor, call, upcall, use)
    } catch (error) {
      const failure = toCallError(error)
      settle(call, upcall.status || null, failure.code)
      if (failure.code === 'client_closed') use.abandon()
      else use.fail(failure)
    }
    return undefined
  }

  /** Undefined when the target cannot be asked; nothing is held then. */
  async #send(target: SnapshotTarget, said: { text: string; tokens: number }) {
    const gateway = this.#gateway
    const call = this.#call
    const { health } = gateway.traffic
    const targetHealth = health.target(target.provider.id, target.model)
    let plan: RestPlan | undefined
    try {
      plan = planRest(call, this.#incoming, target, this.#alias, said)
    } catch {
      // What the target cannot carry.
      return undefined
    }
    if (!plan || (plan.dropped.length > 0 && call.key?.onUnsupported === 'refuse')) return undefined
    if (!targetHealth.breaker.enter(Date.now())) return undefined
    try {
      const admitted = admitAtTarget(gateway, call, target)
      const admission = admitted instanceof Promise ? await admitted : admitted
      const begun = beginAttempt(gateway, call, target, {
        outgoing: plan.outgoing,
        admission,
        hasNext: this.#rest.length > 0,
        timeouts: this.#alias?.timeouts,
      })
      call.attempts.at(-1)!.continues = true
      return { ...begun, plan }
    } catch (error) {
      if (toCallError(error).code === 'internal') gateway.report(error, call.id)
      targetHealth.breaker.abandon()
      return undefined
    }
  }
}

/** What can go on with a stream that is about to be sent; undefined where nothing may. */
export function continuationOf(
  gateway: Gateway,
  call: Call,
  incoming: Incoming,
  alias: Itinerary['alias'],
  rest: readonly SnapshotTarget[],
  transform: StreamTransform,
): Continuation | undefined {
  if (!(transform instanceof Translation) || !transform.joint || rest.length === 0) return undefined
  return new Continuation(gateway, call, incoming, alias, rest, transform)
}
