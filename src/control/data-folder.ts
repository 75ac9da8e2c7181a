import { Database } from 'bun:sqlite'
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { AppError } from '../errors.ts'

/** Who runs on a data folder: for the refusal of a second process, and for commands that look for the running gateway. */
export type Running = {
  readonly pid: number
  readonly started_at: string
  /** Where the management API answers; null until it does. */
  readonly address: string | null
  /** A management token of the owner, for commands of whoever may read the file. */
  readonly token: string | null
}

/** A data folder that this process alone owns. */
export type DataFolder = {
  readonly path: string
  readonly file: (name: string) => string
  /** Tells commands in the same folder where the gateway answers. */
  readonly announce: (running: Omit<Running, 'pid' | 'started_at'>) => void
  readonly close: () => void
}

const LOCK = 'lock'
const RUNNING = 'running.json'

/** A lock that nobody names any more would be closed by the garbage collector, and the folder be free while its process works on it. */
const HELD = new Set<Database>()

const whyNot = (error: unknown): string => {
  const { code } = error as { readonly code?: string }
  return code === 'EEXIST' || code === 'ENOTDIR' ? 'there is a file of that name' : (code ?? 'unknown reason')
}

/**
 * Makes the folder (for its owner's eyes only) and takes it. Throws `conflict` when another process has it. The lock is the kernel's, on a
 * small SQLite file: it ends with the process however that ends, and no number of a process is ever mistaken for another's.
 */
export function openDataFolder(path: string, startedAt: Date = new Date()): DataFolder {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 })
  } catch (error) {
    throw new AppError(
      'invalid_configuration',
      `The data folder ${path} cannot be made (${whyNot(error)}). Give another with --data, or mend its rights.`,
      { field: '--data' },
      error,
    )
  }
  const lock = takeLock(path)
  const file = (name: string) => join(path, name)
  const announce: DataFolder['announce'] = (running) => {
    const text = JSON.stringify({ pid: process.pid, started_at: startedAt.toISOString(), ...running } satisfies Running)
    rmSync(file(RUNNING), { force: true })
    writeFileSync(file(RUNNING), `${text}\n`, { mode: 0o600 })
  }
  announce({ address: null, token: null })
  return {
    path,
    file,
    announce,
    close() {
      rmSync(file(RUNNING), { force: true })
      HELD.delete(lock)
      lock.close()
    },
  }
}

/** Who runs on the folder by its own word; undefined when nobody says so. It may have been killed: ask it. */
export function readRunning(path: string): Running | undefined {
  try {
    return JSON.parse(readFileSync(join(path, RUNNING), 'utf8')) as Running
  } catch {
    return undefined
  }
}

function takeLock(path: string): Database {
  let lock: Database | undefined
  try {
    lock = new Database(join(path, LOCK), { create: true, readwrite: true })
    chmodSync(join(path, LOCK), 0o600)
    lock.run('PRAGMA journal_mode = DELETE')
    lock.run('BEGIN EXCLUSIVE')
    HELD.add(lock)
    return lock
  } catch (error) {
    lock?.close()
    if (!String((error as { code?: string }).code).startsWith('SQLITE_BUSY')) {
      throw new AppError(
        'invalid_configuration',
        `The data folder ${path} cannot be written: ${(error as Error).message}. Give another with --data, or mend its rights.`,
        { field: '--data' },
        error,
      )
    }
    const running = readRunning(path)
    const who = running
      ? ` (process ${running.pid}, since ${running.started_at}${running.address ? `, at ${running.address}` : ''})`
      : ''
    throw new AppError(
      'conflict',
      `Another Portreeve${who} uses the data folder ${path}. Stop it, or give this one a folder of its own with --data.`,
      { field: '--data' },
    )
  }
}
