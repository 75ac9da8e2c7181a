import { AppError } from '../errors.ts'
import type { AnswerOptions, StreamEncoder, TapReport, UsageTap } from '../llm/protocol.ts'
import type { CallError } from '../llm/spec.ts'
import { EventRest } from '../llm/stream/event-rest.ts'
import {
  arePlain,
  endOfEvents,
  endsEvent,
  endsStream,
  IN_ORDER,
  isWholeEvent,
  judge,
  NOT_JSON,
  NOT_PLAIN,
  PLAIN_WITH_EMPTY_LIST,
} from '../llm/stream/events.ts'
import type { StreamTransform } from './transform.ts'

const NOTHING = new Uint8Array()
const BLANK_LINE = Buffer.from('\n\n')

/** Honest events reach a few mebibytes, with images in them. */
const LARGEST_EVENT = 16 * 1024 * 1024

type Resumed = NonNullable<AnswerOptions['resumed']>

/** The number behind the last one that these bytes hold whole; 0 where events bear none. */
function nextSequence(chunks: readonly Uint8Array[]): number {
  const numbers = [
    ...Buffer.concat(chunks)
      .toString('latin1')
      .matchAll(/"sequence_number":\s*(\d+)\s*[,}]/g),
  ]
  const last = numbers.at(-1)
  return last ? Number(last[1]) + 1 : 0
}

/** An event that was cut in the middle is kept back until its end comes, as long as it is no longer than this. */
const MOST_HELD = 262_144

/**
 * Bytes pass untouched; the tap watches them. They leave in whole events, so that an error event can follow whatever happens; a vendor's own
 * error event is left out, for the caller of `fail` to tell in full.
 */
export class PassThrough implements StreamTransform {
  finished = false
  readonly #tap: UsageTap
  /** What the tap said last, while nothing has come since. */
  #report: TapReport | undefined
  /** The beginning of an event whose end has not come. */
  #held: EventRest | undefined
  /** Whether the last event that was sent goes on: it is larger than what is kept back. */
  #isOpen = false
  /** Bytes since the last line's end. */
  #sinceLine = 0
  /** The two chunks that were sent last. */
  #last: Uint8Array = NOTHING
  #lastButOne: Uint8Array = NOTHING
  untold = false
  readonly #encoder: (resumed: Resumed) => StreamEncoder

  /** `encoder` makes the error event, should one be needed. */
  constructor(tap: UsageTap, encoder: (resumed: Resumed) => StreamEncoder) {
    this.#tap = tap
    this.#encoder = encoder
  }

  passes(bytes: Uint8Array, from: number, to: number): boolean {
    if (this.#isOpen || this.#held !== undefined) return false
    const kind = arePlain(bytes, from, to)
    if (kind === NOT_PLAIN || !this.#tap.passes?.(bytes, from, to, kind === PLAIN_WITH_EMPTY_LIST)) return false
    this.#report = undefined
    return true
  }

  push(bytes: Uint8Array): Uint8Array {
    this.#report = undefined
    const out = this.#whole(this.#tap.push(bytes))
    if (out.length === 0) return out
    const verdict = judge(out, this.#isOpen)
    if (verdict === NOT_JSON) throw new AppError('upstream_invalid', 'the upstream sent an event that is not JSON')
    this.#lastButOne = this.#last
    this.#last = out
    if (verdict !== IN_ORDER) return this.#cutAt(verdict, out)
    this.#isOpen = !endsEvent(out)
    if (!this.#isOpen) {
      this.#sinceLine = 0
      if (endsStream(out) || this.#tap.ends?.(out)) this.finished = true
      return out
    }
    this.#sinceLine = out.includes(10) ? 0 : this.#sinceLine + out.length
    if (this.#sinceLine > LARGEST_EVENT)
      throw new AppError('upstream_invalid', 'the upstream sent an event without end')
    return out
  }

  /** What may leave now: all up to the end of the last whole event. */
  #whole(bytes: Uint8Array): Uint8Array {
    if (this.#held === undefined) {
      if (bytes.length === 0 || endsEvent(bytes)) return bytes
      const end = endOfEvents(bytes)
      if (bytes.length - end > MOST_HELD || (this.#isOpen && end === 0)) return bytes
      this.#held = new EventRest(bytes.subarray(end))
      return bytes.subarray(0, end)
    }
    const whole = this.#held.add(bytes)
    if (this.#held.size > MOST_HELD) {
      const rest = this.#held.take()
      this.#held = undefined
      return whole.length === 0 ? rest : Buffer.concat([whole, rest])
    }
    if (this.#held.size === 0) this.#held = undefined
    return whole
  }

  /** Leaves out the vendor's error event, if the tap knows it for one. */
  #cutAt(event: number, out: Uint8Array): Uint8Array {
    if (!this.report().error) return out
    this.finished = true
    this.untold = true
    this.#isOpen = false
    return (this.#last = out.subarray(0, event))
  }

  end(): Uint8Array {
    const rest = this.#held?.take() ?? NOTHING
    this.#held = undefined
    const flushed = this.#tap.flush()
    this.#report = undefined
    // What was cut in the middle would only hide the error event that follows.
    if (!this.report().complete) return NOTHING
    this.finished = true
    // Behind the reason of the end there was only a count, which is no loss to the answer.
    if (rest.length === 0 || !isWholeEvent(rest)) return flushed
    return Buffer.concat(flushed.length === 0 || endsEvent(rest) ? [rest, flushed] : [rest, BLANK_LINE, flushed])
  }

  get told(): boolean {
    return !this.#isOpen && this.#tap.told?.() === true && this.report().error === undefined
  }

  fail(error: CallError): string {
    // An event that was cut in the middle is ended first, or the error would be read as a part of it.
    return (this.#isOpen ? '\n\n' : '') + this.#encoder(this.#resumed()).fail(error)
  }

  #resumed(): Resumed {
    const { id } = this.report()
    return { ...(id === undefined ? {} : { id }), sequence: nextSequence([this.#lastButOne, this.#last]) }
  }

  report(): TapReport {
    return (this.#report ??= this.#tap.report())
  }
}
