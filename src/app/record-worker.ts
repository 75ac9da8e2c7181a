// The thread that moves call records from the spool into the database, so that neither parsing nor commits hold up a call.
import type { CallRecord } from '../contract/call.ts'
import { createIngester, type Ingester } from '../record/ingest.ts'
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
  | { readonly type: 'added'; readonly records: readonly CallRecord[] }
  | { readonly type: 'problem'; readonly message: string }

declare const self: Worker

let writer: CallWriter | undefined
let ingester: Ingester | undefined
let tell = false
const post = (message: FromRecordWorker) => self.postMessage(message)

async function act(message: ToRecordWorker): Promise<void> {
  if (message.type === 'open') {
    const opened = await openCallWriter(message.databaseUrl)
    writer = opened
    ingester = createIngester(message.spoolFolder, {
      add: opened.add,
      blamesRecord: refusesData,
      onAdded: (records) => tell && post({ type: 'added', records }),
      onProblem: (problem) => post({ type: 'problem', message: problem }),
    })
  } else if (message.type === 'run') {
    tell = message.tell
    await ingester?.run()
  } else {
    await ingester?.run()
    await writer?.close()
  }
}

self.onmessage = ({ data }: MessageEvent<ToRecordWorker>) => {
  act(data).then(
    () => post({ type: 'done', waiting: ingester?.waiting() ?? 0, error: null }),
    (error: unknown) => post({ type: 'done', waiting: ingester?.waiting() ?? 0, error: describeError(error) }),
  )
}
