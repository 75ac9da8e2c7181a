import { latin1 } from '../../lib/bytes.ts'

/** Longer texts are not kept: a connection may rest for a long time. */
const LONGEST_KEPT = 512

/**
 * What the requests of one connection said last. A client says nearly the same each time, and looking whether it does costs less than making
 * the texts anew. Secrets are among them: they are compared whole, so that the time it takes tells nothing of the one that was here before.
 */
export class PeerMemory {
  /** The texts of the last request, by their place in it. */
  readonly #texts: (string | undefined)[] = []
  #said = ''
  #digest = ''

  /** The bytes as text, one character each. `place` tells this text of a request from the others. */
  text(place: number, bytes: Uint8Array, from: number, to: number): string {
    const known = this.#texts[place]
    if (known !== undefined && known.length === to - from && isWholly(bytes, from, known)) return known
    const text = latin1(bytes, from, to)
    if (text.length <= LONGEST_KEPT) this.#texts[place] = text
    return text
  }

  /** What `digest` makes of a text that names a secret. */
  digestOf(said: string, digest: (said: string) => string): string {
    if (!isSame(this.#said, said)) {
      this.#digest = digest(said)
      this.#said = said
    }
    return this.#digest
  }
}

/** The client at the other end of a connection. */
export type Peer = {
  /** Its address; empty once the connection is gone. */
  readonly address: string
  readonly memory: PeerMemory
}

function isWholly(bytes: Uint8Array, at: number, text: string): boolean {
  let difference = 0
  for (let index = 0; index < text.length; index++) difference |= bytes[at + index]! ^ text.charCodeAt(index)
  return difference === 0
}

function isSame(one: string, other: string): boolean {
  if (one.length !== other.length) return false
  let difference = 0
  for (let index = 0; index < one.length; index++) difference |= one.charCodeAt(index) ^ other.charCodeAt(index)
  return difference === 0
}
