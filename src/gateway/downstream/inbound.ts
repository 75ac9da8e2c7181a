import { AppError } from '../../errors.ts'
import { BodyBuffer } from './body-buffer.ts'
import type { RequestHead } from './request-head.ts'

/** One request of a client, as far as it has come. */
export class Inbound {
  readonly head: RequestHead
  /** The path as it was sent: the router and every check see this same text. */
  readonly path: string
  /** Behind the question mark; may be empty. */
  readonly query: string
  /** The client closed the connection. */
  left = false
  /** Called once when the client leaves: the step that waits sets it. */
  onLeave: (() => void) | undefined
  readonly #body: BodyBuffer
  readonly #peer: () => string

  constructor(head: RequestHead, body: BodyBuffer, peer: () => string) {
    const { target } = head
    const mark = target.indexOf('?')
    this.head = head
    this.path = mark < 0 ? target : target.slice(0, mark)
    this.query = mark < 0 ? '' : target.slice(mark + 1)
    this.#body = body
    this.#peer = peer
  }

  get method(): string {
    return this.head.method
  }

  /** The client's address, as the socket knows it. */
  get peer(): string {
    return this.#peer()
  }

  header(name: string): string | undefined {
    return this.head.header(name)
  }

  /** The body whole, at most `limit` bytes. Throws or rejects with `body_too_large`, `invalid_request`, and `client_closed`. */
  body(limit: number): Uint8Array | Promise<Uint8Array> {
    if (this.head.length > limit) throw BodyBuffer.tooLarge(limit)
    return this.#body.read(limit)
  }

  /** Says once that the client is gone. */
  leave(): void {
    if (this.left) return
    this.left = true
    this.#body.fail(new AppError('client_closed', 'the client left before its request was whole'))
    const listener = this.onLeave
    this.onLeave = undefined
    listener?.()
  }
}
