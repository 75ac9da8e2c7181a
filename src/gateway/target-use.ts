import type { CallError } from '../llm/spec.ts'
import type { Admission } from '../quota/limits.ts'
import type { Gateway } from './gateway.ts'
import type { TargetHealth } from './health/board.ts'
import type { CredentialPool, CredentialUse } from './health/credentials.ts'
import { isTargetFailure, restReasonOf } from './retry.ts'

/** What one attempt holds of its target: a credential, a place in flight, counts. Ended exactly once. */
export class TargetUse {
  readonly #gateway: Gateway
  readonly #health: TargetHealth
  readonly #pool: CredentialPool | undefined
  readonly #credential: CredentialUse | undefined
  readonly #admission: Admission | undefined
  /** Whether another target could take the call. */
  readonly #hasAlternative: boolean
  /** Of the target's breaker, when the attempt began. */
  readonly #epoch: number
  #open = true

  constructor(
    gateway: Gateway,
    health: TargetHealth,
    pool: CredentialPool | undefined,
    credential: CredentialUse | undefined,
    admission: Admission | undefined,
    hasAlternative: boolean,
  ) {
    this.#gateway = gateway
    this.#health = health
    this.#pool = pool
    this.#credential = credential
    this.#admission = admission
    this.#hasAlternative = hasAlternative
    this.#epoch = health.breaker.epoch
    health.inFlight++
  }

  /** The target answered. `ms` is the time to the first token of a stream, or to a whole answer; undefined where nobody measured. */
  succeed(ms: number | undefined, tokens: number, streamed: boolean): void {
    if (!this.#open) return
    const now = Date.now()
    this.#end(tokens, now)
    this.#gateway.traffic.health.succeed(this.#health, this.#credential, now, this.#epoch, ms, streamed)
  }

  fail(error: CallError, tokens = 0): void {
    if (!this.#open) return
    const now = Date.now()
    this.#end(tokens, now)
    const { health } = this.#gateway.traffic
    const reason = restReasonOf(error)
    const id = this.#credential?.id
    if (reason && id !== undefined) {
      // Resting the only credential there is would help nobody: the vendor itself says when it is enough.
      if (this.#hasAlternative || this.#pool!.hasOther(id, now))
        health.rest(this.#health.provider, id, reason, now, error.retryAfterMs)
    }
    if (isTargetFailure(error)) health.fail(this.#health, now, this.#epoch)
    else this.#health.breaker.abandon(this.#epoch)
  }

  /** The client left: nothing was learned about the target. */
  abandon(tokens = 0): void {
    if (!this.#open) return
    this.#end(tokens, Date.now())
    this.#health.breaker.abandon(this.#epoch)
  }

  #end(tokens: number, now: number): void {
    this.#open = false
    this.#health.inFlight--
    if (this.#credential) this.#pool!.release(this.#credential, now, tokens)
    this.#admission?.settle(now, tokens)
  }
}
