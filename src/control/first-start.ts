import { keysIn } from '../store/api-key.ts'
import { peopleIn } from '../store/person.ts'
import { stateIn } from '../store/state.ts'
import { SYSTEM } from './actor.ts'
import type { Context } from './context.ts'
import { newRow } from './keys.ts'
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

/** On the first start: one API key. On every start without an owner: a fresh one-time link, and the ones before end. */
export async function firstStart({ live, store, clock }: Context): Promise<FirstStart> {
  const fresh = (await stateIn(store.db).get(DONE)) === undefined
  const secret = createSecret('prk_live_')
  if (fresh) {
    await live.change(SYSTEM, { action: 'keys:Create', target: 'first' }, async (db) => {
      const key = { name: 'first', models: ['*'], priority: 'normal', on_unsupported: 'drop' } as const
      if (!(await keysIn(db).named('first')))
        await keysIn(db).insert(newRow({ ...key, models: ['*'] }, secret, 'portreeve', clock()))
      await stateIn(db).set(DONE, String(clock()))
    })
  }
  const owners = await peopleIn(store.db).activeOwners()
  const link =
    owners > 0 ? null : await createLink(store.db, clock(), { purpose: 'first-owner', personId: null, role: 'owner' })
  return { key: fresh ? secret : null, ownerToken: link?.token ?? null }
}
