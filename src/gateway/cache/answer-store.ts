/** A whole answer as its client got it. */
export type CachedAnswer = {
  readonly body: Uint8Array
  readonly contentType: string
  readonly provider: string
  readonly model: string
  readonly finish: string | null
}

/** Where answers are kept. A store that fails answers as if it held nothing. */
export type AnswerStore = {
  get(key: string, now: number): CachedAnswer | undefined | Promise<CachedAnswer | undefined>
  set(key: string, answer: CachedAnswer, ttlMs: number, now: number): void
}

/** What an entry costs beside its body: key, object, map slot. */
const OVERHEAD_BYTES = 400

type Entry = { readonly answer: CachedAnswer; readonly until: number; readonly bytes: number }

/** Answers in this process, bounded in bytes: the least recently used goes first. */
export class MemoryAnswers implements AnswerStore {
  maxBytes: number
  readonly #entries = new Map<string, Entry>()
  #bytes = 0

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes
  }

  get bytes(): number {
    return this.#bytes
  }

  get size(): number {
    return this.#entries.size
  }

  get(key: string, now: number): CachedAnswer | undefined {
    const entry = this.#entries.get(key)
    if (!entry) return undefined
    this.#entries.delete(key)
    if (entry.until <= now) {
      this.#bytes -= entry.bytes
      return undefined
    }
    this.#entries.set(key, entry)
    return entry.answer
  }

  set(key: string, answer: CachedAnswer, ttlMs: number, now: number): void {
    const bytes = answer.body.length + key.length + OVERHEAD_BYTES
    const before = this.#entries.get(key)
    if (before) {
      this.#bytes -= before.bytes
      this.#entries.delete(key)
    }
    if (bytes > this.maxBytes) return
    this.#entries.set(key, { answer, until: now + ttlMs, bytes })
    this.#bytes += bytes
    for (const [oldest, entry] of this.#entries) {
      if (this.#bytes <= this.maxBytes) break
      this.#entries.delete(oldest)
      this.#bytes -= entry.bytes
    }
  }
}
