import type { Made } from '../contract/origin.ts'
import type { Origins } from '../gateway/kept/origins.ts'
import type { StoredCall } from '../store/call-parts.ts'
import type { Store } from '../store/open.ts'
import { originsIn } from '../store/origin.ts'
import { describeError, type Log } from './log.ts'

const FOLLOW_MS = 500
/** From a call's end on another node until it is heard of here: its spool, its mover, and this node's look. */
const NODES_NEWS_MS = 2_000
const WORKERS_NEWS_MS = 100
const REDIS_NEWS_MS = 200

/** How long a process waits for what others may have made. */
export function newsMsOf(place: {
  readonly databaseUrl: string
  readonly workers: number
  readonly redisUrl: string | null
}): number {
  if (place.redisUrl !== null) return REDIS_NEWS_MS
  if (place.databaseUrl.startsWith('postgres')) return NODES_NEWS_MS
  return place.workers > 1 ? WORKERS_NEWS_MS : 0
}

export type OriginFeed = {
  /** Fills the memory from a store that was just opened, and follows what other nodes add to it until the returned function is called. */
  readonly open: (store: Store) => Promise<() => void>
}

/**
 * Keeps a node's memory of origins up to date, away from the calls that ask it. `waiting` are the calls whose records wait for the store;
 * `tell` passes news on to gateway processes.
 */
export function feedOrigins(
  origins: Origins,
  waiting: readonly StoredCall[],
  tell: (made: readonly Made[], ready: boolean) => void,
  log: Log,
): OriginFeed {
  origins.ready = false
  // Younger than all that is in the store.
  const spooled = waiting.flatMap(({ made }) => (made ? [made] : []))
  for (const made of spooled) origins.apply(made)
  return {
    async open({ db, kind }) {
      const stored = await originsIn(db).youngest(origins.most)
      for (const made of stored.made) origins.apply(made)
      for (const made of spooled) origins.apply(made)
      origins.ready = true
      tell([...origins.all()], true)
      if (kind !== 'postgres') return () => {}
      let { sequence } = stored
      let busy = false
      const follow = async () => {
        const next = await originsIn(db).since(sequence)
        sequence = next.sequence
        const fresh = next.made.filter((made) => isNews(origins, made))
        for (const made of fresh) origins.apply(made)
        if (fresh.length > 0) tell(fresh, true)
      }
      const timer = setInterval(() => {
        if (busy) return
        busy = true
        follow()
          .catch((error: unknown) => log('warn', `news of other nodes wait for the database: ${describeError(error)}`))
          .finally(() => (busy = false))
      }, FOLLOW_MS)
      return () => clearInterval(timer)
    },
  }
}

function isNews(origins: Origins, { ids, tenant, due, settled }: Made): boolean {
  return due !== undefined || settled === true || ids.some((id) => origins.find(id)?.tenant !== tenant)
}
