import type { Tail } from '../record/tail.ts'
import type { Log } from './log.ts'
import type { FromRecordWorker, ToRecordWorker } from './record-worker.ts'

const EVERY_MS = 250
const LONGEST_PAUSE_MS = 10_000

/** Moves records from the spool into the store while the process runs. */
export type RecordMover = {
  /** Segments that wait for the database. */
  readonly waiting: () => number
  /** Moves what is left, then ends. */
  readonly stop: () => Promise<void>
}

/** Starts the thread that moves records. While the database is away they stay in the spool: nothing is lost. */
export function moveRecords(databaseUrl: string, spoolFolder: string, tail: Tail, log: Log): RecordMover {
  const worker = new Worker(new URL('./record-worker.ts', import.meta.url), { smol: true })
  let waiting = 0
  let pause = EVERY_MS
  let timer: Timer | undefined
  let ended: (() => void) | undefined
  const send = (message: ToRecordWorker) => worker.postMessage(message)
  const done = (error: string | null) => {
    if (ended) return
    pause = error === null ? EVERY_MS : Math.min(pause * 2, LONGEST_PAUSE_MS)
    if (error !== null) log('warn', `call records wait for the database: ${error}`, { segments: waiting })
    timer = setTimeout(() => send({ type: 'run', tell: tail.isWatched() }), pause)
  }
  worker.onmessage = ({ data }: MessageEvent<FromRecordWorker>) => {
    if (data.type === 'added') tail.publish(data.records)
    else if (data.type === 'problem') log('error', data.message)
    else {
      waiting = data.waiting
      if (data.type === 'done') return done(data.error)
      if (data.error !== null) log('warn', `call records stay in the spool: ${data.error}`, { segments: waiting })
      ended?.()
    }
  }
  worker.onerror = (event) => {
    log('error', `the record thread stopped: ${event.message}`)
    ended?.()
    done(event.message)
  }
  send({ type: 'open', databaseUrl, spoolFolder })
  return {
    waiting: () => waiting,
    async stop() {
      clearTimeout(timer)
      const { promise, resolve } = Promise.withResolvers<void>()
      ended = resolve
      send({ type: 'close' })
      await promise
      worker.terminate()
    },
  }
}
