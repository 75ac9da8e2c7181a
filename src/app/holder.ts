import { AppError } from '../errors.ts'
import type { Snapshot } from '../snapshot/snapshot.ts'

/** The snapshot in use. Swapping it is one assignment: a call keeps the one it began with. */
export type SnapshotHolder = {
  readonly current: () => Snapshot
  readonly set: (snapshot: Snapshot) => void
  readonly known: () => boolean
}

export function createHolder(): SnapshotHolder {
  let snapshot: Snapshot | undefined
  return {
    current() {
      if (!snapshot)
        throw new AppError('not_ready', 'the gateway has no configuration yet: try again in a moment', {
          retryAfterMs: 1000,
        })
      return snapshot
    },
    set: (next) => void (snapshot = next),
    known: () => snapshot !== undefined,
  }
}
