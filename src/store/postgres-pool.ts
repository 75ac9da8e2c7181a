import { SQL } from 'bun'
import { AppError } from '../errors.ts'

const CONNECT_SECONDS = 4
const ACQUIRE_MS = 5_000
const IDLE_MS = 60_000
/** A query that is silent for this long makes the pool look whether the server is still there. */
const SILENT_MS = 3_000
const LOOK_SECONDS = 2
/** How long one query may take at a server that is there. */
const LONGEST_MS = 1_800_000
const GONE_MS = 50
const RETRY_AFTER_MS = 2_000
/** One of the connections is kept for looking whether the server is there. */
const LOOKING = 1

type Rows = Record<string, unknown>[] & { count: number }

/**
 * One connection. Bun's own pool keeps a connection that broke in its place and answers with its old error for ever after, so each of ours is a
 * client of its own, given up when it breaks.
 */
export class PostgresClient {
  /** Why it cannot be used any more. */
  broken: unknown
  idleSince = 0
  readonly #sql: SQL
  readonly #pool: PostgresPool
  #onBreak: ((why: unknown) => void) | undefined

  constructor(pool: PostgresPool, url: string) {
    this.#pool = pool
    this.#sql = new SQL({
      url,
      max: 1,
      bigint: true,
      idleTimeout: 0,
      connectionTimeout: CONNECT_SECONDS,
      onclose: (error) => this.break(error ?? new Error('the connection was closed')),
    })
  }

  async open(): Promise<void> {
    try {
      await this.#sql.connect()
    } catch (error) {
      this.break(error)
      throw this.#pool.away(error)
    }
  }

  /** Throws `not_ready` when the connection breaks or the server is silent; what it refuses is thrown as it is. */
  async run(text: string, parameters: readonly unknown[]): Promise<Rows> {
    if (this.broken !== undefined) throw this.#pool.away(this.broken)
    const { promise: broke, reject } = Promise.withResolvers<never>()
    this.#onBreak = reject
    broke.catch(() => {})
    const watch = this.#pool.watch(this)
    try {
      return (await Promise.race([this.#sql.unsafe(text, [...parameters]), broke])) as Rows
    } catch (error) {
      if (this.broken === undefined && breaks(error)) this.break(error)
      throw this.broken === undefined ? error : this.#pool.away(this.broken)
    } finally {
      clearInterval(watch)
      this.#onBreak = undefined
    }
  }

  break(why: unknown): void {
    if (this.broken !== undefined) return
    this.broken = why
    this.#onBreak?.(why)
    this.#pool.forget(this)
    // Its place is free when the server has seen it go.
    void this.close().then(() => setTimeout(() => this.#pool.lost(this), GONE_MS))
  }

  close(): Promise<void> {
    return this.#sql.close({ timeout: 0 }).catch(() => {})
  }
}

/** Whether an error ends the connection it came on: it is no answer of the server, or the server says goodbye (SQLSTATE 08…, 57P0…). */
function breaks(error: unknown): boolean {
  const { code, errno } = (error ?? {}) as { code?: unknown; errno?: unknown }
  return /^ERR_POSTGRES_(CONNECTION|IDLE|LIFETIME)/.test(String(code)) || /^(08|57P0)/.test(String(errno))
}

type Waiter = { readonly resolve: (client: PostgresClient) => void; readonly reject: (error: unknown) => void }

/** At most `connections` to one server, ever: a query waits for a free one, and fails as `not_ready` when the server is away. */
export class PostgresPool {
  readonly #url: string
  readonly #name: string
  readonly #most: number
  readonly #open = new Set<PostgresClient>()
  readonly #idle: PostgresClient[] = []
  readonly #waiting = new Set<Waiter>()
  readonly #sweep: Timer
  #look: Promise<void> | undefined
  #closed = false

  /** `name` tells people which database it is. */
  constructor(url: string, name: string, connections: number) {
    this.#url = url
    this.#name = name
    this.#most = Math.max(1, connections - LOOKING)
    this.#sweep = setInterval(() => this.#dropIdle(performance.now() - IDLE_MS), IDLE_MS / 4)
    this.#sweep.unref()
  }

  async acquire(): Promise<PostgresClient> {
    if (this.#closed) throw this.away(new Error('it was closed'))
    const idle = this.#idle.pop()
    if (idle) return idle
    if (this.#open.size < this.#most) return this.#begin()
    const { promise, resolve, reject } = Promise.withResolvers<PostgresClient>()
    const timer = setTimeout(() => {
      this.#waiting.delete(waiter)
      reject(this.away(new Error(`all ${this.#most} connections are busy`)))
    }, ACQUIRE_MS)
    const waiter: Waiter = {
      resolve(client) {
        clearTimeout(timer)
        resolve(client)
      },
      reject(error) {
        clearTimeout(timer)
        reject(error)
      },
    }
    this.#waiting.add(waiter)
    return promise
  }

  release(client: PostgresClient): void {
    if (client.broken !== undefined) return
    const waiter = this.#next()
    if (waiter) return waiter.resolve(client)
    if (this.#closed) return client.break(new Error('it was closed'))
    client.idleSince = performance.now()
    this.#idle.push(client)
  }

  /** A connection that broke is nobody's next one. */
  forget(client: PostgresClient): void {
    const at = this.#idle.indexOf(client)
    if (at >= 0) this.#idle.splice(at, 1)
  }

  /** The place of a connection that broke is free. */
  lost(client: PostgresClient): void {
    this.#open.delete(client)
    if (this.#closed || this.#waiting.size === 0) return
    // Who waits longest when it is open gets it: whoever waits now may have given up by then.
    this.#begin().then(
      (opened) => this.release(opened),
      (error: unknown) => this.#next()?.reject(error),
    )
  }

  /** Looks after a query that runs; the caller clears the timer. */
  watch(client: PostgresClient): Timer {
    const started = performance.now()
    return setInterval(() => {
      if (performance.now() - started > LONGEST_MS) client.break(new Error('a query took longer than half an hour'))
      else this.#isThere().catch((error: unknown) => client.break(error))
    }, SILENT_MS)
  }

  /** The error of a server that is away, for people. */
  away(cause: unknown): AppError {
    if (cause instanceof AppError) return cause
    const message = cause instanceof Error ? cause.message : String(cause)
    return new AppError(
      'not_ready',
      `${this.#name} does not answer as it should: ${message}. Check DATABASE_URL, the server, and the user's rights.`,
      { field: 'DATABASE_URL', retryAfterMs: RETRY_AFTER_MS },
      cause,
    )
  }

  /** Waits for nothing: what runs is over. */
  async close(): Promise<void> {
    this.#closed = true
    clearInterval(this.#sweep)
    for (let waiter = this.#next(); waiter; waiter = this.#next()) waiter.reject(this.away(new Error('it was closed')))
    const open = [...this.#open]
    await Promise.all(open.map((client) => client.close()))
  }

  #next(): Waiter | undefined {
    const [first] = this.#waiting
    if (first) this.#waiting.delete(first)
    return first
  }

  async #begin(): Promise<PostgresClient> {
    const client = new PostgresClient(this, this.#url)
    this.#open.add(client)
    await client.open()
    return client
  }

  /** Rejects when nobody answers at the address; one look at a time, for all queries that wait. */
  #isThere(): Promise<void> {
    this.#look ??= (async () => {
      const sql = new SQL({ url: this.#url, max: 1, connectionTimeout: LOOK_SECONDS, idleTimeout: LOOK_SECONDS })
      try {
        await sql.connect()
      } catch (error) {
        if (breaks(error)) throw error
        // A server that has no connection left, or does not know the user any more, is there.
      } finally {
        await sql.close({ timeout: 0 }).catch(() => {})
        this.#look = undefined
      }
    })()
    return this.#look
  }

  #dropIdle(before: number): void {
    const resting = this.#idle.filter(({ idleSince }) => idleSince < before)
    for (const client of resting) client.break(new Error('it was not used for a while'))
  }
}
