import { AppError } from '../../errors.ts'
import type { StreamPart } from '../../llm/spec.ts'
import type { GuardRun } from './run.ts'
import { visitJson } from './text-walk.ts'
import { TextWindow } from './text-window.ts'
import { findAll, type Matcher } from './matcher.ts'

/** Arguments of one tool call, and streams that are held for a webhook, are at most this long. */
const MAX_HELD_CHARACTERS = 4 * 1024 * 1024
const MAX_HELD_PARTS = 200_000

type Delta = Extract<StreamPart, { type: 'text-delta' | 'reasoning-delta' | 'refusal-delta' }>

/** The parts of one answer on their way through the guards. Throws when a guard blocks; nothing of what it found has been sent then. */
export class StreamGuard {
  readonly #run: GuardRun
  readonly #matchers: Matcher[]
  readonly #windows = new Map<number, { window: TextWindow; type: Delta['type'] }>()
  readonly #arguments = new Map<number, string>()
  #text = ''
  #characters = 0
  #held: StreamPart[] | undefined

  constructor(run: GuardRun) {
    this.#run = run
    this.#matchers = run.streamMatchers()
    if (run.holdsStream) this.#held = []
  }

  /** Whether `finish` must be awaited before the last parts may go on. */
  get isHeld(): boolean {
    return this.#held !== undefined
  }

  /** The parts that may go on now. */
  push(part: StreamPart): StreamPart[] {
    const out = this.#guard(part)
    if (!this.#held) return out
    this.#held.push(...out)
    if (this.#held.length > MAX_HELD_PARTS) throw tooLong()
    return []
  }

  /** Asks the services that look at whole answers, then gives what was held. */
  async finish(): Promise<StreamPart[]> {
    const held = this.#held ?? []
    this.#held = undefined
    const places = held.filter((part) => part.type === 'text-delta')
    const byBlock = new Map<number, string>()
    for (const { index, text } of places) byBlock.set(index, (byBlock.get(index) ?? '') + text)
    const replaced = await this.#run.askOutput([...byBlock.values()])
    if (!replaced) return held
    const texts = new Map([...byBlock.keys()].map((index, at) => [index, replaced[at] ?? '']))
    return held.flatMap((part): StreamPart[] => {
      if (part.type !== 'text-delta') return [part]
      const text = texts.get(part.index)
      texts.delete(part.index)
      return text === undefined ? [] : [{ type: 'text-delta', index: part.index, text }]
    })
  }

  #guard(part: StreamPart): StreamPart[] {
    switch (part.type) {
      case 'text-delta':
        this.#note(part.text)
        return this.#delta(part)
      case 'reasoning-delta':
      case 'refusal-delta':
        return this.#delta(part)
      case 'text-end':
      case 'reasoning-end':
      case 'refusal-end':
        return [...this.#close(part.index), part]
      case 'tool-call-start':
        this.#run.checkCalledTool(part.name)
        return [part]
      case 'tool-call-delta':
        return this.#hold(part.index, part.arguments)
      case 'tool-call-end':
        return [...this.#whole(part.index), part]
      case 'media':
      case 'audio-delta':
      case 'native':
      case 'raw':
        this.#run.refuseUnreadable('output')
        return [part]
      case 'finish':
        return [...this.#closeAll(), part]
      case 'response-end':
        this.#run.checkSchemas(this.#text)
        return [...this.#closeAll(), part]
      default:
        return [part]
    }
  }

  /** Log-probabilities repeat the text that may be masked: they stay behind. */
  #delta(part: Delta): StreamPart[] {
    let entry = this.#windows.get(part.index)
    if (!entry) {
      const window = new TextWindow(this.#matchers, (text, findings) => this.#run.judge(text, findings))
      this.#windows.set(part.index, (entry = { window, type: part.type }))
    }
    const text = entry.window.push(part.text)
    return text === '' ? [] : [{ type: part.type, index: part.index, text }]
  }

  #close(index: number): StreamPart[] {
    const entry = this.#windows.get(index)
    if (!entry) return []
    this.#windows.delete(index)
    const text = entry.window.end()
    return text === '' ? [] : [{ type: entry.type, index, text }]
  }

  #closeAll(): StreamPart[] {
    return [...this.#windows.keys()].flatMap((index) => this.#close(index))
  }

  /** Arguments are judged when they are whole: only then are they JSON. */
  #hold(index: number, piece: string): StreamPart[] {
    const text = (this.#arguments.get(index) ?? '') + piece
    if (text.length > MAX_HELD_CHARACTERS) throw tooLong()
    this.#arguments.set(index, text)
    return []
  }

  #whole(index: number): StreamPart[] {
    const text = this.#arguments.get(index)
    if (text === undefined) return []
    this.#arguments.delete(index)
    const judged = visitJson(text, (value) => {
      const out = this.#run.judge(value, findAll(this.#matchers, value))
      return out === value ? undefined : out
    })
    return [{ type: 'tool-call-delta', index, arguments: judged ?? text }]
  }

  #note(text: string): void {
    this.#characters += text.length
    this.#run.checkOutputSize(this.#characters)
    if (this.#run.set.schemas.length === 0) return
    this.#text += text
    if (this.#text.length > MAX_HELD_CHARACTERS) throw tooLong()
  }
}

function tooLong(): AppError {
  return new AppError('content_filtered', 'the answer is longer than a guard can hold to check it')
}
