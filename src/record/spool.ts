import { closeSync, mkdirSync, openSync, readdirSync, renameSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { SpooledCall } from '../contract/origin.ts'
import { AppError } from '../errors.ts'
import { LineWriter } from './line.ts'

const SEGMENT_BYTES = 1024 * 1024

/** Room enough to go on with. */
const PROBE = Buffer.alloc(64 * 1024)
const AGAIN_MS = 5_000

/** Ending of the segment that is being written; a closed one ends in `.ndjson` and waits to be ingested. */
const OPEN = '.open'

/**
 * The durable way of a call record: one line (`line.ts`) appended to a file before the answer's last byte leaves, so that a process killed
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
  readonly #lines = new LineWriter()
  /** What the calls of this turn wait for. */
  #written: PromiseWithResolvers<void> | undefined
  readonly #onRefusal: (refusal: AppError | undefined) => void
  #refusal: AppError | undefined

  /**
   * `writer` tells the processes that share a folder apart. `onRefusal` hears when the disk begins to refuse records, with what calls are
   * answered meanwhile, and when it takes them again. Throws when the folder cannot be made.
   */
  constructor(folder: string, writer: string, onRefusal: (refusal: AppError | undefined) => void = () => {}) {
    this.#folder = folder
    this.#writer = writer
    this.#onRefusal = onRefusal
    mkdirSync(folder, { recursive: true, mode: 0o700 })
  }

  /** Resolves when the record is with the kernel; rejects when the disk refuses: then the call must not be answered as if it were recorded. */
  append(record: SpooledCall): Promise<void> {
    if (this.#refusal) return Promise.reject(this.#refusal)
    this.#lines.add(record)
    if (!this.#written) {
      this.#written = Promise.withResolvers<void>()
      setImmediate(this.#flush)
    }
    return this.#written.promise
  }

  /** Why the disk takes no records, in the words for callers; undefined while it does. */
  get refusal(): AppError | undefined {
    return this.#refusal
  }

  /** Tries whether a disk that refused has room again. Called on a timer. */
  recover(): void {
    if (!this.#refusal) return
    const path = join(this.#folder, `probe-${this.#writer}`)
    try {
      writeFileSync(path, PROBE)
      this.#refusal = undefined
      this.#onRefusal(undefined)
    } catch {
      // Still no room.
    }
    rmSync(path, { force: true })
  }

  /** Closes the segment, if there is one, and hands it over to be ingested. Called on a timer, so that records appear soon. */
  rotate(): boolean {
    this.#flush()
    const isOpen = this.#descriptor >= 0
    this.#close()
    return isOpen
  }

  readonly #flush = (): void => {
    const written = this.#written
    if (!written) return
    this.#written = undefined
    try {
      const lines = this.#lines.take()
      if (this.#descriptor < 0) this.#open()
      this.#bytes += writeWhole(this.#descriptor, lines)
      written.resolve()
    } catch (error) {
      this.#refusal = refusalOf(error)
      this.#onRefusal(this.#refusal)
      written.reject(this.#refusal)
      // What went out of these lines may end in the middle of one: nothing may follow it.
      this.#bytes = SEGMENT_BYTES
    }
    if (this.#bytes < SEGMENT_BYTES) return
    try {
      this.#close()
    } catch {
      // The segment keeps its open name and is adopted at the next start.
    }
  }

  #close(): void {
    this.#lines.reset()
    if (this.#descriptor < 0) return
    const descriptor = this.#descriptor
    this.#descriptor = -1
    closeSync(descriptor)
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

function refusalOf(cause: unknown): AppError {
  const { code = 'unknown reason' } = cause as { readonly code?: string }
  const why = code === 'ENOSPC' || code === 'EDQUOT' ? 'its disk is full' : `its disk refuses them (${code})`
  return new AppError(
    'not_ready',
    `the gateway cannot write records of calls and takes none: ${why}. Its operator must make room in the data folder`,
    { retryAfterMs: AGAIN_MS },
    cause,
  )
}

const LINE_END = 10

/** Where lines become bytes, again and again. */
let scratch = Buffer.allocUnsafeSlow(16 * 1024)

/** Writes the text and a line's end. A full disk may take a part of the bytes: the rest follows, or the error does. */
function writeWhole(descriptor: number, text: string): number {
  const most = text.length * 3 + 1
  const bytes = most <= scratch.length ? scratch : Buffer.allocUnsafeSlow(most)
  if (most <= SEGMENT_BYTES) scratch = bytes
  const size = bytes.write(text) + 1
  bytes[size - 1] = LINE_END
  for (let from = 0; from < size;) from += writeSync(descriptor, bytes, from, size - from)
  return size
}

/** Hands over what a killed process left open. Only for the owner of the data folder, before any writer starts. */
export function adoptSegments(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  for (const name of readdirSync(folder)) {
    if (name.endsWith(OPEN)) renameSync(join(folder, name), join(folder, name.slice(0, -OPEN.length)))
  }
}

/** When a segment was begun, in milliseconds, as its name says; NaN for a name that is none. */
export function segmentTime(name: string): number {
  return Number.parseInt(/^calls-([0-9a-z]+)-/.exec(name)?.[1] ?? '', 36)
}
