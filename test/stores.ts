import { afterAll, beforeAll, describe, test } from 'bun:test'
import { openStore, type Store } from '../src/store/open.ts'
import { freshPostgres, noPostgres } from './postgres.ts'

const STORES: readonly { name: string; url: () => Promise<string>; missing: string | null }[] = [
  { name: 'SQLite', url: async () => 'sqlite::memory:', missing: null },
  { name: 'PostgreSQL', url: freshPostgres, missing: process.env['CI'] ? null : noPostgres },
]

/** Runs the same tests on each database, each with a fresh one. `store()` is open inside tests and hooks. */
export function onEveryStore(title: string, define: (store: () => Store) => void): void {
  for (const { name, url, missing } of STORES) {
    if (missing) {
      test.skip(`${title} on ${name}: ${missing}`, () => {})
      continue
    }
    describe(`${title} on ${name}`, () => {
      let store: Store | undefined
      beforeAll(async () => {
        store = await openStore(await url())
      }, 60_000)
      afterAll(() => store?.close())
      define(() => {
        if (!store) throw new Error('the store is open only inside tests')
        return store
      })
    })
  }
}
