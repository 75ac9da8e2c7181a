import type { RedisClient } from 'bun'
import type { Made, Origin } from '../contract/origin.ts'
import type { SharedOrigins } from './origins.ts'

const PREFIX = 'portreeve:origin:'
/** Vendors keep responses for a month; what is used is written anew. */
const KEPT_SECONDS = 30 * 86_400
const LONGEST_ID = 512

/** Origins that many nodes share. Asked only for ids that a process does not know. */
export class RedisOrigins implements SharedOrigins {
  readonly #client: RedisClient
  readonly #timeoutMs: number

  constructor(client: RedisClient, timeoutMs = 250) {
    this.#client = client
    this.#timeoutMs = timeoutMs
  }

  async get(ids: readonly string[]): Promise<readonly (Origin | undefined)[]> {
    if (!this.#client.connected) throw new Error('Redis is away')
    const late = Promise.withResolvers<never>()
    const timer = setTimeout(() => late.reject(new Error('Redis is slow')), this.#timeoutMs)
    try {
      const keys = ids.map((id) => PREFIX + id.slice(0, LONGEST_ID))
      const texts = (await Promise.race([this.#client.send('MGET', keys), late.promise])) as (string | null)[]
      return ids.map((id, index) => {
        const text = texts[index]
        return text && id.length <= LONGEST_ID ? (JSON.parse(text) as Origin) : undefined
      })
    } finally {
      clearTimeout(timer)
    }
  }

  set({ ids, tenant, provider, model, credential }: Made): void {
    if (!this.#client.connected) return
    const text = JSON.stringify({ tenant, provider, model, credential } satisfies Origin)
    for (const id of ids) {
      if (id.length > LONGEST_ID) continue
      this.#client.send('SET', [PREFIX + id, text, 'EX', String(KEPT_SECONDS)]).catch(() => {})
    }
  }
}
