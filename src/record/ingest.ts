import { appendFileSync, mkdirSync, readFileSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import { joinCall, type StoredCall, takeOwnPlace } from '../store/call-parts.ts'
import { callsOf } from './line.ts'
import { closedSegments } from './spooled.ts'

const BATCH = 4096
const REJECTED = 'rejected.jsonl'

/** Where calls go, and what is told on the way. */
export type IngestTarget = {
  /** Adds calls in one transaction and resolves to those that were new. */
  readonly add: (calls: readonly StoredCall[]) => Promise<readonly StoredCall[]>
  /** Whether an error of `add` is the fault of a record, so that the same records would fail again. */
  readonly blamesRecord: (error: unknown) => boolean
  /** The calls that were new, after they are committed. */
  readonly onAdded?: (calls: readonly StoredCall[]) => void
  readonly onProblem?: (message: string) => void
  /** The calls of each segment, once, when it is first read: also while the store is away. */
  readonly onRead?: (calls: readonly StoredCall[], segment: string) => void
  /** Called between small pieces of the work. */
  readonly rest?: () => void
}

/** Moves closed spool segments into the store: each record once, each segment deleted only after its records are committed. */
export type Ingester = {
  /** Takes every segment that is closed now and resolves to the number of new records. Rejects when the store is away; nothing is lost. */
  readonly run: () => Promise<number>
  /** Reads what was not read yet, for `onRead` alone. */
  readonly look: () => void
  /** Segments that wait. */
  readonly waiting: () => number
}

export function createIngester(folder: string, target: IngestTarget): Ingester {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  let running: Promise<number> | undefined
  /** Segments that are there and were read. */
  const read = new Set<string>()

  const callsIn = (name: string) => {
    const found = callsOf(readFileSync(join(folder, name), 'utf8'), target.rest)
    if (!read.has(name)) {
      read.add(name)
      target.onRead?.(found.calls, name)
    }
    return found
  }

  function look(): void {
    for (const name of closedSegments(folder)) if (!read.has(name)) callsIn(name)
  }

  async function takeAll(): Promise<number> {
    let added = 0
    // Small segments go together: what a transaction costs, it costs once.
    let calls: StoredCall[] = []
    let taken: { readonly name: string; readonly broken: readonly string[] }[] = []
    const flush = async () => {
      for (let start = 0; start < calls.length; start += BATCH) added += await take(calls.slice(start, start + BATCH))
      for (const { name, broken } of taken) {
        if (broken.length > 0) setAside(broken, `${broken.length} lines of ${name} are no call records`)
        unlinkSync(join(folder, name))
        read.delete(name)
      }
      calls = []
      taken = []
    }
    for (const name of closedSegments(folder)) {
      const found = callsIn(name)
      calls = calls.length === 0 ? found.calls : [...calls, ...found.calls]
      taken.push({ name, broken: found.broken })
      if (calls.length >= BATCH) await flush()
    }
    await flush()
    return added
  }

  async function take(batch: readonly StoredCall[]): Promise<number> {
    const fresh = await target.add(batch).catch((error: unknown) => {
      if (!target.blamesRecord(error)) throw error
      // One record must not hold up the others.
      const [only] = batch
      if (!only || batch.length > 1) return null
      setAside(
        [JSON.stringify({ ...joinCall(only), made: only.made })],
        `one record was refused: ${(error as Error).message}`,
      )
      return []
    })
    if (fresh === null) {
      let added = 0
      for (const call of batch) {
        takeOwnPlace(call)
        added += await take([call])
      }
      return added
    }
    if (fresh.length > 0) target.onAdded?.(fresh)
    return fresh.length
  }

  function setAside(lines: readonly string[], why: string): void {
    appendFileSync(join(folder, REJECTED), lines.map((line) => `${line}\n`).join(''), { mode: 0o600 })
    target.onProblem?.(`Call records: ${why}; kept in ${join(folder, REJECTED)}.`)
  }

  return {
    run() {
      running ??= takeAll()
        .finally(look)
        .finally(() => (running = undefined))
      return running
    },
    look,
    waiting: () => closedSegments(folder).length,
  }
}
