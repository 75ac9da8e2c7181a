/** Something that gives up when its time has come. `deadline` is on the clock of `performance.now()`. */
export type Expiring = {
  readonly deadline: number
  expire(now: number): void
  /** `expire` threw. */
  crashed(mistake: unknown): void
}

const SWEEP_MS = 25

/** One timer for all calls under way: a timer for each phase of each call would cost more than the call. Accurate to about 25 ms. */
export class Deadlines {
  readonly #active = new Set<Expiring>()
  #timer: Timer | undefined
  /** The clock of the last sweep, for those who cannot afford to ask for the time with every piece of a stream. */
  recent = performance.now()

  add(entry: Expiring): void {
    this.#active.add(entry)
    if (!this.#timer) this.recent = performance.now()
    this.#timer ??= setInterval(() => this.#sweep(), SWEEP_MS)
  }

  delete(entry: Expiring): void {
    this.#active.delete(entry)
  }

  get size(): number {
    return this.#active.size
  }

  close(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  #sweep(): void {
    if (this.#active.size === 0) return this.close()
    const now = performance.now()
    this.recent = now
    for (const entry of this.#active) {
      if (entry.deadline > now) continue
      try {
        entry.expire(now)
      } catch (mistake) {
        // One of thousands.
        entry.crashed(mistake)
      }
    }
  }
}
