import type { Due, Made, Origin } from '../../contract/origin.ts'
import type { Reservation } from '../../quota/budget.ts'

/** Ids that one process remembers, about 30 MB of them. */
const MOST = 250_000
/** Ids that are told in one piece. */
const MOST_TOGETHER = 500
/** Places are few; whoever makes them many gets them twice. */
const MOST_PLACES = 10_000
/** How often a shared memory is asked again for what it does not know yet. */
const LOOK_MS = 100

export type SharedOrigin = Origin & { readonly due?: Due }

/** A memory that many nodes share. */
export type SharedOrigins = {
  /** In the order of the ids. Rejects when it cannot be asked. */
  get(ids: readonly string[]): Promise<readonly (SharedOrigin | undefined)[]>
  set(made: Made): void
  /** Resolves to true for the first who asks, on whichever node. Rejects when it cannot be asked. */
  claim(id: string): Promise<boolean>
}

/**
 * Whose the things are that vendors keep, by their ids: the youngest of them, in memory alone, so that no call waits for a database. It
 * is filled from the database at the start and by news from other processes and nodes. Outlives changes of the configuration.
 */
export class Origins {
  readonly #known = new Map<string, Origin>()
  readonly #places = new Map<string, Origin>()
  readonly #due = new Map<string, Due>()
  /** Money for what is due. */
  readonly #held = new Map<string, Reservation>()
  readonly #awaited = new Map<string, Set<() => void>>()
  readonly most: number
  /** Receives what other processes of the node should know. */
  publish: ((made: Made) => void) | undefined
  shared: SharedOrigins | undefined
  /** How long news of other processes or nodes may be on its way; 0 where there are none. */
  newsMs = 0
  /** False until what earlier processes knew has been read: until then nothing can be called unknown. */
  ready = true

  constructor(most: number = MOST) {
    this.most = most
  }

  /** Takes what this process learned, and tells the others. */
  remember(made: Made): void {
    this.apply(made)
    this.shared?.set(made)
    this.publish?.(made)
  }

  /** Takes what another process learned. */
  apply(made: Made): void {
    const { ids, due, settled } = made
    const origin = this.#placeOf(made)
    for (const id of ids) {
      this.#known.delete(id)
      this.#known.set(id, origin)
      for (const arrived of this.#awaited.get(id) ?? []) arrived()
    }
    const first = ids[0]
    if (first !== undefined && due) this.#due.set(first, due)
    if (first !== undefined && settled) {
      // Another process has charged it.
      this.release(first)?.settle(Date.now(), 0)
      this.#due.delete(first)
    }
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= this.most) return
      this.#known.delete(oldest)
      this.#due.delete(oldest)
    }
  }

  /** One value for all that was made at one place. */
  #placeOf({ tenant, provider, model, credential }: Origin): Origin {
    const name = JSON.stringify([tenant, provider, model, credential])
    let place = this.#places.get(name)
    if (!place) {
      if (this.#places.size >= MOST_PLACES) this.#places.clear()
      this.#places.set(name, (place = { tenant, provider, model, credential }))
    }
    return place
  }

  find(id: string): Origin | undefined {
    return this.#known.get(id)
  }

  /** What is still to be charged for a response. */
  dueFor(id: string): Due | undefined {
    return this.#due.get(id)
  }

  /** Keeps what is reserved for a response until it is charged, or the reservation is over. */
  hold(id: string, reservation: Reservation): void {
    this.#held.set(id, reservation)
  }

  release(id: string): Reservation | undefined {
    const held = this.#held.get(id)
    this.#held.delete(id)
    return held
  }

  /** Forgets reservations that are over. Call now and then. */
  sweep(now: number): void {
    for (const [id, { expiresAt }] of this.#held) if (expiresAt <= now) this.#held.delete(id)
  }

  /** All that is known, the oldest first, for a process that begins. */
  *all(): Generator<Made> {
    let before: Origin | undefined
    let ids: string[] = []
    let due: Due | undefined
    for (const [id, origin] of this.#known) {
      const own = this.#due.get(id)
      if (before && (origin !== before || own || ids.length === MOST_TOGETHER)) {
        yield { ...before, ids, ...(due && { due }) }
        ids = []
      }
      if (ids.length === 0) due = own
      before = origin
      ids.push(id)
    }
    if (before) yield { ...before, ids, ...(due && { due }) }
  }

  /**
   * Waits for what others may have to say of ids that are not the tenant's own, so long as it takes, so that what is another's cannot be
   * told from what nobody made. Undefined when there is nobody to wait for. Resolves to false when nobody could be asked.
   */
  search(ids: readonly string[], tenant: string): Promise<boolean> | undefined {
    const open = ids.filter((id) => this.find(id)?.tenant !== tenant)
    if (open.length === 0 || (this.newsMs === 0 && !this.shared)) return undefined
    return this.#search(open, tenant)
  }

  async #search(ids: readonly string[], tenant: string): Promise<boolean> {
    const end = performance.now() + this.newsMs
    let open = ids
    for (;;) {
      if (this.shared) {
        try {
          const origins = await this.shared.get(open)
          origins.forEach((origin, index) => origin && this.apply({ ...origin, ids: [open[index]!] }))
        } catch {
          return false
        }
      }
      open = open.filter((id) => this.find(id)?.tenant !== tenant)
      const left = end - performance.now()
      if (open.length === 0 || left <= 0) return true
      await this.#news(open[0]!, this.shared ? Math.min(left, LOOK_MS) : left)
    }
  }

  /** Resolves when something is heard of the id, or the time is over. */
  #news(id: string, ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const waiting = this.#awaited.get(id) ?? new Set()
    const over = () => {
      clearTimeout(timer)
      waiting.delete(over)
      if (waiting.size === 0) this.#awaited.delete(id)
      resolve()
    }
    const timer = setTimeout(over, ms)
    this.#awaited.set(id, waiting.add(over))
    return promise
  }
}
