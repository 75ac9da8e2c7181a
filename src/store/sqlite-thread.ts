import { AppError } from '../errors.ts'
import type { SqliteExecutor } from './sqlite.ts'
import type { SqliteAnswer, SqliteOptions } from './sqlite-file.ts'

/** What the thread is sent; `path` opens, `sql` runs, neither closes. */
export type ThreadRequest = {
  readonly id: number
  readonly path?: string
  readonly options?: SqliteOptions
  readonly sql?: string
  readonly parameters?: readonly unknown[]
}

export type ThreadAnswer = {
  readonly id: number
  readonly rows?: unknown[]
  readonly changes?: number
  readonly error?: { readonly message: string; readonly code: string }
}

/** Of Bun's workers: whether a thread keeps the process alive. */
type Holding = { ref: () => void; unref: () => void }

/** Opens the file in a thread of its own, so that no query of the console ever holds up a call through the gateway. */
export async function openSqliteThread(path: string, options: SqliteOptions): Promise<SqliteExecutor> {
  const worker = new Worker(new URL('./sqlite-worker.ts', import.meta.url), { smol: true }) as Worker & Holding
  const waiting = new Map<number, { resolve: (answer: SqliteAnswer) => void; reject: (error: Error) => void }>()
  let last = 0
  const failAll = (error: Error) => {
    for (const { reject } of waiting.values()) reject(error)
    waiting.clear()
  }
  worker.onmessage = ({ data }: MessageEvent<ThreadAnswer>) => {
    const waiter = waiting.get(data.id)
    waiting.delete(data.id)
    if (waiting.size === 0) worker.unref()
    if (data.error) waiter?.reject(Object.assign(new Error(data.error.message), { code: data.error.code }))
    else waiter?.resolve({ rows: data.rows ?? [], changes: data.changes ?? 0 })
  }
  worker.onerror = (event) => failAll(new AppError('internal', `The database thread stopped: ${event.message}`))
  const ask = (request: Omit<ThreadRequest, 'id'>) =>
    new Promise<SqliteAnswer>((resolve, reject) => {
      const id = ++last
      if (waiting.size === 0) worker.ref()
      waiting.set(id, { resolve, reject })
      worker.postMessage({ id, ...request } satisfies ThreadRequest)
    })
  try {
    await ask({ path, options })
  } catch (error) {
    worker.terminate()
    throw error
  }
  return {
    execute: (sql, parameters) => ask({ sql, parameters }),
    async close() {
      await ask({})
      worker.terminate()
      failAll(new AppError('internal', 'The database is closed.'))
    },
  }
}
