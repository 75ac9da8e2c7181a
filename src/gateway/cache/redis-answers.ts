import type { RedisClient } from 'bun'
import { within } from '../../lib/within.ts'
import type { AnswerStore, CachedAnswer } from './answer-store.ts'

const PREFIX = 'portreeve:answer:'

type Head = Omit<CachedAnswer, 'body'>

/** Answers that many nodes share. While Redis is away every look is a miss, and nothing waits for it longer than `timeoutMs`. */
export class RedisAnswers implements AnswerStore {
  readonly #client: RedisClient
  readonly #timeoutMs: number

  constructor(client: RedisClient, timeoutMs = 100) {
    this.#client = client
    this.#timeoutMs = timeoutMs
  }

  async get(key: string): Promise<CachedAnswer | undefined> {
    if (!this.#client.connected) return undefined
    try {
      const bytes = await within(this.#client.getBuffer(PREFIX + key), this.#timeoutMs)
      return bytes ? read(bytes) : undefined
    } catch {
      return undefined
    }
  }

  set(key: string, { body, ...head }: CachedAnswer, ttlMs: number): void {
    if (!this.#client.connected) return
    const text = Buffer.from(JSON.stringify(head satisfies Head))
    const length = Buffer.alloc(4)
    length.writeUInt32BE(text.length)
    const value = Buffer.concat([length, text, body])
    this.#client.send('SET', [PREFIX + key, value as never, 'PX', String(ttlMs)]).catch(() => {})
  }
}

/** What another version wrote, or nobody, is a miss. */
function read(bytes: Uint8Array): CachedAnswer | undefined {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  if (buffer.length < 4) return undefined
  const length = buffer.readUInt32BE(0)
  if (length > buffer.length - 4) return undefined
  const head = JSON.parse(buffer.toString('utf8', 4, 4 + length)) as Head
  return { ...head, body: buffer.subarray(4 + length) }
}
