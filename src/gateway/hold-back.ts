import { AppError } from '../errors.ts'
import { latin1 } from '../lib/bytes.ts'
import { callErrorOf, cutStream } from '../llm/errors.ts'
import type { CallError } from '../llm/spec.ts'
import { CONTENT } from '../llm/stream/tail.ts'
import type { StreamTransform } from './transform.ts'
import type { Sink, Upcall } from './upcall.ts'

/** A stream that sends this much without content is let go. */
const MAX_HELD_BYTES = 262_144

/**
 * Holds the beginning of a stream until it has shown some events with content, so that one which dies at once can still be answered by
 * another target. `released` resolves to the failure, or to undefined when the stream may go to the client; it rejects with a mistake of our
 * own, which no other target would mend.
 */
export class HoldBack implements Sink {
  readonly released: Promise<CallError | undefined>
  readonly transform: StreamTransform
  readonly #upcall: Upcall
  readonly #events: number
  readonly #resolve: (failure: CallError | undefined) => void
  readonly #reject: (mistake: unknown) => void
  #held: (Uint8Array | string)[] = []
  #size = 0
  #seen = 0
  #decided = false
  #failed = false

  constructor(upcall: Upcall, transform: StreamTransform, events: number) {
    this.#upcall = upcall
    this.transform = transform
    this.#events = events
    const { promise, resolve, reject } = Promise.withResolvers<CallError | undefined>()
    this.released = promise
    this.#resolve = resolve
    this.#reject = reject
    upcall.drainTo(this)
  }

  /** The bytes that were held, once. */
  takeHeld(): readonly (Uint8Array | string)[] {
    const held = this.#held
    this.#held = []
    return held
  }

  get told(): boolean {
    return !this.#decided && this.transform.told
  }

  data(chunk: Uint8Array): void {
    // What comes in the same turn as the decision belongs to the client, behind a failure to nobody.
    if (this.#decided) return this.#failed ? undefined : this.#upcall.keep(chunk)
    let out: Uint8Array | string
    try {
      out = this.transform.push(chunk)
    } catch (error) {
      return this.#break(error)
    }
    if (out.length > 0) {
      this.#held.push(out)
      this.#size += out.length
      const text = typeof out === 'string' ? out : latin1(out)
      this.#seen += text.match(CONTENT)?.length ?? 0
    }
    const report = this.transform.report()
    if (report.error) this.#decide(report.error)
    else if (this.transform.finished || this.#seen >= this.#events || this.#isTooLarge()) this.#decide(undefined)
  }

  end(): void {
    if (this.#decided) return
    let out: Uint8Array | string
    try {
      out = this.transform.end()
    } catch (error) {
      return this.#break(error)
    }
    if (out.length > 0) this.#held.push(out)
    const report = this.transform.report()
    this.#decide(report.complete ? undefined : (report.error ?? cutStream()))
  }

  fail(error: AppError): void {
    if (this.told) this.end()
    else this.#break(error)
  }

  #break(error: unknown): void {
    if (error instanceof AppError && error.code !== 'internal') this.#decide(callErrorOf(error))
    else this.crashed(error)
  }

  crashed(mistake: unknown): void {
    if (this.#decided) return
    this.#decided = true
    this.#failed = true
    this.#reject(mistake)
  }

  /** What a guard must see whole is bounded by the guard. */
  #isTooLarge(): boolean {
    return this.#events !== Infinity && this.#size > MAX_HELD_BYTES
  }

  #decide(failure: CallError | undefined): void {
    if (this.#decided) return
    this.#decided = true
    if (failure) this.#failed = true
    else this.#upcall.buffer()
    this.#resolve(failure)
  }
}
