// The database thread: see sqlite-thread.ts. `bun build --compile` needs this file as an entry point of its own.
import { openSqliteHere } from './sqlite-file.ts'
import type { ThreadAnswer, ThreadRequest } from './sqlite-thread.ts'

declare const self: Worker

let database: ReturnType<typeof openSqliteHere> | undefined

function answer({ id, path, options, sql, parameters }: ThreadRequest): ThreadAnswer {
  if (path !== undefined) {
    database = openSqliteHere(path, options)
    return { id }
  }
  if (!database) throw new Error('the database is not open')
  if (sql !== undefined) return { id, ...database.execute(sql, parameters ?? []) }
  database.close()
  database = undefined
  return { id }
}

self.onmessage = ({ data }: MessageEvent<ThreadRequest>) => {
  try {
    self.postMessage(answer(data))
  } catch (error) {
    const { message, code = '' } = error as Error & { code?: string }
    self.postMessage({ id: data.id, error: { message, code } } satisfies ThreadAnswer)
  }
}
