import { randomBytes } from 'node:crypto'
import type { Finding } from '../config/finding.ts'
import { scopeOf, type StartFile } from '../config/config.ts'
import { locate } from '../config/locate.ts'
import { mergeConfiguration } from '../control/merged.ts'
import { openSealer } from '../control/sealing.ts'
import { AppError } from '../errors.ts'
import { compileSnapshot } from '../snapshot/compile.ts'
import { openStore } from '../store/open.ts'

/** Puts a file that has passed its schema together as a start with an empty database would, and tells what does not fit. */
export async function findingsOfWhole(file: StartFile, env: Parameters<typeof scopeOf>[1]): Promise<Finding[]> {
  const store = await openStore('sqlite::memory:')
  try {
    const sealer = openSealer('', randomBytes(32).toString('base64'))
    const inUse = { ...file, loadedAt: 0 }
    const { source } = await mergeConfiguration({ db: store.db, file: inUse, env, sealer, version: 1 })
    compileSnapshot(source)
    return []
  } catch (error) {
    if (!(error instanceof AppError) || !error.details.findings) throw error
    return locate(file.text, file.path, error.details.findings)
  } finally {
    await store.close()
  }
}
