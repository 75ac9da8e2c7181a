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
    health.inFlight++
  }

  get credentialId(): string | null {
    return this.#credential?.id ?? null
  }

  /** The target answered. */
  succeed(firstTokenMs: number | undefined, tokens: number): void {
    if (!this.#open) return
    const now = Date.now()
    this.#end(tokens, now)
    this.#gateway.traffic.health.succeed(this.#health, this.credentialId, now, firstTokenMs)
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
    if (isTargetFailure(error)) health.fail(this.#health, now)
    else this.#health.breaker.abandon()
  }

  /** The client left: nothing was learned about the target. */
  abandon(tokens = 0): void {
    if (!this.#open) return
    this.#end(tokens, Date.now())
    this.#health.breaker.abandon()
  }

  #end(tokens: number, now: number): void {
    this.#open = false
    this.#health.inFlight--
    if (this.#credential) this.#pool!.release(this.#credential, now, tokens)
    this.#admission?.settle(now, tokens)
  }
}
