// The thread that moves call records from the spool into the database, so that neither parsing nor commits hold up a call. It counts them
// on the way, for metrics.
import type { CallRecord } from '../contract/call.ts'
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { MetricFamily } from '../lib/open-metrics.ts'
import { Rests } from '../lib/rests.ts'
import { CallMetrics } from '../record/call-metrics.ts'
import { createIngester, type Ingester } from '../record/ingest.ts'
import { segmentTime } from '../record/spool.ts'
import { joinCall, type StoredCall } from '../store/call-parts.ts'
import { openCallWriter, type CallWriter } from '../store/call-writer.ts'
import { refusesData } from '../store/data-error.ts'
import { describeError } from './log.ts'
import { standBack } from './stand-back.ts'

export type ToRecordWorker =
  /** `since` is when the process began: what was written before is moved, but not counted again. */
  | { readonly type: 'watch'; readonly spoolFolder: string; readonly since: number }
  /** The database is there, with its schema up to date. */
  | { readonly type: 'open'; readonly databaseUrl: string }
  /** `tell` asks for the records themselves, because somebody watches. */
  | { readonly type: 'run'; readonly tell: boolean }
  | { readonly type: 'figures'; readonly id: number }
  | { readonly type: 'close' }

/** What the thread has counted. */
export type RecordFigures = {
  readonly calls: readonly MetricFamily[]
  readonly written: number
  readonly rejected: number
  /** Segments that wait for the database, and the bytes of the whole spool. */
  readonly segments: number
  readonly bytes: number
}

export type FromRecordWorker =
  | { readonly type: 'done'; readonly waiting: number; readonly error: string | null }
  /** The answer to `close`: what was left is moved, or why not. */
  | { readonly type: 'closed'; readonly waiting: number; readonly error: string | null }
  | { readonly type: 'added'; readonly records: readonly CallRecord[] }
  | { readonly type: 'problem'; readonly message: string }
  | { readonly type: 'figures'; readonly id: number; readonly figures: RecordFigures }

declare const self: Worker

/** Enough that a call need not wait for a batch to end, and not so much that records fall behind on a single busy core. */
const PRIORITY_STEPS = 10

standBack(PRIORITY_STEPS)

/** Segments that wait: one is closed each half second, or with each mebibyte. */
const BEHIND = 4
const COUNTED_AT_ONCE = 256

const rests = new Rests()

const metrics = new CallMetrics()
let spoolFolder = ''
let databaseUrl: string | undefined
let writer: CallWriter | undefined
let ingester: Ingester | undefined
let tell = false
let written = 0
let rejected = 0
const post = (message: FromRecordWorker) => self.postMessage(message)

function watch(folder: string, since: number): void {
  spoolFolder = folder
  ingester = createIngester(folder, {
    add,
    blamesRecord: refusesData,
    rest: rests.take,
    onRead(calls, segment) {
      if (segmentTime(segment) < since) return
      for (let from = 0; from < calls.length; from += COUNTED_AT_ONCE) {
        rests.take()
        metrics.add(calls.slice(from, from + COUNTED_AT_ONCE))
      }
    },
    onAdded(calls) {
      written += calls.length
      if (tell) post({ type: 'added', records: calls.map(joinCall) })
    },
    onProblem(problem) {
      rejected++
      post({ type: 'problem', message: problem })
    },
  })
}

/** A database that could not be opened at first is tried again with every run. */
async function add(calls: readonly StoredCall[]): Promise<readonly StoredCall[]> {
  if (databaseUrl === undefined) throw new Error('the database was not opened yet')
  writer ??= await openCallWriter(databaseUrl, rests.take)
  return writer.add(calls)
}

async function act(message: ToRecordWorker): Promise<void> {
  if (message.type === 'watch') watch(message.spoolFolder, message.since)
  if (message.type === 'open') ({ databaseUrl } = message)
  if (message.type === 'run') {
    tell = message.tell
    rests.hurried = (ingester?.waiting() ?? 0) > BEHIND
    await (databaseUrl === undefined ? ingester?.look() : ingester?.run())
  }
  if (message.type !== 'close') return
  rests.hurried = true
  await ingester?.run()
  await writer?.close()
}

function figures(): RecordFigures {
  // What waits for a database that does not answer is counted all the same.
  ingester?.look()
  let bytes = 0
  for (const name of readdirSync(spoolFolder)) {
    if (name.includes('.ndjson')) bytes += statSync(join(spoolFolder, name), { throwIfNoEntry: false })?.size ?? 0
  }
  return { calls: metrics.families(), written, rejected, segments: ingester?.waiting() ?? 0, bytes }
}

let last = Promise.resolve()

// One message after the other: a process that is told to stop while it still opens must not skip what waits.
self.onmessage = ({ data }: MessageEvent<ToRecordWorker>) => {
  if (data.type === 'figures') return post({ type: 'figures', id: data.id, figures: figures() })
  const run = () => act(data)
  if (data.type === 'watch' || data.type === 'open') {
    last = last.then(run)
    return
  }
  const type = data.type === 'close' ? 'closed' : 'done'
  const answer = (error: string | null) => post({ type, waiting: ingester?.waiting() ?? 0, error })
  last = last.then(run).then(
    () => answer(null),
    (error: unknown) => answer(describeError(error)),
  )
}
