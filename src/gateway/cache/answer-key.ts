import type { Json } from '../../llm/spec.ts'

const MAX_REMEMBERED = 4_096

/** Everything beside the body that an answer depends on, and whom it may be shared with. */
export type KeyParts = {
  /** Whose answer it is: nobody else's requests have the same key. */
  readonly tenant: string
  readonly endpoint: string
  readonly dialect: string
  /** What the address said: model, whether to stream, query. */
  readonly address: string
  /** The places the model's name leads to, and the guards that look at the answer. */
  readonly context: string
}

/** Makes keys of requests: equal for bodies that say the same JSON, different for anything else. */
export class AnswerKeys {
  readonly #known = new Map<string, string>()

  keyOf(parts: KeyParts, body: Uint8Array): string {
    const head = JSON.stringify([parts.tenant, parts.endpoint, parts.dialect, parts.address, parts.context])
    const exact = digest(head, body)
    const known = this.#known.get(exact)
    if (known !== undefined) return known
    const text = Buffer.from(body.buffer, body.byteOffset, body.length).toString()
    const key = digest(head, canonical(JSON.parse(text) as Json))
    if (this.#known.size >= MAX_REMEMBERED) this.#known.clear()
    this.#known.set(exact, key)
    return key
  }
}

function digest(head: string, body: Uint8Array | string): string {
  // The head's own length parts it from the body.
  return new Bun.CryptoHasher('sha256').update(`${head.length}:${head}`).update(body).digest('hex')
}

/** JSON with sorted names and without spaces. */
export function canonical(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  const names = Object.keys(value).sort()
  return `{${names.map((name) => `${JSON.stringify(name)}:${canonical(value[name]!)}`).join()}}`
}
