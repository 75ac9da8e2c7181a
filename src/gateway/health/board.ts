import { DEFAULT_BREAKER } from '../../contract/defaults.ts'
import type { Breaker as BreakerSettings } from '../../contract/routing.ts'
import { CircuitBreaker, type BreakerState } from './breaker.ts'
import {
  CredentialPool,
  type CredentialFacts,
  type CredentialState,
  type CredentialUse,
  type RestReason,
} from './credentials.ts'

/** Weight of the newest measurement in the running mean of the time to the first token. */
const NEWEST = 0.2

/** What one process tells the others about targets and credentials. Plain data: it goes over IPC. */
export type HealthMessage =
  | {
      readonly type: 'credential-rest'
      readonly provider: string
      readonly id: string
      readonly reason: RestReason
      readonly until: number
    }
  | { readonly type: 'breaker'; readonly provider: string; readonly model: string; readonly until: number }

/** The health of one model at one provider. */
export class TargetHealth {
  readonly provider: string
  readonly model: string
  readonly breaker: CircuitBreaker
  inFlight = 0
  /** Running mean; undefined until the first measurement. Until a stream was measured it is the time of whole answers. */
  firstTokenMs: number | undefined
  #streamed = false

  constructor(provider: string, model: string, breaker: CircuitBreaker) {
    this.provider = provider
    this.model = model
    this.breaker = breaker
  }

  /** Only streams tell when their first token came: once one was measured, whole answers are not. */
  measured(ms: number, streamed: boolean): void {
    const mean = streamed === this.#streamed ? this.firstTokenMs : undefined
    if (this.#streamed && !streamed) return
    this.#streamed = streamed
    this.firstTokenMs = mean === undefined ? ms : mean + NEWEST * (ms - mean)
  }
}

/** One target as people see it. */
export type TargetState = {
  readonly provider: string
  readonly model: string
  readonly breaker: BreakerState
  readonly openUntil: number | null
  readonly inFlight: number
  readonly firstTokenMs: number | null
}

type ProviderSettings = {
  readonly id: string
  readonly breaker?: BreakerSettings | undefined
  readonly credentials: readonly CredentialFacts[]
}

/** Models are named by clients where a provider takes any. */
const MAX_TARGETS = 5_000

/** All that is known about the health of targets and credentials. Outlives changes of the configuration. */
export class HealthBoard {
  /** By provider, then by model: asking makes no string. */
  readonly #targets = new Map<string, Map<string, TargetHealth>>()
  #count = 0
  readonly #pools = new Map<string, CredentialPool>()
  readonly #settings = new Map<string, BreakerSettings>()
  /** Receives what other processes should know. */
  publish: ((message: HealthMessage) => void) | undefined

  configure(providers: readonly ProviderSettings[]): void {
    const gone = new Set(this.#pools.keys())
    for (const { id, breaker, credentials } of providers) {
      gone.delete(id)
      const pool = this.#pools.get(id)
      if (pool) pool.configure(credentials)
      else this.#pools.set(id, new CredentialPool(credentials))
      const settings = breaker ?? DEFAULT_BREAKER
      const before = this.#settings.get(id)
      if (before && JSON.stringify(before) !== JSON.stringify(settings)) this.#forget(id)
      this.#settings.set(id, settings)
    }
    for (const id of gone) {
      this.#pools.delete(id)
      this.#settings.delete(id)
      this.#forget(id)
    }
  }

  target(provider: string, model: string): TargetHealth {
    return this.#targets.get(provider)?.get(model) ?? this.#begin(provider, model)
  }

  pool(provider: string): CredentialPool | undefined {
    return this.#pools.get(provider)
  }

  /** `epoch` is the breaker's from when the call began, `ms` as in `measured`. */
  succeed(
    target: TargetHealth,
    use: CredentialUse | undefined,
    now: number,
    epoch: number,
    ms?: number,
    streamed = false,
  ): void {
    if (ms !== undefined) target.measured(ms, streamed)
    if (target.breaker.succeed(now, epoch)) this.#tell(target, 0)
    if (use && this.#pools.get(target.provider)?.succeed(use))
      this.publish?.({
        type: 'credential-rest',
        provider: target.provider,
        id: use.id,
        reason: 'rejected',
        until: 0,
      })
  }

  /** The target itself failed: an error of its server, a cut, a silence. */
  fail(target: TargetHealth, now: number, epoch?: number): void {
    if (target.breaker.fail(now, epoch)) this.#tell(target, target.breaker.openUntil)
  }

  /** The vendor limits or rejects a credential; `vendorMs` is how long it said. */
  rest(provider: string, credential: string, reason: RestReason, now: number, vendorMs?: number): void {
    const until = this.#pools.get(provider)?.rest(credential, reason, now, vendorMs)
    if (until !== undefined) this.publish?.({ type: 'credential-rest', provider, id: credential, reason, until })
  }

  /** Takes over what another process learned. */
  apply(message: HealthMessage): void {
    if (message.type === 'credential-rest')
      this.#pools.get(message.provider)?.adopt(message.id, message.reason, message.until)
    else this.target(message.provider, message.model).breaker.adopt(message.until)
  }

  states(now: number): { targets: TargetState[]; credentials: Record<string, CredentialState[]> } {
    return {
      targets: this.#all().map((target) => ({
        provider: target.provider,
        model: target.model,
        breaker: target.breaker.state(now),
        openUntil: target.breaker.openUntil || null,
        inFlight: target.inFlight,
        firstTokenMs: target.firstTokenMs ?? null,
      })),
      credentials: Object.fromEntries([...this.#pools].map(([id, pool]) => [id, pool.states(now)])),
    }
  }

  #tell(target: TargetHealth, until: number): void {
    this.publish?.({ type: 'breaker', provider: target.provider, model: target.model, until })
  }

  #forget(provider: string): void {
    this.#count -= this.#targets.get(provider)?.size ?? 0
    this.#targets.delete(provider)
  }

  #all(): TargetHealth[] {
    return [...this.#targets.values()].flatMap((models) => [...models.values()])
  }

  #begin(provider: string, model: string): TargetHealth {
    if (this.#count >= MAX_TARGETS) this.#evict()
    const target = new TargetHealth(
      provider,
      model,
      new CircuitBreaker(this.#settings.get(provider) ?? DEFAULT_BREAKER),
    )
    const models = this.#targets.get(provider) ?? new Map<string, TargetHealth>()
    this.#targets.set(provider, models.set(model, target))
    this.#count++
    return target
  }

  #evict(): void {
    for (const models of this.#targets.values())
      for (const [model, { inFlight }] of models)
        if (inFlight === 0) {
          models.delete(model)
          this.#count--
          return
        }
  }
}
