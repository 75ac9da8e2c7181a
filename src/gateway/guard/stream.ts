import { AppError } from '../../errors.ts'
import type { JsonObject, StreamPart } from '../../llm/spec.ts'
import { calledTools } from './called-tools.ts'
import { visitJson, type Visit } from './open-walk.ts'
import type { GuardRun } from './run.ts'
import { walkTexts } from './text-walk.ts'
import { TextWindow } from './text-window.ts'
import { findAll, type Matcher } from './matcher.ts'

/** Arguments of one tool call, and streams that are held for a webhook, are at most this long. */
const MAX_HELD_CHARACTERS = 4 * 1024 * 1024
const MAX_HELD_PARTS = 200_000

type Delta = Extract<StreamPart, { type: 'text-delta' | 'reasoning-delta' | 'refusal-delta' }>
type Spoken = Extract<StreamPart, { type: 'audio-delta' }>

/** The parts of one answer on their way through the guards. Throws when a guard blocks; nothing of what it found has been sent then. */
export class StreamGuard {
  readonly #run: GuardRun
  readonly #matchers: Matcher[]
  readonly #windows = new Map<number, { window: TextWindow; type: Delta['type'] }>()
  readonly #transcripts = new Map<number, { window: TextWindow; last: Spoken }>()
  readonly #arguments = new Map<number, string>()
  /** The text of each answer, and which answer each block belongs to; kept where a schema will ask for it. */
  readonly #texts = new Map<number, string>()
  readonly #choices = new Map<number, number>()
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
    const texts: string[] = []
    const blocks = blocksOf(held)
    for (const block of blocks.values())
      if (block.type === 'tool-call-delta')
        visitJson(block.text, (text, aside) => {
          if (!aside) texts.push(text)
          return undefined
        })
      else texts.push(block.text)
    const replaced = await this.#run.askOutput(texts)
    if (!replaced) return held
    let next = 0
    for (const block of blocks.values())
      block.text =
        block.type === 'tool-call-delta'
          ? (visitJson(block.text, (_, aside) => (aside ? undefined : replaced[next++])) ?? block.text)
          : (replaced[next++] ?? '')
    return held.flatMap((part): StreamPart[] => {
      if (!isSaid(part)) return [part]
      const block = blocks.get(part.index)
      blocks.delete(part.index)
      if (!block) return []
      if (part.type === 'tool-call-delta') return [{ type: part.type, index: part.index, arguments: block.text }]
      return [{ type: part.type, index: part.index, text: block.text }]
    })
  }

  #guard(part: StreamPart): StreamPart[] {
    switch (part.type) {
      case 'response-start':
        return [this.#ending(part)]
      case 'text-start':
        if (part.choice !== undefined) this.#choices.set(part.index, part.choice)
        return [part]
      case 'text-delta':
        this.#keep(part.index, part.text)
        return this.#delta(part)
      case 'reasoning-delta':
      case 'refusal-delta':
        return this.#delta(part)
      case 'text-end':
      case 'reasoning-end':
      case 'refusal-end':
        return [...this.#close(part.index), part]
      case 'tool-call-start':
        this.#run.checkCalledTools([part.name])
        return [{ ...part, name: this.#visit(part.name) ?? part.name }]
      case 'tool-call-delta':
        return this.#hold(part.index, part.arguments)
      case 'tool-call-end':
        return [...this.#whole(part.index), part]
      case 'source':
        return [{ ...part, source: this.#walked(part.source) }]
      case 'native':
        this.#run.refuseUnreadable('output')
        this.#run.checkCalledTools(calledTools(part.part.value))
        return [{ ...part, part: { ...part.part, value: this.#walked(part.part.value) } }]
      case 'raw':
        this.#run.refuseUnreadable('output')
        return [{ ...part, value: this.#walked({ value: part.value }).value }]
      case 'audio-delta':
        this.#run.refuseUnreadable('output')
        return this.#spoken(part)
      case 'media':
        this.#run.refuseUnreadable('output')
        return [part]
      case 'finish':
        return [...this.#closeAll(), part]
      case 'response-end':
        for (const text of this.#texts.size > 0 ? this.#texts.values() : ['']) this.#run.checkSchemas(text)
        return [...this.#closeAll(), this.#ending(part)]
      default:
        return [part]
    }
  }

  /** What comes whole: judged as it is. */
  readonly #visit: Visit = (text) => {
    const judged = this.#run.judge(text, findAll(this.#matchers, text))
    return judged === text ? undefined : judged
  }

  /** What the vendor says about the whole answer may repeat it. */
  #ending(part: Extract<StreamPart, { type: 'response-start' | 'response-end' }>): StreamPart {
    return part.metadata === undefined ? part : { ...part, metadata: this.#walked(part.metadata) }
  }

  #walked<Value extends object>(value: Value): Value {
    const copy = structuredClone(value)
    walkTexts(copy as JsonObject, this.#visit)
    return copy
  }

  /** What is spoken cannot be read, but its transcript can. */
  #spoken(part: Spoken): StreamPart[] {
    if (part.transcript === undefined) return [part]
    this.#note(part.transcript)
    const { index, choice } = part
    const entry = this.#transcripts.get(index) ?? { window: this.#window(), last: part }
    entry.last = { type: 'audio-delta', index, ...(choice === undefined ? {} : { choice }) }
    this.#transcripts.set(index, entry)
    return [{ ...part, transcript: entry.window.push(part.transcript) }]
  }

  #window(): TextWindow {
    return new TextWindow(this.#matchers, (text, findings) => this.#run.judge(text, findings))
  }

  /** Log-probabilities repeat the text that may be masked: they stay behind. */
  #delta(part: Delta): StreamPart[] {
    this.#note(part.text)
    let entry = this.#windows.get(part.index)
    if (!entry) this.#windows.set(part.index, (entry = { window: this.#window(), type: part.type }))
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
    const spoken = [...this.#transcripts.values()].map(({ window, last }) => ({ ...last, transcript: window.end() }))
    this.#transcripts.clear()
    return [
      ...[...this.#windows.keys()].flatMap((index) => this.#close(index)),
      ...spoken.filter(({ transcript }) => transcript !== ''),
    ]
  }

  /** Arguments are judged when they are whole: only then are they JSON. */
  #hold(index: number, piece: string): StreamPart[] {
    this.#note(piece)
    const text = (this.#arguments.get(index) ?? '') + piece
    if (text.length > MAX_HELD_CHARACTERS) throw tooLong()
    this.#arguments.set(index, text)
    return []
  }

  #whole(index: number): StreamPart[] {
    const text = this.#arguments.get(index)
    if (text === undefined) return []
    this.#arguments.delete(index)
    const judged = visitJson(text, this.#visit)
    return [{ type: 'tool-call-delta', index, arguments: judged ?? text }]
  }

  #note(text: string): void {
    this.#characters += text.length
    this.#run.checkOutputSize(this.#characters)
  }

  /** Keeps the text for the schemas. */
  #keep(index: number, piece: string): void {
    if (this.#run.set.schemas.length === 0) return
    const choice = this.#choices.get(index) ?? 0
    const text = (this.#texts.get(choice) ?? '') + piece
    this.#texts.set(choice, text)
    if (text.length > MAX_HELD_CHARACTERS) throw tooLong()
  }
}

type Said = Extract<StreamPart, { type: Delta['type'] | 'tool-call-delta' }>

const isSaid = (part: StreamPart): part is Said =>
  part.type === 'text-delta' ||
  part.type === 'reasoning-delta' ||
  part.type === 'refusal-delta' ||
  part.type === 'tool-call-delta'

/** The whole of each block, in order. */
function blocksOf(parts: readonly StreamPart[]): Map<number, { readonly type: Said['type']; text: string }> {
  const blocks = new Map<number, { readonly type: Said['type']; text: string }>()
  for (const part of parts) {
    if (!isSaid(part)) continue
    const text = part.type === 'tool-call-delta' ? part.arguments : part.text
    const block = blocks.get(part.index)
    if (block) block.text += text
    else blocks.set(part.index, { type: part.type, text })
  }
  return blocks
}

function tooLong(): AppError {
  return new AppError('content_filtered', 'the answer is longer than a guard can hold to check it')
}
