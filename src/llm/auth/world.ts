/** What credential chains read of the outside: given by the process, and by tests. */
export type World = {
  readonly env: Readonly<Record<string, string | undefined>>
  /** Rejects when the file cannot be read. */
  readonly readFile: (path: string) => Promise<string>
  readonly fetch: (url: string, init?: RequestInit) => Promise<Response>
  readonly now: () => number
}

/**
 * Keeps what was bought until shortly before it expires. Callers that come together buy once; a purchase that fails while the last one is
 * still good changes nothing.
 */
export class Renewed<T> {
  readonly #buy: () => Promise<{ readonly value: T; readonly expiresAt: number }>
  readonly #now: () => number
  #held: { readonly value: T; readonly expiresAt: number } | undefined
  #buying: Promise<T> | undefined

  constructor(now: () => number, buy: () => Promise<{ readonly value: T; readonly expiresAt: number }>) {
    this.#now = now
    this.#buy = buy
  }

  /** At once when what is held is good for five more minutes; renewed in the background before that. */
  get(): T | Promise<T> {
    const left = (this.#held?.expiresAt ?? 0) - this.#now()
    if (this.#held && left > EARLY_MS) return this.#held.value
    const bought = (this.#buying ??= this.#renew())
    if (!this.#held || left <= LATE_MS) return bought
    bought.catch(() => {})
    return this.#held.value
  }

  async #renew(): Promise<T> {
    try {
      this.#held = await this.#buy()
      return this.#held.value
    } finally {
      this.#buying = undefined
    }
  }
}

const EARLY_MS = 5 * 60_000
const LATE_MS = 30_000
