import type { CallRecord } from '../contract/call.ts'
import type { Made } from '../contract/origin.ts'
import type { Authorizer } from '../llm/auth/authorize.ts'
import type { Snapshot } from '../snapshot/snapshot.ts'
import type { KeepAlives } from './keep-alive.ts'
import type { LoadWatch } from './overload.ts'
import type { TrafficState } from './traffic.ts'
import type { Pool } from './upstream/pool.ts'

/** What the steps of a call share. */
export type Gateway = {
  /** The snapshot of this moment; a call keeps the one it began with. */
  readonly snapshot: () => Snapshot
  readonly pool: Pool
  /** Resolves when the record is durable: only then may the call's last byte be sent. */
  readonly record: (record: CallRecord, made?: Made) => Promise<void>
  readonly limits: GatewayLimits
  /** An error that nobody expected: for the log, with the request id that the caller was told. */
  readonly report: (error: unknown, requestId: string) => void
  /** Proves the gateway to vendors that want more than a key. */
  readonly authorizer: Authorizer
  readonly keepAlives: KeepAlives
  /** Limits, budgets, health of targets: what is counted and learned. */
  readonly traffic: TrafficState
  readonly load: LoadWatch
  /** Calls under way, for draining and for readiness. */
  inFlight: number
}

export type GatewayLimits = {
  /** Largest request body in bytes. */
  readonly bodyBytes: number
  /** Silence of a stream after which a keep-alive is sent to the client. */
  readonly keepAliveMs: number
  /** Silence of an upstream that told why its answer ended, after which it is not waited for any longer. */
  readonly endGraceMs: number
}
