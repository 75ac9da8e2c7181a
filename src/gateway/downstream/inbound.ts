import { AppError } from '../../errors.ts'
import { BodyBuffer } from './body-buffer.ts'
import type { Peer, PeerMemory } from './peer.ts'
import type { RequestHead } from './request-head.ts'

/** A step that waits for something, and is told where nobody waits for it any longer. */
export type Waiting = { abandon(): void }

/** One request of a client, as far as it has come. */
export class Inbound {
  readonly head: RequestHead
  /** The path as it was sent: the router and every check see this same text. */
  readonly path: string
  /** Behind the question mark; may be empty. */
  readonly query: string
  /** The client closed the connection. */
  left = false
  /** The step that waits at this moment: told once when the client leaves. */
  waiting: Waiting | undefined
  readonly #body: BodyBuffer
  readonly #peer: Peer

  constructor(head: RequestHead, body: BodyBuffer, peer: Peer) {
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
    return this.#peer.address
  }

  /** What this client said before, on the same connection. */
  get memory(): PeerMemory {
    return this.#peer.memory
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
    const { waiting } = this
    this.waiting = undefined
    waiting?.abandon()
  }
}
