import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Finding } from '../config/finding.ts'
import { type Config, scopeOf, type StartFile } from '../config/config.ts'
import { locateRefusal } from '../config/locate.ts'
import { KINDS } from '../control/entry.ts'
import { type Merged, mergeConfiguration } from '../control/merged.ts'
import { openSealer, type Sealer } from '../control/sealing.ts'
import { AppError } from '../errors.ts'
import { compileSnapshot } from '../snapshot/compile.ts'
import { databaseName, openStore } from '../store/open.ts'
import { pathOfSqlite } from '../store/sqlite-file.ts'

/** A file judged as a whole: what does not fit, and what of a database it was judged with. */
export type Judged = {
  readonly findings: readonly Finding[]
  /** The database whose providers, aliases and rules were taken into account; null where the file was judged by itself. */
  readonly database: string | null
  /** How many things the database keeps, or why it was left out, in words. */
  readonly note: string
}

type Where = Pick<Config, 'databaseUrl' | 'dataFolder' | 'encryptionKey'>

/**
 * Puts a file that has passed its schema together as a start beside that database would, and tells what does not fit. The database is
 * read and never changed; where it is missing or cannot be read, the file is judged by itself.
 */
export async function judgeFile(
  file: StartFile,
  env: Parameters<typeof scopeOf>[1],
  where: Where | AppError,
): Promise<Judged> {
  const read = where instanceof AppError ? where.message : await mergedWith(file, env, where)
  if (typeof read !== 'string') {
    const kept = Object.values(read.entries)
      .flat()
      .filter(({ origin }) => origin === 'database')
    const kinds = Map.groupBy(kept, ({ kind }) => kind)
    const counts = [...kinds].map(([kind, { length }]) => `${length} ${length === 1 ? kind : KINDS[kind].many}`)
    return {
      findings: findingsOf(file, read),
      database: read.database,
      note: counts.join(', ') || 'nothing',
    }
  }
  const alone = await merged(file, env, 'sqlite::memory:', anySealer())
  return { findings: findingsOf(file, alone), database: null, note: read }
}

async function mergedWith(
  file: StartFile,
  env: Parameters<typeof scopeOf>[1],
  { databaseUrl, dataFolder, encryptionKey }: Where,
): Promise<(Merged & { readonly database: string }) | string> {
  const database = databaseName(databaseUrl)
  const path = pathOfSqlite(databaseUrl)
  if (path !== undefined && !existsSync(path)) return `there is no database ${path} yet`
  const hasKey = encryptionKey !== null || existsSync(join(dataFolder, 'sealing.key'))
  try {
    const sealer = hasKey ? openSealer(dataFolder, encryptionKey) : anySealer()
    return { ...(await merged(file, env, databaseUrl, sealer, true)), database }
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    return `${database} cannot be read (${why.replace(/\.$/, '')})`
  }
}

async function merged(
  file: StartFile,
  env: Parameters<typeof scopeOf>[1],
  url: string,
  sealer: Sealer,
  readOnly = false,
): Promise<Merged> {
  const store = await openStore(url, { readOnly, waitMs: 1_000 })
  try {
    return await mergeConfiguration({ db: store.db, file: { ...file, loadedAt: 0 }, env, sealer, version: 1 })
  } finally {
    await store.close()
  }
}

/** Secrets play no part in whether a configuration fits together. */
const anySealer = () => openSealer('', randomBytes(32).toString('base64'))

function findingsOf(file: StartFile, { source }: Merged): Finding[] {
  try {
    compileSnapshot(source)
    return []
  } catch (error) {
    return locateRefusal(error, file)
  }
}
