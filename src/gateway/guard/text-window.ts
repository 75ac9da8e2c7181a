import { MAX_MATCH } from '../../lib/linear/scanner.ts'
import { findAll, type Finding, type Matcher } from './matcher.ts'

/** A window is judged at this size even when a match could still go on. */
const MAX_HELD = 2 * MAX_MATCH

/**
 * Text on its way through, in pieces. What might be the beginning of a match is held until it is one or is none, so that a match which is
 * split over pieces is found; everything before it goes on at once. `judge` turns judged text into what is sent.
 */
export class TextWindow {
  readonly #matchers: readonly Matcher[]
  readonly #judge: (text: string, findings: readonly Finding[]) => string
  #held = ''
  #before = ''

  constructor(matchers: readonly Matcher[], judge: (text: string, findings: readonly Finding[]) => string) {
    this.#matchers = matchers
    this.#judge = judge
  }

  /** What may go on now. */
  push(text: string): string {
    this.#held += text
    const { quietAt, mayMatch } = this.#look()
    if (quietAt > 0) return this.#release(quietAt, mayMatch)
    return this.#held.length > MAX_HELD ? this.#force() : ''
  }

  /** The last place before which no matcher waits for more. */
  #look(): { quietAt: number; mayMatch: boolean } {
    let text = this.#held
    let mayMatch = false
    for (let agreed = 0; agreed < this.#matchers.length && text.length > 0;) {
      agreed = 0
      for (const { scanner } of this.#matchers) {
        const look = scanner.look(text)
        mayMatch ||= look.mayMatch
        if (look.quietAt < text.length) {
          text = text.slice(0, look.quietAt)
          break
        }
        agreed++
      }
    }
    return { quietAt: text.length, mayMatch }
  }

  /** The text is over: the rest of it. */
  end(): string {
    return this.#release(this.#held.length, true)
  }

  #release(length: number, mayMatch: boolean): string {
    if (length === 0) return ''
    const text = this.#held.slice(0, length)
    const findings = mayMatch ? findAll(this.#matchers, text, this.#before) : []
    this.#held = this.#held.slice(length)
    this.#before = text.slice(-1)
    return this.#judge(text, findings)
  }

  /** Judges all that is held, and sends its first half with whatever began in it. */
  #force(): string {
    const findings = findAll(this.#matchers, this.#held, this.#before)
    let cut = Math.floor(this.#held.length / 2)
    for (const { start, end } of findings) if (start < cut && end > cut) cut = end
    const text = this.#held.slice(0, cut)
    this.#held = this.#held.slice(cut)
    this.#before = text.slice(-1)
    return this.#judge(
      text,
      findings.filter(({ end }) => end <= cut),
    )
  }
}
