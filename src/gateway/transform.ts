import type { MadeIds } from '../llm/stream/made-ids.ts'
import type { StreamJoint } from './continue/joint.ts'
import type { StreamGuard } from './guard/stream.ts'
import type { StreamDecoder, StreamEncoder, TapReport } from '../llm/protocol.ts'
import type { CallError, FinishReason, JsonObject, StreamPart, Usage } from '../llm/spec.ts'
import { UNBELIEVED } from '../llm/usage.ts'

/** What happens to a stream's bytes on their way to the client. */
export type StreamTransform = {
  /** The bytes to forward now; may be empty. */
  push(bytes: Uint8Array): Uint8Array | string
  /** Takes bytes that go on as they are, which is quicker. False, and nothing taken, where `push` must see them. Absent: it must see all. */
  passes?(bytes: Uint8Array, from: number, to: number): boolean
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
      estimatedOutput: this.#isCounted() ? 0 : this.#pieces,
    }
  }

  #isCounted(): boolean {
    if (!this.finished || this.#error || this.#usage === UNBELIEVED) return false
    return !this.#unmarked || this.#usage !== undefined
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
