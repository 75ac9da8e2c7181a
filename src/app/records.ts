import type { Tail } from '../record/tail.ts'
import type { Log } from './log.ts'
import type { FromRecordWorker, RecordFigures, ToRecordWorker } from './record-worker.ts'

const EVERY_MS = 250
const LONGEST_PAUSE_MS = 10_000
/** SQLite that somebody else holds keeps the thread waiting: what it said last serves meanwhile. */
const FIGURES_WAIT_MS = 1_000

/** Moves records from the spool into the store while the process runs, and counts them. */
export type RecordMover = {
  /** Starts the thread, which counts from now on. Later calls do nothing. */
  readonly start: () => void
  /** Begins to move: the database is there, with its schema up to date. Later calls do nothing. */
  readonly begin: (databaseUrl: string) => void
  /** Segments that wait for the database. */
  readonly waiting: () => number
  /** Why the last try to write records failed; null when it did not. */
  readonly problem: () => string | null
  /** What was counted since the process began; undefined when the thread has never answered. */
  readonly figures: () => Promise<RecordFigures | undefined>
  /** Moves what is left, then ends. */
  readonly stop: () => Promise<void>
}

/**
 * The thread that counts and moves records. While the database is away, and before the thread starts, they stay in the spool: nothing is lost.
 * `since` is when this process began: what others wrote before is moved, but not counted.
 */
export function moveRecords(spoolFolder: string, since: number, tail: Tail, log: Log): RecordMover {
  let worker: Worker | undefined
  let databaseUrl: string | undefined
  let waiting = 0
  let problem: string | null = null
  let pause = EVERY_MS
  let timer: Timer | undefined
  let ended: (() => void) | undefined
  let figures: RecordFigures | undefined
  let asked = 0
  const askers = new Map<number, () => void>()
  const send = (message: ToRecordWorker) => worker?.postMessage(message)
  const run = () => send({ type: 'run', tell: tail.isWatched() })
  const done = (error: string | null) => {
    if (ended) return
    problem = error
    pause = error === null ? EVERY_MS : Math.min(pause * 2, LONGEST_PAUSE_MS)
    if (error !== null) log('warn', `call records wait for the database: ${error}`, { segments: waiting })
    timer = setTimeout(run, pause)
  }
  const hear = ({ data }: MessageEvent<FromRecordWorker>) => {
    if (data.type === 'added') tail.publish(data.records)
    else if (data.type === 'problem') log('error', data.message)
    else if (data.type === 'figures') {
      figures = data.figures
      askers.get(data.id)?.()
    } else {
      waiting = data.waiting
      if (data.type === 'done') return done(data.error)
      if (data.error !== null) log('warn', `call records stay in the spool: ${data.error}`, { segments: waiting })
      ended?.()
    }
  }
  const start = () => {
    if (worker) return
    worker = new Worker(new URL('./record-worker.ts', import.meta.url), { smol: true })
    worker.onmessage = hear
    worker.onerror = (event) => {
      log('error', `the record thread stopped: ${event.message}`)
      ended?.()
      done(event.message)
    }
    send({ type: 'watch', spoolFolder, since })
    if (databaseUrl !== undefined) send({ type: 'open', databaseUrl })
    run()
  }
  return {
    start,
    begin(url) {
      if (databaseUrl !== undefined) return
      databaseUrl = url
      send({ type: 'open', databaseUrl })
    },
    waiting: () => waiting,
    problem: () => problem,
    async figures() {
      start()
      const id = ++asked
      const { promise, resolve } = Promise.withResolvers<void>()
      const patience = setTimeout(resolve, FIGURES_WAIT_MS)
      askers.set(id, resolve)
      send({ type: 'figures', id })
      await promise
      clearTimeout(patience)
      askers.delete(id)
      return figures
    },
    async stop() {
      // Without a database there is nowhere to move to, and nobody is left to count for.
      if (!worker && databaseUrl === undefined) return
      start()
      clearTimeout(timer)
      const { promise, resolve } = Promise.withResolvers<void>()
      ended = resolve
      send({ type: 'close' })
      await promise
      worker?.terminate()
    },
  }
}
