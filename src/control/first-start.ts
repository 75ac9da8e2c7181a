import { DEFAULT_KEY } from '../contract/defaults.ts'
import { keysIn } from '../store/api-key.ts'
import { peopleIn } from '../store/person.ts'
import { stateIn } from '../store/state.ts'
import { SYSTEM } from './actor.ts'
import type { Context } from './context.ts'
import { newRow } from './key-row.ts'
import { createSecret } from './secret.ts'
import { createLink } from './sign-in.ts'

/** What a first start makes, to be shown once. */
export type FirstStart = {
  /** The first API key; null when keys exist already. */
  readonly key: string | null
  /** Token of the one-time link that makes the owner; null when there is an owner. */
  readonly ownerToken: string | null
}

const DONE = 'first_start'
const FIRST = { ...DEFAULT_KEY, models: [...DEFAULT_KEY.models], name: 'first' }

/** On the first start: one API key. On every start without an owner: a fresh one-time link, and the ones before end. */
export async function firstStart({ live, store, clock }: Context): Promise<FirstStart> {
  const fresh = (await stateIn(store.db).get(DONE)) === undefined
  const secret = createSecret('prk_live_')
  const row = newRow(FIRST, secret, 'portreeve', clock())
  if (fresh) {
    await live.change(SYSTEM, { action: 'keys:Create', target: FIRST.name }, async (db) => {
      if (!(await keysIn(db).named(FIRST.name))) await keysIn(db).insert(row)
      await stateIn(db).set(DONE, String(clock()))
    })
  }
  const made = fresh && (await keysIn(store.db).get(row.id)) !== undefined
  const owners = await peopleIn(store.db).activeOwners()
  const link =
    owners > 0 ? null : await createLink(store.db, clock(), { purpose: 'first-owner', personId: null, role: 'owner' })
  return {
    key: made ? secret : null,
    ownerToken: link?.token ?? null,
  }
}
