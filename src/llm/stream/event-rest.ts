// The beginning of an event, kept until its end has come.
import { endOfEvents } from './events.ts'

/** Room at first; doubled when it is used up, so that an event that trickles in costs no more than one that comes at once. */
const FIRST_ROOM = 1024
/** As much of a blank line as may stand in what came before. */
const SEAM = 3

export class EventRest {
  size = 0
  #bytes = Buffer.allocUnsafeSlow(FIRST_ROOM)

  constructor(bytes: Uint8Array) {
    this.#append(bytes)
  }

  /** Gives the events that are whole now, and keeps what is behind them. */
  add(bytes: Uint8Array): Uint8Array {
    const before = Math.max(0, this.size - SEAM)
    this.#append(bytes)
    const end = endOfEvents(this.#bytes.subarray(before, this.size))
    if (end === 0) return this.#bytes.subarray(0, 0)
    const whole = Uint8Array.from(this.#bytes.subarray(0, before + end))
    this.#bytes.copyWithin(0, before + end, this.size)
    this.size -= before + end
    return whole
  }

  /** Gives what there is, and keeps nothing. */
  take(): Uint8Array {
    const rest = this.#bytes.subarray(0, this.size)
    this.size = 0
    this.#bytes = Buffer.alloc(0)
    return rest
  }

  #append(bytes: Uint8Array): void {
    const size = this.size + bytes.length
    if (size > this.#bytes.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(size, 2 * this.#bytes.length))
      larger.set(this.#bytes.subarray(0, this.size))
      this.#bytes = larger
    }
    this.#bytes.set(bytes, this.size)
    this.size = size
  }
}
