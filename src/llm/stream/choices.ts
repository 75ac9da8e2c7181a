// Which answers of one stream told why they stopped. Reads every event in full: for streams of several answers, and for what is left at an end.
import { asNumber, asObject, asText, objectsIn, parseObject } from '../json.ts'
import type { JsonObject } from '../spec.ts'
import { createSseParser } from './sse.ts'

/** Notes what one event says of its answers. */
export type ReadChoices = (event: JsonObject, choices: Choices) => void

/** More answers than any vendor gives to one request. */
const MOST = 4096

export class Choices {
  readonly #parser: ReturnType<typeof createSseParser>
  readonly #open = new Set<number>()
  readonly #stopped = new Set<number>()
  #refused = false

  constructor(read: ReadChoices) {
    this.#parser = createSseParser((data) => {
      const event = parseObject(data)
      if (event) read(event, this)
    })
  }

  /** Whether one that speaks in these bytes has not told its reason. Events that are not whole are passed over. */
  static anyOpen(bytes: Uint8Array, read: ReadChoices): boolean {
    const choices = new Choices(read)
    choices.push(bytes)
    choices.end()
    return choices.#open.size > 0
  }

  push(bytes: Uint8Array): void {
    this.#parser.push(bytes)
  }

  /** The stream is over: its last event counts without a blank line behind it. */
  end(): void {
    this.#parser.end()
  }

  note(index: number, stopped: boolean): void {
    if (stopped) {
      this.#open.delete(index)
      this.#stopped.add(index)
    } else if (!this.#stopped.has(index) && this.#open.size < MOST) this.#open.add(index)
  }

  /** No answer is given, and that was told. */
  refuse(): void {
    this.#refused = true
  }

  /** How many told their reason, where all that spoke did; else 0. */
  stopped(): number {
    if (this.#open.size > 0) return 0
    return this.#refused ? Infinity : this.#stopped.size
  }
}

/** OpenAI's `choices`, of chat and of completions. */
export const readChoices: ReadChoices = (event, choices) => {
  for (const choice of objectsIn(event['choices']))
    choices.note(asNumber(choice['index']) ?? 0, Boolean(asText(choice['finish_reason'])))
}

/** Gemini's `candidates`. */
export const readCandidates: ReadChoices = (event, choices) => {
  const candidates = objectsIn(event['candidates'])
  candidates.forEach((candidate, position) => {
    const reason = asText(candidate['finishReason'])
    const stopped = reason !== undefined && reason !== 'FINISH_REASON_UNSPECIFIED'
    choices.note(asNumber(candidate['index']) ?? position, stopped)
  })
  if (candidates.length === 0 && asObject(event['promptFeedback'])?.['blockReason'] !== undefined) choices.refuse()
}
