// OpenAI's legacy completions for models that only chat: the prompt is the one turn of the user.
import { cutStream } from '../errors.ts'
import { maybeCount, maybeList, maybeNumber, maybeText, maybeTruth, needText, refuse } from '../field.ts'
import { asObject, defined } from '../json.ts'
import type { AnswerOptions, ClientSide, StreamEncoder } from '../protocol.ts'
import { encodeError, writeError } from '../protocols/openai-chat/encode-response.ts'
import { writeFinish } from '../protocols/openai-chat/finish.ts'
import { writeUsage } from '../protocols/openai-chat/usage.ts'
import type { CallError, ChatRequest, Choice, JsonObject, Result, StreamPart, Usage } from '../spec.ts'

const KNOWN = new Set([
  'model',
  'prompt',
  'max_tokens',
  'temperature',
  'top_p',
  'n',
  'stream',
  'stream_options',
  'stop',
  'presence_penalty',
  'frequency_penalty',
  'logit_bias',
  'user',
  'seed',
  'echo',
])

function decodeRequest(body: JsonObject): ChatRequest {
  const given = body['prompt']
  const prompt = Array.isArray(given) && given.length === 1 ? given[0] : given
  if (typeof prompt !== 'string')
    throw refuse('prompt', 'prompt must be one text: this model answers one prompt in a call')
  const stop = body['stop']
  return defined({
    dialect: 'openai-chat',
    model: needText(body['model'], 'model'),
    system: [],
    messages: [{ role: 'user', content: [{ type: 'text', text: prompt }] }],
    tools: [],
    maxOutputTokens: maybeCount(body['max_tokens'], 'max_tokens') ?? 16,
    temperature: maybeNumber(body['temperature'], 'temperature'),
    topP: maybeNumber(body['top_p'], 'top_p'),
    n: maybeCount(body['n'], 'n'),
    stop:
      typeof stop === 'string'
        ? [stop]
        : maybeList(stop, 'stop')?.map((value, index) => needText(value, `stop[${index}]`)),
    presencePenalty: maybeNumber(body['presence_penalty'], 'presence_penalty'),
    frequencyPenalty: maybeNumber(body['frequency_penalty'], 'frequency_penalty'),
    seed: maybeNumber(body['seed'], 'seed'),
    user: maybeText(body['user'], 'user'),
    stream: maybeTruth(body['stream'], 'stream') ?? false,
    includeUsage: asObject(body['stream_options'])?.['include_usage'] === true,
    extra: Object.fromEntries(Object.entries(body).filter(([name, value]) => !KNOWN.has(name) && value !== null)),
  }) as ChatRequest
}

const completionId = (id: string | undefined, requestId: string) => `cmpl-${id || requestId}`

const textOf = (choice: Choice) =>
  choice.content.map((part) => (part.type === 'text' || part.type === 'refusal' ? part.text : '')).join('')

function encodeResponse(result: Result, options: AnswerOptions): JsonObject {
  return {
    id: completionId(result.id, options.requestId),
    object: 'text_completion',
    created: result.created || options.created,
    model: options.model,
    choices: result.choices.map((choice) => ({
      text: textOf(choice),
      index: choice.index,
      logprobs: null,
      finish_reason: writeFinish(choice.finish),
    })),
    ...(result.usage === undefined ? {} : { usage: writeUsage(result.usage) }),
  }
}

class CompletionEncoder implements StreamEncoder {
  readonly #options: AnswerOptions
  #id: string
  #over = false
  #usage: Usage | undefined
  readonly #choices = new Map<number, number>()

  constructor(options: AnswerOptions) {
    this.#options = options
    this.#id = completionId(undefined, options.requestId)
  }

  #chunk(choices: JsonObject[], more: JsonObject = {}): string {
    const { created, model } = this.#options
    return `data: ${JSON.stringify({ id: this.#id, object: 'text_completion', created, model, choices, ...more })}\n\n`
  }

  push(part: StreamPart): string {
    if (this.#over) return ''
    switch (part.type) {
      case 'response-start':
        this.#id = completionId(part.id, this.#options.requestId)
        return ''
      case 'text-start':
      case 'refusal-start':
        this.#choices.set(part.index, part.choice ?? 0)
        return ''
      case 'text-delta':
      case 'refusal-delta':
        return this.#chunk([
          { text: part.text, index: this.#choices.get(part.index) ?? 0, logprobs: null, finish_reason: null },
        ])
      case 'usage':
        this.#usage = part.usage
        return ''
      case 'finish':
        return this.#chunk([
          { text: '', index: part.choice ?? 0, logprobs: null, finish_reason: writeFinish(part.reason) },
        ])
      case 'response-end': {
        this.#over = true
        const shows = this.#options.request.includeUsage === true && this.#usage !== undefined
        return `${shows && this.#usage !== undefined ? this.#chunk([], { usage: writeUsage(this.#usage) }) : ''}data: [DONE]\n\n`
      }
      case 'error':
        return this.fail(part.error)
      default:
        return ''
    }
  }

  end(): string {
    return this.#over ? '' : this.fail(cutStream())
  }

  fail(error: CallError): string {
    if (this.#over) return ''
    this.#over = true
    return `data: ${JSON.stringify(writeError(error))}\n\n`
  }
}

/** Serves `/v1/completions` from any model that chats. */
export const completionsClient: ClientSide = {
  decodeRequest,
  encodeResponse,
  createStreamEncoder: (options) => new CompletionEncoder(options),
  streamContentType: () => 'text/event-stream; charset=utf-8',
  keepAlive: ': keep-alive\n\n',
  encodeError,
}
