import type { CallRecord } from '../contract/call.ts'
import { createIngester } from '../record/ingest.ts'
import type { Tail } from '../record/tail.ts'
import { callsIn } from '../store/call.ts'
import { refusesData } from '../store/data-error.ts'
import type { Store } from '../store/open.ts'
import { describeError, type Log } from './log.ts'

const EVERY_MS = 250
const LONGEST_PAUSE_MS = 10_000

/** Moves records from the spool into the store while the process runs. */
export type RecordMover = {
  readonly waiting: () => number
  /** Moves what is left. */
  readonly stop: () => Promise<void>
}

export function moveRecords(spoolFolder: string, store: Store, tail: Tail, log: Log): RecordMover {
  const ingester = createIngester(spoolFolder, {
    add: (records: readonly CallRecord[]) => callsIn(store.db).ingest(records),
    blamesRecord: refusesData,
    onAdded: tail.publish,
    onProblem: (message) => log('error', message),
  })
  let pause = EVERY_MS
  let timer: Timer | undefined
  let stopped = false
  const turn = async () => {
    try {
      await ingester.run()
      pause = EVERY_MS
    } catch (error) {
      // The records stay in the spool: nothing is lost while the database is away.
      pause = Math.min(pause * 2, LONGEST_PAUSE_MS)
      log('warn', `call records wait for the database: ${describeError(error)}`, { segments: ingester.waiting() })
    }
    if (!stopped) timer = setTimeout(() => void turn(), pause)
  }
  void turn()
  return {
    waiting: ingester.waiting,
    async stop() {
      stopped = true
      clearTimeout(timer)
      await ingester
        .run()
        .catch((error: unknown) => log('warn', `call records stay in the spool: ${describeError(error)}`))
    },
  }
}
