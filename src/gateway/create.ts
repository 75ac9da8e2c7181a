import type { CallRecord } from '../contract/call.ts'
import type { Snapshot } from '../snapshot/snapshot.ts'
import type { Gateway, GatewayLimits } from './gateway.ts'
import { KeepAlives } from './keep-alive.ts'
import { Pool } from './upstream/pool.ts'

export type GatewayOptions = {
  readonly snapshot: () => Snapshot
  readonly record: (record: CallRecord) => Promise<void>
  readonly report: (error: unknown, requestId: string) => void
  readonly limits?: Partial<GatewayLimits>
}

const DEFAULT_LIMITS: GatewayLimits = { bodyBytes: 32 * 1024 * 1024, keepAliveMs: 15_000 }

/** A data plane without a server around it. */
export function createGateway(options: GatewayOptions): Gateway & { close: () => void } {
  const limits = { ...DEFAULT_LIMITS, ...options.limits }
  const pool = new Pool()
  const keepAlives = new KeepAlives(limits.keepAliveMs)
  return {
    snapshot: options.snapshot,
    record: options.record,
    report: options.report,
    limits,
    pool,
    keepAlives,
    inFlight: 0,
    close() {
      pool.close()
      keepAlives.close()
    },
  }
}
