// The events of a response for a client: rising sequence numbers, each item added, filled and done, and the whole response at the end.
import { cutStream } from '../../errors.ts'
import { createProofLender, isReadable } from '../../seal.ts'
import type { AnswerOptions, StreamEncoder } from '../../protocol.ts'
import type {
  CallError,
  Citation,
  FinishReason,
  JsonObject,
  ReasoningPart,
  StreamPart,
  TokenLogprob,
  ToolCallPart,
  Usage,
} from '../../spec.ts'
import { writeError, writeLogprob } from '../openai-chat/encode-response.ts'
import { errorOf, frameOf, imageItem, itemId, responseId, statusOf, tierOf } from './encode-response.ts'
import { writeAnnotation, writeCall, writeReasoning } from './item.ts'
import { writeUsage } from './usage.ts'

export function createStreamEncoder(options: AnswerOptions): StreamEncoder {
  return new ResponseEncoder(options)
}

type Item = {
  readonly kind: 'text' | 'refusal' | 'reasoning' | 'tool'
  readonly output: number
  readonly id: string
  text: string
  opened: boolean
  readonly annotations: JsonObject[]
  readonly logprobs: TokenLogprob[]
  readonly call?: Pick<ToolCallPart, 'id' | 'name' | 'custom' | 'signature'>
}

class ResponseEncoder implements StreamEncoder {
  readonly #options: AnswerOptions
  #frame: JsonObject | undefined
  #id = ''
  #sequence = 0
  #over = false
  readonly #lend = createProofLender()
  #usage: Usage | undefined
  #finish: FinishReason | undefined
  readonly #items = new Map<number, Item>()
  readonly #skipped = new Set<number>()
  readonly #output: JsonObject[] = []
  /** A text that has ended but may still get the sources of the whole answer. */
  #lingering: number | undefined

  constructor(options: AnswerOptions) {
    this.#options = options
    this.#sequence = options.resumed?.sequence ?? 0
  }

