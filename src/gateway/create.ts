import { newId } from '../lib/id.ts'
import type { CallRecord } from '../contract/call.ts'
import type { Made } from '../contract/origin.ts'
import { createAuthorizer } from '../llm/auth/authorize.ts'
import type { World } from '../llm/auth/world.ts'
import type { Snapshot } from '../snapshot/snapshot.ts'
import type { Gateway, GatewayLimits } from './gateway.ts'
import { KeepAlives } from './keep-alive.ts'
import { LoadWatch } from './overload.ts'
import { TrafficState } from './traffic.ts'
import { Pool } from './upstream/pool.ts'

export type GatewayOptions = {
  readonly snapshot: () => Snapshot
  readonly record: (record: CallRecord, made?: Made) => Promise<void>
  readonly report: (error: unknown, requestId: string) => void
  readonly limits?: Partial<GatewayLimits>
  /** What credential chains read; the process's own unless a test gives another. */
  readonly world?: World
  readonly traffic?: TrafficState
}

const DEFAULT_LIMITS: GatewayLimits = { bodyBytes: 32 * 1024 * 1024, keepAliveMs: 15_000, endGraceMs: 2_000 }

/** A process that was given no surroundings has no credentials to find there. */
const NO_WORLD: World = {
  env: {},
  readFile: (path) => Promise.reject(new Error(`no file ${path}`)),
  fetch: (url) => Promise.reject(new Error(`no network for ${url}`)),
  now: () => Date.now(),
}

/** A data plane without a server around it. */
export function createGateway(options: GatewayOptions): Gateway & { close: () => void } {
  const limits = { ...DEFAULT_LIMITS, ...options.limits }
  const pool = new Pool(limits.endGraceMs, (mistake) => options.report(mistake, newId('err')))
  const keepAlives = new KeepAlives(limits.keepAliveMs)
  const load = new LoadWatch()
  load.start()
  return {
    snapshot: options.snapshot,
    record: options.record,
    report: options.report,
    limits,
    pool,
    authorizer: createAuthorizer(options.world ?? NO_WORLD),
    keepAlives,
    traffic: options.traffic ?? new TrafficState(),
    load,
    inFlight: 0,
    close() {
      pool.close()
      keepAlives.close()
      load.stop()
    },
  }
}
