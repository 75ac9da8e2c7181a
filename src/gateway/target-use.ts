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
    held: {
      pool: CredentialPool | undefined
      credential: CredentialUse | undefined
      admission: Admission | undefined
      hasAlternative: boolean
    },
  ) {
    this.#gateway = gateway
    this.#health = health
    this.#pool = held.pool
    this.#credential = held.credential
    this.#admission = held.admission
    this.#hasAlternative = held.hasAlternative
    health.inFlight++
  }

  get credentialId(): string | null {
    return this.#credential?.id ?? null
  }

  /** The target answered. */
  succeed(firstTokenMs: number | undefined, tokens: number): void {
    if (!this.#end(tokens)) return
    this.#gateway.traffic.health.succeed(this.#health, this.credentialId, Date.now(), firstTokenMs)
  }

  fail(error: CallError, tokens = 0): void {
    if (!this.#end(tokens)) return
    const now = Date.now()
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
    if (this.#end(tokens)) this.#health.breaker.abandon()
  }

  #end(tokens: number): boolean {
    if (!this.#open) return false
    this.#open = false
    this.#health.inFlight--
    const now = Date.now()
    if (this.#credential) this.#pool!.release(this.#credential, now, tokens)
    this.#admission?.settle(now, tokens)
    return true
  }
}
