import { closeSync, mkdirSync, openSync, readdirSync, renameSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { SpooledCall } from '../contract/origin.ts'

const SEGMENT_BYTES = 4 * 1024 * 1024

/** Ending of the segment that is being written; a closed one ends in `.ndjson` and waits to be ingested. */
const OPEN = '.open'

type Waiting = { readonly resolve: () => void; readonly reject: (error: unknown) => void }

/**
 * The durable way of a call record: one line of JSON appended to a file before the answer's last byte leaves, so that a process killed
 * at any moment loses no completed call. The kernel holds the bytes; only a power cut can lose the last of them. Records of one turn of
 * the event loop share one write. Segments are ingested by `ingest.ts`, which takes each record once by its id.
 */
export class Spool {
  readonly #folder: string
  readonly #writer: string
  #sequence = 0
  #descriptor = -1
  #path = ''
  #bytes = 0
  #lines = ''
  #waiting: Waiting[] = []

  /** `writer` tells the processes that share a folder apart. Throws when the folder cannot be made. */
  constructor(folder: string, writer: string) {
    this.#folder = folder
    this.#writer = writer
    mkdirSync(folder, { recursive: true, mode: 0o700 })
  }

  /** Resolves when the record is with the kernel; rejects when the disk refuses: then the call must not be answered as if it were recorded. */
  append(record: SpooledCall): Promise<void> {
    const line = JSON.stringify(record)
    this.#lines += `${line}\n`
    if (this.#waiting.length === 0) setImmediate(this.#flush)
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#waiting.push({ resolve, reject })
    return promise
  }

  /** Closes the segment, if there is one, and hands it over to be ingested. Called on a timer, so that records appear soon. */
  rotate(): void {
    if (this.#waiting.length > 0) this.#flush()
    if (this.#descriptor < 0) return
    closeSync(this.#descriptor)
    this.#descriptor = -1
    renameSync(this.#path, this.#path.slice(0, -OPEN.length))
  }

  readonly #flush = (): void => {
    const waiting = this.#waiting
    if (waiting.length === 0) return
    const lines = this.#lines
    this.#waiting = []
    this.#lines = ''
    try {
      if (this.#descriptor < 0) this.#open()
      writeWhole(this.#descriptor, lines)
    } catch (error) {
      for (const { reject } of waiting) reject(error)
      return
    }
    this.#bytes += lines.length
    for (const { resolve } of waiting) resolve()
    if (this.#bytes >= SEGMENT_BYTES) this.rotate()
  }

  #open(): void {
    this.#sequence++
    const name = `calls-${Date.now().toString(36)}-${this.#writer}-${this.#sequence}.ndjson${OPEN}`
    this.#path = join(this.#folder, name)
    this.#descriptor = openSync(this.#path, 'ax', 0o600)
    this.#bytes = 0
  }
}

/** A full disk may take a part of the bytes: the rest follows, or the error does. */
function writeWhole(descriptor: number, text: string): void {
  const bytes = Buffer.from(text)
  for (let from = 0; from < bytes.length;) from += writeSync(descriptor, bytes, from)
}

/** Hands over what a killed process left open. Only for the owner of the data folder, before any writer starts. */
export function adoptSegments(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  for (const name of readdirSync(folder)) {
    if (name.endsWith(OPEN)) renameSync(join(folder, name), join(folder, name.slice(0, -OPEN.length)))
  }
}
