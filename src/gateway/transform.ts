import { AppError } from '../errors.ts'
import { EventRest } from '../llm/stream/event-rest.ts'
import { endOfEvents, endsEvent, endsStream, IN_ORDER, isWholeEvent, judge, NOT_JSON } from '../llm/stream/events.ts'
import type { MadeIds } from '../llm/stream/made-ids.ts'
import type { StreamJoint } from './continue/joint.ts'
import type { StreamGuard } from './guard/stream.ts'
import type { AnswerOptions, StreamDecoder, StreamEncoder, TapReport, UsageTap } from '../llm/protocol.ts'
import type { CallError, FinishReason, JsonObject, StreamPart, Usage } from '../llm/spec.ts'

/** What happens to a stream's bytes on their way to the client. */
export type StreamTransform = {
  /** The bytes to forward now; may be empty. */
  push(bytes: Uint8Array): Uint8Array | string
  /** The upstream's stream is over: what is still to be sent. */
  end(): Uint8Array | string
  /** The bytes that tell the client of a failure, in its dialect. */
  fail(error: CallError): string
  /** True once the terminal event has been seen: the answer is whole, whatever the upstream's connection does. */
  readonly finished: boolean
  /** Whether every answer that was asked for told why it stopped: if nothing more comes, `end` makes the stream whole. */
  readonly told: boolean
  /** Set where the answer is held until it is whole: makes the bytes of all that was held. */
  readonly conclude?: (() => Promise<string>) | undefined
  /** Set where another target may go on with the stream: then failures are left for the caller of `fail` to tell. */
  readonly joint?: StreamJoint | undefined
  /** Set where the report's error is in no bytes that were given: the caller of `fail` tells it. */
  readonly untold?: boolean
  report(): TapReport
}

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

/** Another transform, whose bytes tell which things the answer made. */
export class Watched implements StreamTransform {
  readonly #inner: StreamTransform
  readonly #made: MadeIds
  readonly conclude: (() => Promise<string>) | undefined

  constructor(inner: StreamTransform, made: MadeIds) {
    this.#inner = inner
    this.#made = made
    const { conclude } = inner
    if (conclude) this.conclude = async () => this.#seen(await conclude())
  }

  get finished(): boolean {
    return this.#inner.finished
  }

  get told(): boolean {
    return this.#inner.told
  }

  get untold(): boolean {
    return this.#inner.untold === true
  }

  push(bytes: Uint8Array): Uint8Array | string {
    return this.#seen(this.#inner.push(bytes))
  }

  end(): Uint8Array | string {
    return this.#seen(this.#inner.end())
  }

  fail(error: CallError): string {
    return this.#inner.fail(error)
  }

  report(): TapReport {
    return this.#inner.report()
  }

  #seen<Out extends Uint8Array | string>(out: Out): Out {
    this.#made.push(out)
    return out
  }
}

/** Parts are read in the vendor's format and written in the client's. */
export class Translation implements StreamTransform {
  finished = false
  readonly conclude: (() => Promise<string>) | undefined
  readonly joint: StreamJoint | undefined
  #decoder: StreamDecoder
  readonly #encoder: StreamEncoder
  readonly #guard: StreamGuard | undefined
  #usage: Usage | undefined
  #finish: FinishReason | undefined
  #model: string | undefined
  #id: string | undefined
  #error: CallError | undefined
  #pieces = 0
  readonly #asked: number
  /** The end is known by its reasons alone: the vendor did not get to count. */
  #unmarked = false

  /** `asked` is the number of answers that the vendor was asked for. */
  constructor(decoder: StreamDecoder, encoder: StreamEncoder, asked = 1, guard?: StreamGuard, joint?: StreamJoint) {
    this.#asked = asked
    this.joint = joint
    this.#decoder = decoder
    this.#encoder = encoder
    this.#guard = guard
    if (guard?.isHeld) this.conclude = async () => this.#encode(await guard.finish()) + this.#encoder.end()
  }

  push(bytes: Uint8Array): string {
    return this.#write(this.#decoder.push(bytes))
  }

  /** About how many tokens the target that speaks now has said. */
  get tokensSaid(): number {
    return this.#usage?.output ? this.#usage.output + this.#usage.reasoning : this.#pieces
  }

  /** From here on another target speaks; `turn` is what it may repeat. The bytes that say so come first. */
  goOn(decoder: StreamDecoder, turn: string, mark: JsonObject): string {
    this.joint?.resume(turn)
    this.#decoder = decoder
    this.finished = false
    this.#usage = undefined
    this.#error = undefined
    this.#pieces = 0
    return this.#encoder.mark?.(mark) ?? `: portreeve ${JSON.stringify(mark)}\n\n`
  }

  get told(): boolean {
    return !this.finished && (this.#decoder.stopped?.() ?? 0) >= this.#asked
  }

  end(): string {
    if (!this.finished) this.#unmarked = true
    const rest = this.#write(this.#decoder.end())
    return this.conclude || this.joint ? rest : rest + this.#encoder.end()
  }

  fail(error: CallError): string {
    return this.#encoder.fail(error)
  }

  report(): TapReport {
    return {
      ...(this.#usage ? { usage: this.#usage } : {}),
      ...(this.#finish ? { finish: this.#finish } : {}),
      ...(this.#model ? { model: this.#model } : {}),
      ...(this.#id ? { id: this.#id } : {}),
      ...(this.#error ? { error: this.#error } : {}),
      complete: this.finished && !this.#error,
      estimatedOutput: this.finished && !this.#error && (!this.#unmarked || this.#usage) ? 0 : this.#pieces,
    }
  }

  #write(parts: readonly StreamPart[]): string {
    let out = ''
    for (const part of parts) {
      this.#note(part)
      if (this.joint) out += this.#join(part, this.joint)
      else out += this.#guard ? this.#encode(this.#guard.push(part)) : this.#encoder.push(part)
    }
    return out
  }

  #join(part: StreamPart, joint: StreamJoint): string {
    return part.type === 'error' ? '' : this.#encode(joint.take(part))
  }

  #encode(parts: readonly StreamPart[]): string {
    let out = ''
    for (const part of parts) out += this.#encoder.push(part)
    return out
  }

  #note(part: StreamPart): void {
    switch (part.type) {
      case 'response-start':
        this.#model = part.model ?? this.#model
        this.#id = part.id ?? this.#id
        this.#usage = part.usage ?? this.#usage
        break
      case 'usage':
        this.#usage = part.usage
        break
      case 'finish':
        this.#finish ??= part.reason
        break
      case 'error':
        this.#error = part.error
        this.finished = true
        break
      case 'response-end':
        this.finished = true
        break
      case 'text-delta':
      case 'reasoning-delta':
      case 'tool-call-delta':
        this.#pieces++
        break
    }
  }
}
