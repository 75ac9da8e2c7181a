import { protocolOf } from '../llm/protocols.ts'
import type { ProtocolId } from '../llm/spec.ts'

/** A stream that may fall quiet. */
export type Quiet = {
  /** On the clock of `performance.now()`, as of the last sweep that found `active`. */
  lastSent: number
  /** Something was sent since the last sweep. */
  active: boolean
  readonly dialect: ProtocolId
  keepAlive(text: string): void
  /** `keepAlive` threw. */
  crashed(mistake: unknown): void
}

/** Sends a comment into streams that are silent, so that proxies on the way do not cut them. One timer for all. */
export class KeepAlives {
  readonly #streams = new Set<Quiet>()
  readonly #everyMs: number
  #timer: Timer | undefined

  constructor(everyMs: number) {
    this.#everyMs = everyMs
  }

  add(stream: Quiet): void {
    this.#streams.add(stream)
    this.#timer ??= setInterval(() => this.#sweep(), Math.max(10, this.#everyMs / 4))
  }

  delete(stream: Quiet): void {
    this.#streams.delete(stream)
  }

  close(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  #sweep(): void {
    if (this.#streams.size === 0) return this.close()
    const now = performance.now()
    const quietSince = now - this.#everyMs
    for (const stream of this.#streams) {
      if (stream.active) {
        stream.active = false
        stream.lastSent = now
      } else if (stream.lastSent <= quietSince) {
        try {
          stream.keepAlive(protocolOf(stream.dialect).client?.keepAlive ?? ': keep-alive\n\n')
        } catch (mistake) {
          // One of thousands.
          stream.crashed(mistake)
        }
      }
    }
  }
}
