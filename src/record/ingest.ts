import { appendFileSync, mkdirSync, readdirSync, readFileSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import type { CallRecord } from '../contract/call.ts'
import type { SpooledCall } from '../contract/origin.ts'

const BATCH = 4096
const REJECTED = 'rejected.jsonl'

/** Where records go, and what is told on the way. */
export type IngestTarget = {
  /** Adds records in one transaction and resolves to those that were new. */
  readonly add: (records: readonly SpooledCall[]) => Promise<readonly SpooledCall[]>
  /** Whether an error of `add` is the fault of a record, so that the same records would fail again. */
  readonly blamesRecord: (error: unknown) => boolean
  /** The records that were new, after they are committed. */
  readonly onAdded?: (records: readonly CallRecord[]) => void
  readonly onProblem?: (message: string) => void
}

/** Moves closed spool segments into the store: each record once, each segment deleted only after its records are committed. */
export type Ingester = {
  /** Takes every segment that is closed now and resolves to the number of new records. Rejects when the store is away; nothing is lost. */
  readonly run: () => Promise<number>
  /** Segments that wait. */
  readonly waiting: () => number
}

export function createIngester(folder: string, target: IngestTarget): Ingester {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  let running: Promise<number> | undefined

  const closed = () =>
    readdirSync(folder)
      .filter((name) => name.endsWith('.ndjson'))
      .toSorted()

  async function takeAll(): Promise<number> {
    let added = 0
    for (const name of closed()) {
      const path = join(folder, name)
      const { records, broken } = recordsIn(readFileSync(path, 'utf8'))
      for (let start = 0; start < records.length; start += BATCH)
        added += await take(records.slice(start, start + BATCH))
      if (broken.length > 0) setAside(broken, `${broken.length} lines of ${name} are no call records`)
      unlinkSync(path)
    }
    return added
  }

  async function take(batch: readonly SpooledCall[]): Promise<number> {
    const fresh = await target.add(batch).catch((error: unknown) => {
      if (!target.blamesRecord(error)) throw error
      // One record must not hold up the others.
      if (batch.length > 1) return null
      setAside([JSON.stringify(batch[0])], `one record was refused: ${(error as Error).message}`)
      return []
    })
    if (fresh === null) {
      let added = 0
      for (const record of batch) added += await take([record])
      return added
    }
    if (fresh.length > 0) target.onAdded?.(fresh.map(recordOf))
    return fresh.length
  }

  function setAside(lines: readonly string[], why: string): void {
    appendFileSync(join(folder, REJECTED), lines.map((line) => `${line}\n`).join(''), { mode: 0o600 })
    target.onProblem?.(`Call records: ${why}; kept in ${join(folder, REJECTED)}.`)
  }

  return {
    run() {
      running ??= takeAll().finally(() => (running = undefined))
      return running
    },
    waiting: () => closed().length,
  }
}

/** The record alone: what the call left is nobody's business who watches. */
function recordOf(call: SpooledCall): CallRecord {
  const { made, ...record } = call
  return made ? record : call
}

/** The records of a segment. What follows the last line feed was torn off by a kill and belongs to a call that never completed. */
export function recordsIn(text: string): { records: SpooledCall[]; broken: string[] } {
  const records: SpooledCall[] = []
  const broken: string[] = []
  for (const line of text.slice(0, text.lastIndexOf('\n') + 1).split('\n')) {
    if (line === '') continue
    try {
      const value: unknown = JSON.parse(line)
      if (isRecord(value)) records.push(value)
      else broken.push(line)
    } catch {
      broken.push(line)
    }
  }
  return { records, broken }
}

function isRecord(value: unknown): value is SpooledCall {
  return (
    typeof value === 'object' &&
    value !== null &&
    'id' in value &&
    typeof value.id === 'string' &&
    'started_at' in value
  )
}
