import type { Cache, CacheRule } from '../../contract/cache.ts'
import { compileSelector, type CallAttributes } from '../../quota/attributes.ts'
import { AnswerKeys, type KeyParts } from './answer-key.ts'
import { MemoryAnswers, type AnswerStore, type CachedAnswer } from './answer-store.ts'

/** Calls that wait for the answer of an equal one, at most. */
const MAX_SHARING = 10_000

/** How a call that others wait for ended: with an answer for all, with its client gone, or with nothing that could be shared. */
type Outcome = CachedAnswer | 'left' | undefined

type Running = Promise<Outcome>

/** An answer on its way into the cache. Exactly one of `commit` and `discard` counts: the first. */
export class Capture {
  readonly #answers: Answers
  readonly #key: string
  readonly #ttlMs: number
  readonly #maxBytes: number
  readonly #resolve: (outcome: Outcome) => void
  #pieces: Uint8Array[] = []
  #bytes = 0
  #open = true

  constructor(
    answers: Answers,
    key: string,
    options: { ttlMs: number; maxBytes: number },
    resolve: (outcome: Outcome) => void,
  ) {
    this.#answers = answers
    this.#key = key
    this.#ttlMs = options.ttlMs
    this.#maxBytes = options.maxBytes
    this.#resolve = resolve
  }

  add(piece: Uint8Array | string): void {
    if (!this.#open || piece.length === 0) return
    // Bytes of a stream are reused by nobody, but the socket's buffer is larger than they are.
    const bytes = typeof piece === 'string' ? Buffer.from(piece) : piece.slice()
    this.#bytes += bytes.length
    if (this.#bytes > this.#maxBytes) this.discard()
    else this.#pieces.push(bytes)
  }

  commit(head: Omit<CachedAnswer, 'body'>, now: number): void {
    if (!this.#open) return
    const answer = { ...head, body: Buffer.concat(this.#pieces) }
    this.#close(answer)
    this.#answers.store.set(this.#key, answer, this.#ttlMs, now)
  }

  /** `left`: the client is gone, which says nothing of the answer. */
  discard(left = false): void {
    if (this.#open) this.#close(left ? 'left' : undefined)
  }

  #close(outcome: Outcome): void {
    this.#open = false
    this.#pieces = []
    this.#resolve(outcome)
  }
}

/** The exact cache: whose calls, what key, what is running. */
export class Answers {
  readonly store: AnswerStore
  readonly running = new Map<string, Running>()
  readonly #rules: readonly { rule: CacheRule; matches: (attributes: CallAttributes) => boolean }[]
  readonly #maxEntryBytes: number
  readonly #keys = new AnswerKeys()

  constructor(cache: Cache, store: AnswerStore = new MemoryAnswers(cache.max_bytes)) {
    this.store = store
    this.#maxEntryBytes = cache.max_entry_bytes
    this.#rules = cache.rules.map((rule) => ({ rule, matches: compileSelector(rule.for) }))
  }

  /** The rule under which answers to such a call are kept, if any. */
  ruleFor(attributes: CallAttributes): CacheRule | undefined {
    return this.#rules.find(({ matches }) => matches(attributes))?.rule
  }

  keyOf(rule: CacheRule, attributes: CallAttributes, parts: Omit<KeyParts, 'tenant'>, body: Uint8Array): string {
    return this.#keys.keyOf({ ...parts, tenant: tenantOf(rule, attributes) }, body)
  }

  /** Begins to keep the answer to a request. Equal ones wait for it, unless it is made `alone`. */
  capture(key: string, rule: CacheRule, alone: boolean): Capture {
    const options = { ttlMs: rule.ttl_ms, maxBytes: this.#maxEntryBytes }
    if (alone || !rule.share || this.running.size >= MAX_SHARING) return new Capture(this, key, options, () => {})
    const { promise, resolve } = Promise.withResolvers<Outcome>()
    this.running.set(key, promise)
    return new Capture(this, key, options, (outcome) => {
      this.running.delete(key)
      resolve(outcome)
    })
  }
}

/** A caller without the dimension of the scope shares with nobody but itself. */
function tenantOf({ scope }: CacheRule, attributes: CallAttributes): string {
  const value = attributes[scope]
  return value === null ? `key:${attributes.key}` : `${scope}:${value}`
}
