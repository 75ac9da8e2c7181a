import type { TimeoutOverrides } from '../contract/routing.ts'
import type { Admission } from '../quota/limits.ts'
import type { SnapshotTarget } from '../snapshot/snapshot.ts'
import type { Call } from './call.ts'
import { credentialOf, pickCredential } from './credential.ts'
import type { Gateway } from './gateway.ts'
import { send, type Outgoing } from './send.ts'
import { TargetUse } from './target-use.ts'
import type { Upcall } from './upcall.ts'

/** What an attempt is to have of its target. `admission` is held for it, and given back if it cannot begin. */
export type AttemptOptions = {
  readonly outgoing: Outgoing
  readonly admission: Admission | undefined
  /** Another target could take the call. */
  readonly hasNext: boolean
  readonly timeouts?: TimeoutOverrides | undefined
  /** Credentials that others are preferred to, and those that must not be used. */
  readonly tried?: ReadonlySet<string> | undefined
  readonly excluded?: ReadonlySet<string> | undefined
}

/** Takes a credential that is ready, and sends. Throws where it cannot; nothing is held then but the place at the target's breaker. */
export function beginAttempt(
  gateway: Gateway,
  call: Call,
  target: SnapshotTarget,
  { outgoing, admission, hasNext, timeouts, tried, excluded }: AttemptOptions,
): { readonly upcall: Upcall; readonly use: TargetUse; readonly credentialId: string | undefined } {
  const { health } = gateway.traffic
  const pool = health.pool(target.provider.id)
  let picked
  try {
    picked = pickCredential(target, pool, tried, excluded)
  } catch (error) {
    admission?.settle(Date.now(), 0, false)
    throw error
  }
  const use = new TargetUse(gateway, health.target(target.provider.id, target.model), pool, picked, admission, hasNext)
  try {
    const upcall = send(gateway, call, target, credentialOf(target, picked?.id), outgoing, timeouts)
    return { upcall, use, credentialId: picked?.id }
  } catch (error) {
    use.abandon()
    throw error
  }
}
