// The events of an answer for a client of Gemini: SSE with `alt=sse`, else one JSON list that grows.
import { cutStream } from '../../errors.ts'
import { asObject } from '../../json.ts'
import type { AnswerOptions, StreamEncoder } from '../../protocol.ts'
import type { CallError, Citation, FinishReason, JsonObject, StreamPart, ToolCallPart, Usage } from '../../spec.ts'
import { groundingOf, writeError, writeLogprobs, writePart } from './encode-response.ts'
import { writeFinish } from './finish.ts'
import { writeThought } from './part.ts'
import { writeUsage } from './usage.ts'

export function createStreamEncoder(options: AnswerOptions): StreamEncoder {
  return new ContentEncoder(options)
}

type Call = { -readonly [K in keyof ToolCallPart]: ToolCallPart[K] } & { readonly choice: number }

class ContentEncoder implements StreamEncoder {
  readonly #options: AnswerOptions
  readonly #sse: boolean
  #over = false
  #sent = false
  #id: string
  #usage: Usage | undefined
  /** What every event ends with. */
  #suffix = ''
  readonly #choices = new Map<number, number>()
  readonly #calls = new Map<number, Call>()
  readonly #items = new Map<number, string>()
  readonly #finishes: { readonly choice: number; readonly reason: FinishReason }[] = []
  #sources: Citation[] = []
  readonly #refused = new Set<number>()

  constructor(options: AnswerOptions) {
    this.#options = options
    this.#sse = options.query?.['alt'] === 'sse'
    this.#id = options.requestId
  }

  #frame(json: string): string {
    if (this.#sse) return `data: ${json}\n\n`
    const lead = this.#sent ? ',\r\n' : '['
    this.#sent = true
    return lead + json
  }

  #event(choice: number, part: string, more = ''): string {
    this.#suffix ||= `,"modelVersion":${JSON.stringify(this.#options.model)},"responseId":${JSON.stringify(this.#id)}}`
    return this.#frame(
      `{"candidates":[{"content":{"parts":[${part}],"role":"model"},"index":${choice}${more}}]${this.#suffix}`,
    )
  }

  push(part: StreamPart): string {
    if (this.#over) return ''
    switch (part.type) {
      case 'response-start':
        this.#id = part.id ?? this.#id
        this.#usage = part.usage
        return ''
      case 'text-start':
      case 'refusal-start':
        if (part.type === 'refusal-start') this.#refused.add(part.choice ?? 0)
        this.#choices.set(part.index, part.choice ?? 0)
        return ''
      case 'reasoning-start':
        this.#choices.set(part.index, part.choice ?? 0)
        if (part.itemId !== undefined) this.#items.set(part.index, part.itemId)
        return ''
      case 'text-delta': {
        if (part.text === '' && part.logprobs === undefined) return ''
        const more =
          part.logprobs === undefined ? '' : `,"logprobsResult":${JSON.stringify(writeLogprobs(part.logprobs))}`
        return this.#event(this.#choices.get(part.index) ?? 0, `{"text":${JSON.stringify(part.text)}}`, more)
      }
      case 'refusal-delta':
        return this.#event(this.#choices.get(part.index) ?? 0, `{"text":${JSON.stringify(part.text)}}`)
      case 'reasoning-delta':
        return this.#event(this.#choices.get(part.index) ?? 0, `{"text":${JSON.stringify(part.text)},"thought":true}`)
      case 'text-end':
        return part.signature === undefined
          ? ''
          : this.#event(
              this.#choices.get(part.index) ?? 0,
              JSON.stringify({ text: '', thoughtSignature: part.signature }),
            )
      case 'reasoning-end': {
        if (part.signature === undefined && part.redacted === undefined) return ''
        const itemId = this.#items.get(part.index)
        const thought = writeThought({ text: '', ...part, ...(itemId === undefined ? {} : { itemId }) })
        return this.#event(this.#choices.get(part.index) ?? 0, JSON.stringify(thought))
      }
      case 'tool-call-start':
        this.#calls.set(part.index, { ...part, type: 'tool-call', choice: part.choice ?? 0, arguments: '' })
        return ''
      case 'tool-call-delta': {
        const call = this.#calls.get(part.index)
        if (call !== undefined) call.arguments += part.arguments
        return ''
      }
      case 'tool-call-end':
        return this.#endCall(part)
      case 'media':
      case 'native': {
        const written = writePart(part.part)
        return written === undefined ? '' : this.#event(part.choice ?? 0, JSON.stringify(written))
      }
      case 'audio-delta':
        return part.data === undefined
          ? ''
          : this.#event(
              part.choice ?? 0,
              JSON.stringify({ inlineData: { mimeType: 'audio/L16;rate=24000', data: part.data } }),
            )
      case 'source':
        this.#sources.push(part.source)
        return ''
      case 'usage':
        this.#usage = part.usage
        return ''
      case 'finish':
        this.#finishes.push({ choice: part.choice ?? 0, reason: part.reason })
        return ''
      case 'response-end':
        return this.#end(part.metadata)
      case 'error':
        return this.fail(part.error)
      default:
        return ''
    }
  }

  /** Gemini's clients know only whole calls. */
  #endCall(part: Extract<StreamPart, { type: 'tool-call-end' }>): string {
    const call = this.#calls.get(part.index)
    if (call === undefined) return ''
    this.#calls.delete(part.index)
    if (part.signature !== undefined) call.signature = part.signature
    const written = writePart(call)
    return written === undefined ? '' : this.#event(call.choice, JSON.stringify(written))
  }

  #end(metadata: JsonObject | undefined): string {
    let sent = ''
    for (const index of this.#calls.keys()) sent += this.#endCall({ type: 'tool-call-end', index })
    this.#over = true
    const { promptFeedback: _, ...own } = asObject(metadata?.['gemini']) ?? {}
    const finishes = this.#finishes.length > 0 ? this.#finishes : [{ choice: 0, reason: { unified: 'other' } as const }]
    const candidates = finishes.map(({ choice, reason }) => ({
      content: { parts: [{ text: '' }], role: 'model' },
      finishReason: writeFinish(reason, this.#refused.has(choice)),
      index: choice,
      ...(choice === 0 ? { ...groundingOf(this.#sources), ...own } : {}),
    }))
    const last: JsonObject = {
      candidates,
      ...(this.#usage === undefined ? {} : { usageMetadata: writeUsage(this.#usage) }),
      modelVersion: this.#options.model,
      responseId: this.#id,
    }
    return sent + this.#frame(JSON.stringify(last)) + (this.#sse ? '' : ']')
  }

  /** Server-sent events have comments; a list has not. */
  get mark(): ((value: JsonObject) => string) | undefined {
    return this.#sse
      ? undefined
      : (value) => this.#event(0, '{"text":""}').replace(/}$/, `,"portreeve":${JSON.stringify(value)}}`)
  }

  end(): string {
    return this.#over ? '' : this.fail(cutStream())
  }

  fail(error: CallError): string {
    if (this.#over) return ''
    this.#over = true
    return this.#frame(JSON.stringify(writeError(error))) + (this.#sse ? '' : ']')
  }
}
