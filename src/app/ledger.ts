import type { Config } from '../config/config.ts'
import { ledgerIn, type LedgerReport } from '../store/ledger.ts'
import { openStore } from '../store/open.ts'

/** Opens the store of a configuration and proves its ledger. */
export async function verifyLedger({ databaseUrl }: Config): Promise<LedgerReport> {
  const store = await openStore(databaseUrl)
  try {
    return await ledgerIn(store.db).verify()
  } finally {
    await store.close()
  }
}
