import { existsSync } from 'node:fs'
import type { Config } from '../config/config.ts'
import { AppError } from '../errors.ts'
import { ledgerIn, type LedgerReport } from '../store/ledger.ts'
import { databaseName, openStore } from '../store/open.ts'
import { pathOfSqlite } from '../store/sqlite-file.ts'

/** Opens the store of a configuration, which must be there, and proves its ledger. `database` names it for people. */
export async function verifyLedger({ databaseUrl }: Config): Promise<LedgerReport & { readonly database: string }> {
  const path = pathOfSqlite(databaseUrl)
  if (path !== undefined && !existsSync(path)) {
    throw new AppError(
      'not_found',
      `There is no database ${path}, so nothing was checked. Name the gateway's own: its folder with --data, or DATABASE_URL as the gateway has it.`,
    )
  }
  const store = await openStore(databaseUrl)
  try {
    return { ...(await ledgerIn(store.db).verify()), database: databaseName(databaseUrl) }
  } finally {
    await store.close()
  }
}
