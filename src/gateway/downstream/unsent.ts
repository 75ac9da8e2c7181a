import { putBytes } from '../../lib/bytes.ts'

/**
 * What a client has not taken yet of its answer, copied. Room is doubled when it is used up: one read from a vendor can hold thousands of
 * chunks, and each comes here by itself.
 */
export class Unsent {
  #bytes: Buffer
  #from = 0
  #to = 0

  constructor(bytes: Uint8Array, from: number, to: number) {
    this.#bytes = Buffer.allocUnsafeSlow(to - from)
    this.add(bytes, from, to)
  }

  /** What is to be sent next; valid until something is added. */
  get rest(): Uint8Array {
    return this.#bytes.subarray(this.#from, this.#to)
  }

  add(bytes: Uint8Array, from: number, to: number): void {
    const size = to - from
    if (this.#to + size > this.#bytes.length) this.#makeRoom(size)
    this.#to = putBytes(this.#bytes, this.#to, bytes, from, to)
  }

  /** So many bytes were sent. True when that was all. */
  sent(count: number): boolean {
    this.#from += count
    return this.#from === this.#to
  }

  #makeRoom(size: number): void {
    const { rest } = this
    this.#bytes = Buffer.allocUnsafeSlow(Math.max(rest.length + size, 2 * rest.length))
    this.#bytes.set(rest)
    this.#from = 0
    this.#to = rest.length
  }
}
