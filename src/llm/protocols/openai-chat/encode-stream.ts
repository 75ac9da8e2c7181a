// The chunks of a chat completion for a client. Built from ready-made pieces: this runs once for each token.
import { cutStream } from '../../errors.ts'
import type { AnswerOptions, StreamEncoder } from '../../protocol.ts'
import type { CallError, Citation, JsonObject, ReasoningPart, StreamPart, Usage } from '../../spec.ts'
import { completionId, writeAnnotation, writeError, writeLogprob } from './encode-response.ts'
import { writeFinish } from './finish.ts'
import { writeDetail, writeThoughtSignature } from './reasoning.ts'
import { writeUsage } from './usage.ts'

const END = ',"logprobs":null,"finish_reason":null}]'

type Open = {
  readonly choice: number
  readonly itemId?: string
  /** Its number among the calls of the answer. */
  readonly call?: number
  /** Its number among the thoughts of the answer. */
  readonly detail?: number
  readonly custom?: boolean
  readonly signed?: boolean
}

export function createStreamEncoder(options: AnswerOptions): StreamEncoder {
  return new ChatEncoder(options)
}

class ChatEncoder implements StreamEncoder {
  readonly #options: AnswerOptions
  readonly #withUsage: boolean
  /** Everything of a chunk up to its choices. */
  #prefix = ''
  /** What follows the choices: with usage asked for, every chunk says that it has none yet. */
  readonly #suffix: string
  #over = false
  #usage: Usage | undefined
  readonly #roles = new Set<number>()
  readonly #open = new Map<number, Open>()
  readonly #calls = new Map<number, number>()
  readonly #details = new Map<number, number>()

  constructor(options: AnswerOptions) {
    this.#options = options
    this.#withUsage = options.request.includeUsage === true
    this.#suffix = this.#withUsage ? ',"usage":null}\n\n' : '}\n\n'
  }

  #start(part?: Extract<StreamPart, { type: 'response-start' }>): void {
    if (this.#prefix !== '') return
    const { model, requestId, created } = this.#options
    const id = JSON.stringify(completionId(part?.id, requestId))
    this.#prefix = `data: {"id":${id},"object":"chat.completion.chunk","created":${part?.created ?? created},"model":${JSON.stringify(model)},"choices":[`
  }

