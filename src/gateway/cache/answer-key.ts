import { latin1 } from '../../lib/bytes.ts'
import type { Json } from '../../llm/spec.ts'
import { repeatedName, toBuffer } from '../../llm/stream/json-scan.ts'
import { parseBody } from '../../llm/stream/parse-body.ts'

const MAX_REMEMBERED = 4_096
/** Bodies up to this size are remembered as they are, which is cheaper than their digest. */
const MAX_WHOLE_BYTES = 2_048

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
  readonly #heads = new Map<string, number>()
  readonly #known = new Map<string, string>()
  #next = 0

  keyOf(parts: KeyParts, body: Uint8Array): string {
    const head = headOf(parts)
    const exact = `${this.#numberOf(head)}:${body.length <= MAX_WHOLE_BYTES ? latin1(body) : digest(head, body)}`
    const known = this.#known.get(exact)
    if (known !== undefined) return known
    // Readers differ in which of two equal names they take: such a body is equal to itself alone.
    const twice = repeatedName(toBuffer(body)) !== undefined
    const key = digest(head, twice ? body : canonical(parseBody(body)))
    if (this.#known.size >= MAX_REMEMBERED) this.#known.clear()
    this.#known.set(exact, key)
    return key
  }

  /** Numbers are never given twice, so that what was remembered under one is never taken for another's. */
  #numberOf(head: string): number {
    let number = this.#heads.get(head)
    if (number === undefined) {
      if (this.#heads.size >= MAX_REMEMBERED) this.#heads.clear()
      this.#heads.set(head, (number = this.#next++))
    }
    return number
  }
}

/** The lengths part what may hold anything from what follows it. */
function headOf({ tenant, endpoint, dialect, address, context }: KeyParts): string {
  const lengths = `${endpoint.length} ${dialect.length} ${address.length} ${context.length} `
  return `${lengths}${endpoint}${dialect}${address}${context}${tenant}`
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
