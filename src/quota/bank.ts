import { Slots } from './concurrency.ts'
import type { Bank, Meter, MeterSpec } from './meter.ts'
import { Purse } from './purse.ts'
import { SlidingWindow } from './window.ts'

/** Meters remembered at most; end users are named by clients, so there can be any number of them. */
const MAX_METERS = 20_000
/** How many of the oldest meters are looked at for one that counts nothing. */
const EVICTION_LOOK = 32

export function newMeter(spec: MeterSpec): Meter {
  if (spec.kind === 'slots') return new Slots(spec.limit)
  if (spec.kind === 'budget') return new Purse(spec.limit, spec.period ?? 'once')
  return new SlidingWindow(spec.limit, spec.windowMs)
}

/** Meters by id. Evictable ones are at most `max`: the least recently used one goes first, but never a slot in use or money that counts. */
export class LocalBank implements Bank {
  readonly #pinned = new Map<string, Meter>()
  readonly #evictable = new Map<string, Meter>()
  readonly #make: (spec: MeterSpec) => Meter
  readonly #max: number
  readonly #now: () => number
  #evictions = 0

  constructor(options: { make?: (spec: MeterSpec) => Meter; max?: number; now?: () => number } = {}) {
    this.#make = options.make ?? newMeter
    this.#max = options.max ?? MAX_METERS
    this.#now = options.now ?? Date.now
  }

  get evictions(): number {
    return this.#evictions
  }

  get size(): number {
    return this.#pinned.size + this.#evictable.size
  }

  open(spec: MeterSpec): Meter {
    const meters = spec.evictable ? this.#evictable : this.#pinned
    let meter = meters.get(spec.id)
    if (meter) {
      meter.limit = spec.limit
      if (spec.evictable && meters.size > this.#max / 2) {
        meters.delete(spec.id)
        meters.set(spec.id, meter)
      }
      return meter
    }
    // The second makes up for a time at which none could go.
    for (let times = 0; spec.evictable && meters.size >= this.#max && times < 2; times++) this.#evict()
    meter = this.#make(spec)
    meters.set(spec.id, meter)
    return meter
  }

  find(id: string): Meter | undefined {
    return this.#pinned.get(id) ?? this.#evictable.get(id)
  }

  *entries(): Iterable<readonly [string, Meter]> {
    yield* this.#pinned
    yield* this.#evictable
  }

  #evict(): void {
    const now = this.#now()
    let victim: string | undefined
    let looked = 0
    for (const [id, meter] of this.#evictable) {
      const idle = meter.used(now) === 0
      if (idle) victim = id
      else if (meter instanceof SlidingWindow) victim ??= id
      else {
        // Behind the others, or it would be all that is looked at the next time.
        this.#evictable.delete(id)
        this.#evictable.set(id, meter)
      }
      if (idle || ++looked >= EVICTION_LOOK) break
    }
    if (victim === undefined) return
    this.#evictable.delete(victim)
    this.#evictions++
  }
}
