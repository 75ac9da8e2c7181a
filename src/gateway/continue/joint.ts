import type { StreamPart } from '../../llm/spec.ts'

/** An answer whose text is longer than this is not kept, and so not continued. */
const LONGEST = 1024 * 1024

/**
 * Where the answers of several targets become one: keeps the text that was said, and makes the parts of the next target go on from it, in
 * the block that is open.
 */
export class StreamJoint {
  #text = ''
  /** Something other than text was said, which nobody else can go on from. */
  #spoiled = false
  #thinking = 0
  #started = false
  #continued = false
  /** Numbers of the blocks of the target that speaks now → their numbers for the client. */
  readonly #numbers = new Map<number, number>()
  #next = 0
  /** The block of text that is open for the client. */
  #open: number | undefined
  /** Its end, told when something follows: who goes on after it may still have to say something in it. */
  #ended: StreamPart | undefined
  /** Characters of the open block that other targets said. */
  #before = 0
  #repeated = new Repeated('', 0)

  /** What was said, when all of it is text and it was not ended; empty when nothing was. */
  get text(): string | undefined {
    return this.#spoiled || this.#thinking > 0 || !this.#text.isWellFormed() ? undefined : this.#text
  }

  /** From here on another target speaks. It may begin by repeating `turn` (only if it does so wholly) and the white space after it. */
  resume(turn: string): void {
    const space = this.#text.length - this.#text.trimEnd().length
    this.#numbers.clear()
    this.#ended = undefined
    this.#continued = true
    this.#before = this.#open === undefined ? 0 : this.#text.length
    const tail = this.#text.slice(this.#text.length - space)
    this.#repeated = new Repeated(turn + tail, turn.length)
  }

  /** The part as the client's answer goes on with it. */
  take(part: StreamPart): readonly StreamPart[] {
    const ended = this.#ended
    if (!ended || part.type === 'usage') return this.#take(part)
    this.#ended = undefined
    this.#open = undefined
    return [ended, ...this.#take(part)]
  }

  #take(part: StreamPart): readonly StreamPart[] {
    switch (part.type) {
      case 'response-start': {
        const begun = this.#started
        this.#started = true
        return begun ? [] : [part]
      }
      case 'text-start': {
        if ((part.choice ?? 0) > 0) this.#spoiled = true
        const open = this.#continued ? this.#open : undefined
        if (open !== undefined) {
          this.#numbers.set(part.index, open)
          return []
        }
        return [{ ...part, index: (this.#open = this.#number(part.index)) }]
      }
      case 'text-delta': {
        const text = this.#continued ? this.#repeated.take(part.text) : part.text
        return text === '' && part.logprobs === undefined ? [] : [this.#say({ ...part, text })]
      }
      case 'text-end': {
        const rest = this.#flush(part.index)
        const end = { ...part, index: this.#number(part.index) }
        if (end.index !== this.#open || end.signature !== undefined) return [...rest, end]
        this.#ended = end
        return rest
      }
      case 'source': {
        if (part.index === undefined) return [part]
        const { start, end, ...source } = part.source
        const at = {
          ...(start === undefined ? {} : { start: start + this.#before }),
          ...(end === undefined ? {} : { end: end + this.#before }),
        }
        return [{ ...part, index: this.#number(part.index), source: { ...source, ...at } }]
      }
      case 'reasoning-start':
        this.#thinking++
        return [...this.#close(), { ...part, index: this.#number(part.index) }]
      case 'reasoning-end':
        this.#thinking--
        return [{ ...part, index: this.#number(part.index) }]
      case 'refusal-start':
      case 'tool-call-start':
      case 'media':
      case 'audio-delta':
      case 'native':
        this.#spoiled = true
        return [...this.#close(), { ...part, index: this.#number(part.index) }]
      case 'reasoning-delta':
      case 'refusal-delta':
      case 'refusal-end':
      case 'tool-call-delta':
      case 'tool-call-end':
        return [{ ...part, index: this.#number(part.index) }]
      case 'finish':
        this.#spoiled = true
        return [...this.#flush(undefined), part]
      case 'raw':
        // Nobody knows what it said.
        this.#spoiled = true
        return [part]
      default:
        return [part]
    }
  }

  #say(part: Extract<StreamPart, { type: 'text-delta' }>): StreamPart {
    if (this.#text.length + part.text.length > LONGEST) this.#spoiled = true
    else this.#text += part.text
    return { ...part, index: this.#number(part.index) }
  }

  /** What was held because it looked like a repetition, and was none. */
  #flush(index: number | undefined): StreamPart[] {
    const text = this.#continued ? this.#repeated.end() : ''
    const at = index ?? [...this.#numbers.keys()].at(-1)
    return text === '' || at === undefined ? [] : [this.#say({ type: 'text-delta', index: at, text })]
  }

  /** Ends the text that others left open when something else begins. */
  #close(): StreamPart[] {
    const open = this.#open
    if (!this.#continued || open === undefined) return []
    this.#open = undefined
    return [{ type: 'text-end', index: open }]
  }

  #number(index: number): number {
    let number = this.#numbers.get(index)
    if (number === undefined) this.#numbers.set(index, (number = this.#next++))
    return number
  }
}

/** Takes away what a text repeats at its beginning: all of the first `whole` characters or none of them, and what it can of the others. */
class Repeated {
  readonly #expected: string
  readonly #whole: number
  #seen = 0
  #over = false

  constructor(expected: string, whole: number) {
    this.#expected = expected
    this.#whole = whole
  }

  take(text: string): string {
    if (this.#over) return text
    let same = 0
    while (same < text.length && this.#seen + same < this.#expected.length) {
      if (text[same] !== this.#expected[this.#seen + same]) return this.#differs(text, same)
      same++
    }
    this.#seen += same
    if (this.#seen < this.#expected.length) return ''
    this.#over = true
    return text.slice(same)
  }

  end(): string {
    if (this.#over) return ''
    this.#over = true
    return this.#seen < this.#whole ? this.#expected.slice(0, this.#seen) : ''
  }

  #differs(text: string, same: number): string {
    this.#over = true
    const seen = this.#seen + same
    return seen < this.#whole ? this.#expected.slice(0, this.#seen) + text : text.slice(same)
  }
}
