import type { Config } from '../config/config.ts'
import type { Finding } from '../config/finding.ts'
import type { Tail } from '../record/tail.ts'
import type { Store } from '../store/open.ts'
import type { Live } from './live.ts'
import type { Sealer } from './sealing.ts'

/** What runs in the same process beside the management and is asked for its present state. Each part may be absent. */
export type Runtime = {
  /** Where clients call the gateway; null until it listens. */
  readonly address?: () => string | null
  /** How long a credential still rests, by provider and key. */
  readonly restingKeys?: () => readonly { provider: string; key: string; until: number; reason: string }[]
  readonly limitUse?: (
    name: string,
  ) => readonly { share: Record<string, string>; measure: string; limit: number; used: number; reset_ms: number }[]
  /** What running calls hold and have spent; the ledger is asked where this is absent. */
  readonly budgetUse?: (name: string) => readonly {
    share: Record<string, string>
    spent_micros: number
    reserved_micros: number
    resets_at: number | null
  }[]
  /** Spool segments that wait for the database. */
  readonly recordsWaiting?: () => number
}

/** What every use case works with. */
export type Context = {
  readonly store: Store
  readonly live: Live
  readonly sealer: Sealer
  readonly config: Config
  readonly tail: Tail
  readonly clock: () => number
  readonly runtime: Runtime
  readonly startedAt: number
  readonly version: string
  /** What was wrong with portreeve.yaml when it was last read; empty when it is in use. */
  readonly refused: () => readonly Finding[]
}
