// The events of a message for a client: one block at a time, numbered from 0 without a gap.
import { cutStream } from '../../errors.ts'
import { asObject } from '../../json.ts'
import type { AnswerOptions, StreamEncoder } from '../../protocol.ts'
import type { CallError, FinishReason, JsonObject, StreamPart, Usage } from '../../spec.ts'
import { createProofLender } from '../../seal.ts'
import { writeCitation, writeThinking } from './block.ts'
import { errorBody, messageId, usageOrZero, writeCallStart, writePart } from './encode-response.ts'
import { writeFinish } from './finish.ts'

const event = (type: string, body: string) => `event: ${type}\ndata: {"type":"${type}"${body}}\n\n`

/** A part that belongs to a block. */
type BlockPart =
  Extract<StreamPart, { index: number }> | (Extract<StreamPart, { type: 'source' }> & { readonly index: number })

export function createStreamEncoder(options: AnswerOptions): StreamEncoder {
  return new MessageEncoder(options)
}

type Current = { readonly index: number; readonly choice: number; readonly kind: 'text' | 'reasoning' | 'tool' }

class MessageEncoder implements StreamEncoder {
  readonly #options: AnswerOptions
  #started = false
  #over = false
  #refused = false
  readonly #lend = createProofLender()
  #next = 0
  #current: Current | undefined
  /** Parts of blocks that must wait, for the format knows one open block at a time. */
  readonly #waiting = new Map<number, BlockPart[]>()
  /** Blocks of further answers (`n`), which the format cannot carry. */
  readonly #skipped = new Set<number>()
  #customText = ''
  #isCustom = false
  #usage: Usage | undefined
  #finish: FinishReason | undefined

  constructor(options: AnswerOptions) {
    this.#options = options
  }

  #start(part?: Extract<StreamPart, { type: 'response-start' }>): string {
    if (this.#started) return ''
    this.#started = true
    this.#usage = part?.usage
    const message: JsonObject = {
      id: messageId(part?.id, this.#options.requestId),
      type: 'message',
      role: 'assistant',
      model: this.#options.model,
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage: usageOrZero(part?.usage),
    }
    return event('message_start', `,"message":${JSON.stringify(message)}`)
  }

  push(part: StreamPart): string {
    let sent = ''
    for (const each of this.#lend(part)) sent += this.#push(each)
    return sent
  }

  #push(part: StreamPart): string {
    if (this.#over) return ''
    switch (part.type) {
      case 'response-start':
        return this.#start(part)
      case 'usage':
        this.#usage = part.usage
        return ''
      case 'finish':
        if ((part.choice ?? 0) === 0) this.#finish = part.reason
        return ''
      case 'response-end':
        return this.#end(part.metadata)
      case 'error':
        return this.fail(part.error)
      case 'raw':
        return part.protocol === 'anthropic-messages'
          ? `event: ${part.event ?? ''}\ndata: ${JSON.stringify(part.value)}\n\n`
          : ''
      case 'source':
        return part.index === undefined ? '' : this.#route({ ...part, index: part.index })
      default:
        return this.#route(part)
    }
  }

  /** Sends the part, or lets it wait until the open block has ended. */
  #route(part: BlockPart): string {
    if (this.#skipped.has(part.index)) return ''
    if ('choice' in part && (part.choice ?? 0) > 0) {
      this.#skipped.add(part.index)
      return ''
    }
    const start = this.#start()
    if (this.#current !== undefined && this.#current.index !== part.index) {
      const queue = this.#waiting.get(part.index)
      if (queue === undefined) this.#waiting.set(part.index, [part])
      else queue.push(part)
      return start
    }
    return start + this.#write(part)
  }

  #write(part: BlockPart): string {
    switch (part.type) {
      case 'text-delta':
      case 'refusal-delta':
        return part.text === '' ? '' : this.#delta(`{"type":"text_delta","text":${JSON.stringify(part.text)}}`)
      case 'tool-call-delta':
        if (this.#isCustom) {
          this.#customText += part.arguments
          return ''
        }
        return this.#delta(`{"type":"input_json_delta","partial_json":${JSON.stringify(part.arguments)}}`)
      case 'reasoning-delta':
        return this.#delta(`{"type":"thinking_delta","thinking":${JSON.stringify(part.text)}}`)
      case 'text-start':
      case 'refusal-start':
        if (part.type === 'refusal-start') this.#refused = true
        return this.#open('text', part, '{"type":"text","text":""}')
      case 'reasoning-start':
        // Until its end it is not known whether the thought has a text: an empty one may be a redacted block.
        this.#current = { index: part.index, choice: 0, kind: 'reasoning' }
        this.#reasoningOpen = false
        return ''
      case 'tool-call-start':
        this.#isCustom = part.custom === true
        this.#customText = ''
        return this.#open('tool', part, JSON.stringify(writeCallStart(part, {})))
      case 'text-end':
      case 'refusal-end':
        return this.#close()
      case 'reasoning-end':
        return this.#endReasoning(part)
      case 'tool-call-end': {
        const custom = this.#isCustom
          ? this.#delta(
              `{"type":"input_json_delta","partial_json":${JSON.stringify(JSON.stringify({ input: this.#customText }))}}`,
            )
          : ''
        return custom + this.#close()
      }
      case 'source': {
        const citation = writeCitation(part.source)
        return citation === undefined || this.#current?.kind !== 'text'
          ? ''
          : this.#delta(`{"type":"citations_delta","citation":${JSON.stringify(citation)}}`)
      }
      case 'native': {
        const block = writePart(part.part)
        return block === undefined ? '' : this.#whole(block)
      }
      case 'media': {
        const block = writePart(part.part)
        return block === undefined ? '' : this.#whole(block)
      }
      case 'audio-delta':
        // The words of a spoken answer are all that the format can carry.
        if (part.transcript === undefined) return ''
        return (
          (this.#current === undefined ? this.#open('text', part, '{"type":"text","text":""}') : '') +
          this.#delta(`{"type":"text_delta","text":${JSON.stringify(part.transcript)}}`)
        )
    }
  }

  #reasoningOpen = false

  #open(kind: Current['kind'], part: { readonly index: number }, block: string): string {
    this.#current = { index: part.index, choice: 0, kind }
    return event('content_block_start', `,"index":${this.#next},"content_block":${block}`)
  }