  #delta(choice: number, delta: string, end = END): string {
    const role = this.#role(choice)
    return `${role}${this.#prefix}{"index":${choice},"delta":{${delta}}${end}${this.#suffix}`
  }

  /** Each choice starts with its role, once. */
  #role(choice: number): string {
    if (this.#roles.has(choice)) return ''
    this.#roles.add(choice)
    this.#start()
    return `${this.#prefix}{"index":${choice},"delta":{"role":"assistant","content":"","refusal":null}${END}${this.#suffix}`
  }

  push(part: StreamPart): string {
    if (this.#over) return ''
    switch (part.type) {
      case 'text-delta': {
        const choice = this.#open.get(part.index)?.choice ?? 0
        if (part.logprobs === undefined)
          return part.text === '' ? '' : this.#delta(choice, `"content":${JSON.stringify(part.text)}`)
        const logprobs = JSON.stringify({ content: part.logprobs.map(writeLogprob), refusal: null })
        return this.#delta(
          choice,
          `"content":${JSON.stringify(part.text)}`,
          `,"logprobs":${logprobs},"finish_reason":null}]`,
        )
      }
      case 'tool-call-delta': {
        const open = this.#open.get(part.index)
        if (open?.call === undefined || part.arguments === '') return ''
        const piece = JSON.stringify(part.arguments)
        const body = open.custom ? `"custom":{"input":${piece}}` : `"function":{"arguments":${piece}}`
        return this.#delta(open.choice, `"tool_calls":[{"index":${open.call},${body}}]`)
      }
      case 'reasoning-delta': {
        // As OpenRouter does: the words for everybody, and once more as a fragment that the client can send back.
        const open = this.#open.get(part.index)
        const text = JSON.stringify(part.text)
        const detail = `{"type":"reasoning.text","text":${text},"index":${open?.detail ?? 0}}`
        return this.#delta(open?.choice ?? 0, `"reasoning_content":${text},"reasoning_details":[${detail}]`)
      }
      case 'refusal-delta':
        return this.#delta(this.#open.get(part.index)?.choice ?? 0, `"refusal":${JSON.stringify(part.text)}`)
      case 'response-start':
        this.#start(part)
        return this.#role(0)
      case 'text-start':
      case 'refusal-start':
        this.#open.set(part.index, { choice: part.choice ?? 0 })
        return ''
      case 'reasoning-start': {
        const choice = part.choice ?? 0
        const detail = this.#details.get(choice) ?? 0
        this.#details.set(choice, detail + 1)
        this.#open.set(part.index, { choice, detail, ...(part.itemId === undefined ? {} : { itemId: part.itemId }) })
        return ''
      }
      case 'reasoning-end':
        return this.#endReasoning(part)
      case 'text-end':
        return part.signature === undefined
          ? ''
          : this.#delta(this.#open.get(part.index)?.choice ?? 0, this.#signature(part.signature))
      case 'tool-call-start':
        return this.#startCall(part)
      case 'tool-call-end': {
        const open = this.#open.get(part.index)
        if (open?.call === undefined || part.signature === undefined || open.signed) return ''
        return this.#delta(
          open.choice,
          `"tool_calls":[{"index":${open.call},"function":{"arguments":""},${this.#signature(part.signature)}}]`,
        )
      }
      case 'source':
        return this.#source(part.source)
      case 'media':
        return this.#media(part)
      case 'audio-delta': {
        const audio = { id: part.id, data: part.data, transcript: part.transcript, expires_at: part.expiresAt }
        return this.#delta(part.choice ?? 0, `"audio":${JSON.stringify(audio)}`)
      }
      case 'usage':
        this.#usage = part.usage
        return ''
      case 'finish':
        return this.#delta(part.choice ?? 0, '', `,"logprobs":null,"finish_reason":"${writeFinish(part.reason)}"}]`)
      case 'response-end':
        return this.#finish()
      case 'error':
        return this.fail(part.error)
      default:
        return ''
    }
  }

  #signature(signature: string): string {
    return `"extra_content":${JSON.stringify(writeThoughtSignature(signature))}`
  }

  #startCall(part: Extract<StreamPart, { type: 'tool-call-start' }>): string {
    const choice = part.choice ?? 0
    const call = this.#calls.get(choice) ?? 0
    this.#calls.set(choice, call + 1)
    this.#open.set(part.index, {
      choice,
      call,
      ...(part.custom ? { custom: true } : {}),
      ...(part.signature === undefined ? {} : { signed: true }),
    })
    const name = JSON.stringify(part.name)
    const body = part.custom
      ? `"type":"custom","custom":{"name":${name},"input":""}`
      : `"type":"function","function":{"name":${name},"arguments":""}`
    const proof = part.signature === undefined ? '' : `,${this.#signature(part.signature)}`
    return this.#delta(choice, `"tool_calls":[{"index":${call},"id":${JSON.stringify(part.id)},${body}${proof}}]`)
  }

  /** The proof of a thought is the last fragment of it. */
  #endReasoning(part: Extract<StreamPart, { type: 'reasoning-end' }>): string {
    const open = this.#open.get(part.index) ?? { choice: 0 }
    const thought: ReasoningPart = {
      type: 'reasoning',
      text: '',
      ...(part.signature === undefined ? {} : { signature: part.signature }),
      ...(part.redacted === undefined ? {} : { redacted: part.redacted }),
      ...(part.origin === undefined ? {} : { origin: part.origin }),
      ...(open.itemId === undefined ? {} : { itemId: open.itemId }),
    }
    const detail = writeDetail(thought, open.detail ?? 0)
    return detail === undefined ? '' : this.#delta(open.choice, `"reasoning_details":${JSON.stringify([detail])}`)
  }

  #source(source: Citation): string {
    const annotation = writeAnnotation(source, 0)
    return annotation === undefined ? '' : this.#delta(0, `"annotations":${JSON.stringify([annotation])}`)
  }

  #media(part: Extract<StreamPart, { type: 'media' }>): string {
    const { source } = part.part
    if (source.kind !== 'base64') return ''
    const choice = part.choice ?? 0
    if (part.part.type === 'image') {
      const image: JsonObject = {
        type: 'image_url',
        image_url: { url: `data:${source.mediaType};base64,${source.data}` },
      }
      return this.#delta(choice, `"images":${JSON.stringify([image])}`)
    }
    return this.#delta(
      choice,
      `"audio":${JSON.stringify({ id: part.part.id ?? '', data: source.data, transcript: part.part.transcript })}`,
    )
  }

  #finish(): string {
    this.#over = true
    this.#start()
    const usage =
      this.#withUsage && this.#usage !== undefined
        ? `${this.#prefix}],"usage":${JSON.stringify(writeUsage(this.#usage))}}\n\n`
        : ''
    return `${usage}data: [DONE]\n\n`
  }

  end(): string {
    return this.#over ? '' : this.fail(cutStream())
  }

  /** No `[DONE]` follows: the stream did not end well. */
  fail(error: CallError): string {
    if (this.#over) return ''
    this.#over = true
    return `data: ${JSON.stringify(writeError(error))}\n\n`
  }
}
