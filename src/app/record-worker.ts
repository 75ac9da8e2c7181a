// The thread that moves call records from the spool into the database, so that neither parsing nor commits hold up a call.
import type { CallRecord } from '../contract/call.ts'
import { getPriority, setPriority } from 'node:os'
import { createIngester, type Ingester } from '../record/ingest.ts'
import { joinCall } from '../store/call-parts.ts'
import { openCallWriter, type CallWriter } from '../store/call-writer.ts'
import { refusesData } from '../store/data-error.ts'
import { describeError } from './log.ts'

export type ToRecordWorker =
  | { readonly type: 'open'; readonly databaseUrl: string; readonly spoolFolder: string }
  /** `tell` asks for the records themselves, because somebody watches. */
  | { readonly type: 'run'; readonly tell: boolean }
  | { readonly type: 'close' }

export type FromRecordWorker =
  | { readonly type: 'done'; readonly waiting: number; readonly error: string | null }
  /** The answer to `close`: what was left is moved, or why not. */
  | { readonly type: 'closed'; readonly waiting: number; readonly error: string | null }
  | { readonly type: 'added'; readonly records: readonly CallRecord[] }
  | { readonly type: 'problem'; readonly message: string }

declare const self: Worker

/** How much the thread stands back behind those that serve calls, where cores are few. */
const NICER = 5
const LEAST_PRIORITY = 19

yieldToCalls()

let place: { readonly databaseUrl: string; readonly spoolFolder: string } | undefined
let writer: CallWriter | undefined
let ingester: Ingester | undefined
let tell = false
const post = (message: FromRecordWorker) => self.postMessage(message)

async function act(message: ToRecordWorker): Promise<void> {
  if (message.type === 'open') place = message
  if (message.type === 'run') tell = message.tell
  // A database that could not be opened at first is tried again with every run.
  ingester ??= await open()
  if (message.type !== 'open') await ingester.run()
  if (message.type === 'close') await writer?.close()
}

async function open(): Promise<Ingester> {
  if (!place) throw new Error('records are moved before the place is known')
  const opened = await openCallWriter(place.databaseUrl)
  writer = opened
  return createIngester(place.spoolFolder, {
    add: opened.add,
    blamesRecord: refusesData,
    onAdded: (calls) => tell && post({ type: 'added', records: calls.map(joinCall) }),
    onProblem: (problem) => post({ type: 'problem', message: problem }),
  })
}

let last = Promise.resolve()

// One message after the other: a process that is told to stop while it still opens must not skip what waits.
self.onmessage = ({ data }: MessageEvent<ToRecordWorker>) => {
  const type = data.type === 'close' ? 'closed' : 'done'
  const answer = (error: string | null) => post({ type, waiting: ingester?.waiting() ?? 0, error })
  last = last
    .then(() => act(data))
    .then(
      () => answer(null),
      (error: unknown) => answer(describeError(error)),
    )
}

/** Linux knows a priority for each thread, and 0 is the calling one. Where a process has only one, all of it must not stand back. */
function yieldToCalls(): void {
  if (process.platform !== 'linux') return
  try {
    setPriority(0, Math.min(LEAST_PRIORITY, getPriority(0) + NICER))
  } catch {
    // Not allowed here: records are moved all the same.
  }
}
