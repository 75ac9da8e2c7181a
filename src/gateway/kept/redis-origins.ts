import type { RedisClient } from 'bun'
import type { Made } from '../../contract/origin.ts'
import { within } from '../../lib/within.ts'
import type { SharedOrigin, SharedOrigins } from './origins.ts'

const PREFIX = 'portreeve:origin:'
/** Responses of the background that somebody has charged. */
const CLAIMS = 'portreeve:charged:'
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

  async get(ids: readonly string[]): Promise<readonly (SharedOrigin | undefined)[]> {
    const keys = ids.map((id) => PREFIX + id.slice(0, LONGEST_ID))
    const texts = (await this.#ask('MGET', keys)) as (string | null)[]
    return ids.map((id, index) => {
      const text = texts[index]
      return text && id.length <= LONGEST_ID ? (JSON.parse(text) as SharedOrigin) : undefined
    })
  }

  async claim(id: string): Promise<boolean> {
    return (await this.#ask('SET', [`${CLAIMS}${id}`, '1', 'NX', 'EX', String(KEPT_SECONDS)])) !== null
  }

  async #ask(command: string, parameters: string[]): Promise<unknown> {
    if (!this.#client.connected) throw new Error('Redis is away')
    return within<unknown>(this.#client.send(command, parameters), this.#timeoutMs)
  }

  set({ ids, tenant, provider, model, credential, due }: Made): void {
    if (!this.#client.connected) return
    for (const [index, id] of ids.entries()) {
      if (id.length > LONGEST_ID) continue
      const origin: SharedOrigin = { tenant, provider, model, credential, ...(index === 0 && due ? { due } : {}) }
      const text = JSON.stringify(origin)
      this.#client.send('SET', [PREFIX + id, text, 'EX', String(KEPT_SECONDS)]).catch(() => {})
    }
  }
}