  #event(type: string, body: string): string {
    return `event: ${type}\ndata: {"type":"${type}","sequence_number":${this.#sequence++},${body}}\n\n`
  }

  #start(part?: Extract<StreamPart, { type: 'response-start' }>): string {
    if (this.#frame !== undefined) return ''
    this.#id = responseId(part?.id, this.#options.requestId)
    this.#frame = frameOf(this.#options, this.#id, part?.created ?? this.#options.created)
    const response = JSON.stringify(this.#frame)
    return (
      this.#event('response.created', `"response":${response}`) +
      this.#event('response.in_progress', `"response":${response}`)
    )
  }

  push(part: StreamPart): string {
    let sent = ''
    for (const each of this.#lend(part)) sent += this.#push(each)
    return sent
  }

  #push(part: StreamPart): string {
    if (this.#over) return ''
    if ('index' in part && part.index !== undefined) {
      if ('choice' in part && (part.choice ?? 0) > 0) this.#skipped.add(part.index)
      if (this.#skipped.has(part.index)) return ''
    }
    switch (part.type) {
      case 'text-delta':
      case 'refusal-delta':
        return this.#say(part.index, part.text, part.type === 'text-delta' ? part.logprobs : undefined)
      case 'tool-call-delta':
        return this.#argue(part.index, part.arguments)
      case 'reasoning-delta':
        return this.#think(part.index, part.text)
      case 'response-start':
        return this.#start(part)
      case 'text-start':
        return this.#add(part.index, 'text', 'msg')
      case 'refusal-start':
        return this.#add(part.index, 'refusal', 'msg')
      case 'reasoning-start':
        return this.#add(part.index, 'reasoning', 'rs', part.itemId === undefined ? {} : { id: part.itemId })
      case 'tool-call-start':
        return this.#add(part.index, 'tool', part.custom ? 'ctc' : 'fc', { call: part })
      case 'text-end':
      case 'refusal-end': {
        this.#lingering = part.index
        return ''
      }
      case 'reasoning-end':
        return this.#endReasoning(part)
      case 'tool-call-end':
        return this.#endCall(part)
      case 'source':
        return this.#source(part.index ?? this.#lingering, part.source)
      case 'media':
        return part.part.type === 'image' && part.part.source.kind === 'base64'
          ? this.#whole(imageItem(part.part.source.data, itemId('ig', this.#id, this.#output.length)))
          : ''
      case 'native':
        return part.part.protocol === 'openai-responses' ? this.#whole(part.part.value) : ''
      case 'audio-delta': {
        if (part.transcript === undefined) return ''
        return (
          (this.#items.has(part.index) ? '' : this.#add(part.index, 'text', 'msg')) +
          this.#say(part.index, part.transcript)
        )
      }
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
        return ''
    }
  }

  #add(
    index: number,
    kind: Item['kind'],
    prefix: string,
    more: { readonly id?: string; readonly call?: Item['call'] } = {},
  ): string {
    const before = this.#start() + this.#settle()
    const output = this.#output.length
    const id = more.id ?? itemId(prefix, this.#id, output)
    const item: Item = {
      kind,
      output,
      id,
      text: '',
      opened: false,
      annotations: [],
      logprobs: [],
      ...(more.call === undefined ? {} : { call: more.call }),
    }
    this.#items.set(index, item)
    this.#output.push({})
    return `${before}${this.#event('response.output_item.added', `"output_index":${output},"item":${JSON.stringify(this.#pending(item))}`)}`
  }

  /** The item as it stands when it is added. */
  #pending(item: Item): JsonObject {
    if (item.kind === 'reasoning') return { id: item.id, type: 'reasoning', summary: [] }
    if (item.kind !== 'tool' || item.call === undefined)
      return { id: item.id, type: 'message', status: 'in_progress', content: [], role: 'assistant' }
    const written = writeCall({ type: 'tool-call', ...item.call, arguments: ' ' }, item.id)
    return { ...written, status: 'in_progress', [item.call.custom ? 'input' : 'arguments']: '' }
  }

  #ids(item: Item): string {
    return `"item_id":${JSON.stringify(item.id)},"output_index":${item.output}`
  }

  #say(index: number, text: string, logprobs?: readonly TokenLogprob[]): string {
    const item = this.#items.get(index)
    if (item === undefined || (text === '' && logprobs === undefined)) return ''
    const opening = this.#openContent(item)
    item.text += text
    if (logprobs !== undefined) item.logprobs.push(...logprobs)
    if (item.kind === 'refusal')
      return (
        opening +
        this.#event('response.refusal.delta', `${this.#ids(item)},"content_index":0,"delta":${JSON.stringify(text)}`)
      )
    const probabilities = logprobs === undefined ? '[]' : JSON.stringify(logprobs.map(writeLogprob))
    return (
      opening +
      this.#event(
        'response.output_text.delta',
        `${this.#ids(item)},"content_index":0,"delta":${JSON.stringify(text)},"logprobs":${probabilities}`,
      )
    )
  }

  #openContent(item: Item): string {
    if (item.opened) return ''
    item.opened = true
    const part =
      item.kind === 'refusal'
        ? '{"type":"refusal","refusal":""}'
        : '{"type":"output_text","annotations":[],"logprobs":[],"text":""}'
    return this.#event('response.content_part.added', `${this.#ids(item)},"content_index":0,"part":${part}`)
  }

  #argue(index: number, text: string): string {
    const item = this.#items.get(index)
    if (item === undefined || text === '') return ''
    item.text += text
    const type = item.call?.custom ? 'response.custom_tool_call_input.delta' : 'response.function_call_arguments.delta'
    return this.#event(type, `${this.#ids(item)},"delta":${JSON.stringify(text)}`)
  }

  #think(index: number, text: string): string {
    const item = this.#items.get(index)
    if (item === undefined || text === '') return ''
    let opening = ''
    if (!item.opened) {
      item.opened = true
      opening = this.#event(
        'response.reasoning_summary_part.added',
        `${this.#ids(item)},"summary_index":0,"part":{"type":"summary_text","text":""}`,
      )
    }
    item.text += text
    return (
      opening +
      this.#event(
        'response.reasoning_summary_text.delta',
        `${this.#ids(item)},"summary_index":0,"delta":${JSON.stringify(text)}`,
      )
    )
  }

  #source(index: number | undefined, source: Citation): string {
    const item = index === undefined ? undefined : this.#items.get(index)
    if (item?.kind !== 'text') return ''
    const annotation = writeAnnotation(source, item.text.length)
    if (annotation === undefined) return ''
    const opening = this.#openContent(item)
    item.annotations.push(annotation)
    return (
      opening +
      this.#event(
        'response.output_text.annotation.added',
        `${this.#ids(item)},"content_index":0,"annotation_index":${item.annotations.length - 1},"annotation":${JSON.stringify(annotation)}`,
      )
    )
  }

  #done(item: Item, written: JsonObject): string {
    this.#output[item.output] = written
    return this.#event('response.output_item.done', `"output_index":${item.output},"item":${JSON.stringify(written)}`)
  }

  /** Ends the text that was kept open for sources. */
  #settle(): string {
    if (this.#lingering === undefined) return ''
    const index = this.#lingering
    this.#lingering = undefined
    return this.#endText(index)
  }

  #endText(index: number): string {
    const item = this.#items.get(index)
    if (item === undefined) return ''
    this.#items.delete(index)
    let sent = this.#openContent(item)
    const ids = `${this.#ids(item)},"content_index":0`
    const refused = item.kind === 'refusal'
    const logprobs = item.logprobs.map(writeLogprob)
    const part: JsonObject = refused
      ? { type: 'refusal', refusal: item.text }
      : { type: 'output_text', annotations: item.annotations, logprobs, text: item.text }
    sent += refused
      ? this.#event('response.refusal.done', `${ids},"refusal":${JSON.stringify(item.text)}`)
      : this.#event(
          'response.output_text.done',
          `${ids},"text":${JSON.stringify(item.text)},"logprobs":${JSON.stringify(logprobs)}`,
        )
    sent += this.#event('response.content_part.done', `${ids},"part":${JSON.stringify(part)}`)
    return (
      sent + this.#done(item, { id: item.id, type: 'message', status: 'completed', content: [part], role: 'assistant' })
    )
  }

  #endReasoning(part: Extract<StreamPart, { type: 'reasoning-end' }>): string {
    const item = this.#items.get(part.index)
    if (item === undefined) return ''
    this.#items.delete(part.index)
    let sent = ''
    if (item.opened) {
      const ids = `${this.#ids(item)},"summary_index":0`
      sent += this.#event('response.reasoning_summary_text.done', `${ids},"text":${JSON.stringify(item.text)}`)
      sent += this.#event(
        'response.reasoning_summary_part.done',
        `${ids},"part":${JSON.stringify({ type: 'summary_text', text: item.text })}`,
      )
    }
    const own = isReadable(part.origin, 'openai-responses') && part.signature === undefined
    const thought: Omit<ReasoningPart, 'type'> = { ...part, text: item.text, ...(own ? {} : { itemId: item.id }) }
    return sent + this.#done(item, writeReasoning(thought, item.id))
  }

  #endCall(part: Extract<StreamPart, { type: 'tool-call-end' }>): string {
    const item = this.#items.get(part.index)
    if (item?.call === undefined) return ''
    this.#items.delete(part.index)
    const signature = part.signature ?? item.call.signature
    const text = item.text === '' && !item.call.custom ? '{}' : item.text
    const name = JSON.stringify(item.call.name)
    const sent = item.call.custom
      ? this.#event('response.custom_tool_call_input.done', `${this.#ids(item)},"input":${JSON.stringify(text)}`)
      : this.#event(
          'response.function_call_arguments.done',
          `${this.#ids(item)},"name":${name},"arguments":${JSON.stringify(text)}`,
        )
    const written = writeCall(
      {
        type: 'tool-call',
        id: item.call.id,
        name: item.call.name,
        arguments: text,
        ...(item.call.custom ? { custom: true } : {}),
        ...(signature === undefined ? {} : { signature }),
      },
      item.id,
    )
    return sent + this.#done(item, written)
  }

  /** An item that needs no deltas. */
  #whole(item: JsonObject): string {
    const before = this.#start() + this.#settle()
    const output = this.#output.length
    this.#output.push(item)
    const body = `"output_index":${output},"item":${JSON.stringify(item)}`
    return before + this.#event('response.output_item.added', body) + this.#event('response.output_item.done', body)
  }

  #end(metadata: JsonObject | undefined): string {
    let sent = this.#start() + this.#settle()
    for (const [index, item] of this.#items) {
      if (item.kind === 'tool') sent += this.#endCall({ type: 'tool-call-end', index })
      else if (item.kind === 'reasoning') sent += this.#endReasoning({ type: 'reasoning-end', index })
      else sent += this.#endText(index)
    }
    this.#over = true
    const ending = statusOf(this.#finish ?? { unified: 'stop' })
    const response = {
      ...this.#frame,
      ...ending,
      completed_at: this.#options.created,
      output: this.#output,
      usage: this.#usage === undefined ? null : writeUsage(this.#usage),
      ...tierOf(metadata),
    }
    return (
      sent +
      this.#event(
        ending.status === 'incomplete' ? 'response.incomplete' : 'response.completed',
        `"response":${JSON.stringify(response)}`,
      )
    )
  }

  end(): string {
    return this.#over ? '' : this.fail(cutStream())
  }

  /** As OpenAI does: an `error` event that its clients throw, then the response that failed. */
  fail(error: CallError): string {
    if (this.#over) return ''
    this.#over = true
    const envelope = writeError(error)['error'] as JsonObject
    const { code, message, param } = envelope
    const flat = JSON.stringify({ code, message, param, error: envelope }).slice(1, -1)
    const frame =
      this.#frame ??
      frameOf(this.#options, responseId(this.#options.resumed?.id, this.#options.requestId), this.#options.created)
    const response = {
      ...frame,
      status: 'failed',
      error: errorOf(error),
      output: this.#output.filter((item) => item['type'] !== undefined),
    }
    return this.#event('error', flat) + this.#event('response.failed', `"response":${JSON.stringify(response)}`)
  }
}
