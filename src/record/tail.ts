import type { CallRecord } from '../contract/call.ts'

/** Who wants to see calls as they are recorded. */
export type Tail = {
  readonly publish: (records: readonly CallRecord[]) => void
  /** Whether anybody watches. */
  readonly isWatched: () => boolean
  /** Returns what ends the subscription. A listener must not throw; one that does is dropped. */
  readonly subscribe: (listener: (record: CallRecord) => void) => () => void
}

export function createTail(): Tail {
  const listeners = new Set<(record: CallRecord) => void>()
  return {
    isWatched: () => listeners.size > 0,
    publish(records) {
      for (const listener of listeners) {
        try {
          for (const record of records) listener(record)
        } catch {
          listeners.delete(listener)
        }
      }
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}