  #delta(delta: string): string {
    let opening = ''
    if (this.#current?.kind === 'reasoning' && !this.#reasoningOpen) {
      this.#reasoningOpen = true
      opening = event(
        'content_block_start',
        `,"index":${this.#next},"content_block":{"type":"thinking","thinking":"","signature":""}`,
      )
    }
    return `${opening}event: content_block_delta\ndata: {"type":"content_block_delta","index":${this.#next},"delta":${delta}}\n\n`
  }

  #endReasoning(part: Extract<StreamPart, { type: 'reasoning-end' }>): string {
    if (!this.#reasoningOpen) {
      const block = writeThinking({ text: '', ...part })
      if (block['type'] === 'redacted_thinking') {
        this.#current = undefined
        return this.#whole(block) + this.#release()
      }
    }
    // Once text went out, the block is a thinking block: what is redacted beside it travels in the signature.
    const block = writeThinking({ text: this.#reasoningOpen ? '-' : '', ...part })
    const opened = this.#reasoningOpen ? '' : this.#delta('{"type":"thinking_delta","thinking":""}')
    const signature =
      block['signature'] === ''
        ? ''
        : this.#delta(`{"type":"signature_delta","signature":${JSON.stringify(block['signature'])}}`)
    return opened + signature + this.#close()
  }

  #close(): string {
    this.#current = undefined
    return event('content_block_stop', `,"index":${this.#next++}`) + this.#release()
  }

  /** A block that needs no deltas. */
  #whole(block: JsonObject): string {
    const start = event('content_block_start', `,"index":${this.#next},"content_block":${JSON.stringify(block)}`)
    return start + event('content_block_stop', `,"index":${this.#next++}`)
  }

  /** Lets the next waiting block go on. */
  #release(): string {
    let sent = ''
    while (this.#current === undefined) {
      const [index, queue] = this.#waiting.entries().next().value ?? []
      if (index === undefined || queue === undefined) break
      this.#waiting.delete(index)
      for (const part of queue) sent += this.#write(part)
    }
    return sent
  }

  #end(metadata: JsonObject | undefined): string {
    let sent = this.#start()
    while (this.#current !== undefined) sent += this.#close()
    this.#over = true
    const reason: FinishReason = this.#finish ?? { unified: 'stop' }
    const delta = {
      stop_reason: writeFinish(reason, this.#refused),
      stop_sequence: reason.stopSequence ?? null,
      ...asObject(metadata?.['anthropic']),
    }
    return `${sent}${event('message_delta', `,"delta":${JSON.stringify(delta)},"usage":${JSON.stringify(usageOrZero(this.#usage))}`)}${event('message_stop', '')}`
  }

  end(): string {
    return this.#over ? '' : this.fail(cutStream())
  }

  fail(error: CallError): string {
    if (this.#over) return ''
    this.#over = true
    return event('error', `,"error":${JSON.stringify(errorBody(error))}`)
  }
}
