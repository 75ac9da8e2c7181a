import { closeSync, mkdirSync, openSync, readdirSync, renameSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { CallRecord } from '../contract/call.ts'

const SEGMENT_BYTES = 4 * 1024 * 1024

/** Ending of the segment that is being written; a closed one ends in `.ndjson` and waits to be ingested. */
const OPEN = '.open'

/**
 * The durable way of a call record: one line of JSON appended to a file before the answer's last byte leaves, so that a process killed
 * at any moment loses no completed call. The kernel holds the bytes; only a power cut can lose the last of them. Segments are ingested
 * by `ingest.ts`, which takes each record once by its id.
 */
export class Spool {
  readonly #folder: string
  readonly #writer: string
  #sequence = 0
  #descriptor = -1
  #path = ''
  #bytes = 0

  /** `writer` tells the processes that share a folder apart. Throws when the folder cannot be made. */
  constructor(folder: string, writer: string) {
    this.#folder = folder
    this.#writer = writer
    mkdirSync(folder, { recursive: true, mode: 0o700 })
  }

  /** Appends one record. Throws when the disk refuses: a call that cannot be recorded is not answered as if it were. */
  append(record: CallRecord): void {
    if (this.#descriptor < 0) this.#open()
    const line = `${JSON.stringify(record)}\n`
    writeSync(this.#descriptor, line)
    this.#bytes += line.length
    if (this.#bytes >= SEGMENT_BYTES) this.rotate()
  }

  /** Closes the segment, if there is one, and hands it over to be ingested. Called on a timer, so that records appear soon. */
  rotate(): void {
    if (this.#descriptor < 0) return
    closeSync(this.#descriptor)
    this.#descriptor = -1
    renameSync(this.#path, this.#path.slice(0, -OPEN.length))
  }

  #open(): void {
    this.#sequence++
    const name = `calls-${Date.now().toString(36)}-${this.#writer}-${this.#sequence}.ndjson${OPEN}`
    this.#path = join(this.#folder, name)
    this.#descriptor = openSync(this.#path, 'ax', 0o600)
    this.#bytes = 0
  }
}

/** Hands over what a killed process left open. Only for the owner of the data folder, before any writer starts. */
export function adoptSegments(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  for (const name of readdirSync(folder)) {
    if (name.endsWith(OPEN)) renameSync(join(folder, name), join(folder, name.slice(0, -OPEN.length)))
  }
}
