import type { VendorRequest } from './request.ts'
import { restOf, type Answer, type AnswerOptions, type FailureKind, type Wire } from './wire.ts'

const CREATED = 1_760_000_000
const TEXT = 'The harbour opens at dawn – naïve façade, 日本語, 🚢 and a déjà vu.'

type Body = {
  model?: string
  stream?: boolean
  stream_options?: { include_usage?: boolean }
  messages?: { role: string; content?: unknown }[]
  input?: string | unknown[]
  prompt?: string
  tools?: { function: { name: string } }[]
}

const FAILURES: Readonly<Record<FailureKind, readonly [number, string, string, string]>> = {
  'rate-limited': [429, 'Rate limit reached for requests', 'requests', 'rate_limit_exceeded'],
  overloaded: [503, 'The engine is currently overloaded, please try again later', 'server_error', 'overloaded'],
  'server-error': [500, 'The server had an error while processing your request', 'server_error', 'server_error'],
  'invalid-key': [401, 'Incorrect API key provided', 'invalid_request_error', 'invalid_api_key'],
  'unknown-model': [404, 'The model does not exist', 'invalid_request_error', 'model_not_found'],
  'context-too-long': [
    400,
    "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens.",
    'invalid_request_error',
    'context_length_exceeded',
  ],
  'content-filter': [400, 'The prompt was filtered by the content policy', 'invalid_request_error', 'content_filter'],
}

function failureBody(kind: FailureKind): string {
  const [, message, type, code] = FAILURES[kind]
  return JSON.stringify({ error: { message, type, param: null, code } })
}

/** Words with the space before them, as models cut text roughly. */
function pieces(text: string): string[] {
  return text.match(/\s*\S+/g) ?? []
}

function usageOf(words: number) {
  return {
    prompt_tokens: 21,
    completion_tokens: words,
    total_tokens: 21 + words,
    prompt_tokens_details: { cached_tokens: 5, audio_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: 2, audio_tokens: 0 },
  }
}

function chat(request: VendorRequest, body: Body, options: AnswerOptions): Answer {
  const model = body.model ?? 'none'
  const last = body.messages?.at(-1)
  const text = restOf(options.text ?? TEXT, last?.role === 'assistant' ? last.content : undefined, options)
  const words = pieces(text)
  const base = { id: `chatcmpl-${request.index}`, created: CREATED, model, system_fingerprint: 'fp_fake' }
  const usage = usageOf(words.length)
  const tools = body.messages?.some((message) => message.role === 'tool') ? [] : (body.tools ?? [])
  const calls = tools.map((tool, index) => ({
    id: `call_${index}`,
    type: 'function',
    function: { name: tool.function.name, arguments: `{"place":"harbour ${index}"}` },
  }))
  const finish = options.filtered ? 'content_filter' : calls.length ? 'tool_calls' : 'stop'
  if (!body.stream) {
    const message = calls.length
      ? { role: 'assistant', content: null, tool_calls: calls, refusal: null }
      : { role: 'assistant', content: text, refusal: null, annotations: [] }
    const choices = [{ index: 0, message, logprobs: null, finish_reason: finish }]
    return plain({ ...base, object: 'chat.completion', choices, usage, service_tier: 'default' })
  }
  const part = (delta: unknown, finish_reason: string | null) => ({
    ...base,
    object: 'chat.completion.chunk',
    choices: [{ index: 0, delta, logprobs: null, finish_reason }],
    ...(body.stream_options?.include_usage ? { usage: null } : {}),
  })
  const deltas = calls.length
    ? calls.flatMap((call, index) => [
        { tool_calls: [{ index, ...call, function: { name: call.function.name, arguments: '' } }] },
        ...call.function.arguments
          .match(/.{1,9}/g)!
          .map((slice) => ({ tool_calls: [{ index, function: { arguments: slice } }] })),
      ])
    : words.map((content) => ({ content }))
  const chunks: unknown[] = [
    part({ role: 'assistant', content: calls.length ? null : '', refusal: null }, null),
    ...deltas.map((delta) => part(delta, null)),
    part({}, finish),
  ]
  if (body.stream_options?.include_usage) {
    chunks.push({ ...base, object: 'chat.completion.chunk', choices: [], usage })
  }
  return stream(chunks)
}

function completions(request: VendorRequest, body: Body, options: AnswerOptions): Answer {
  const words = pieces(options.text ?? TEXT)
  const base = { id: `cmpl-${request.index}`, object: 'text_completion', created: CREATED, model: body.model ?? 'none' }
  const choice = (text: string, finish_reason: string | null) => ({ index: 0, text, logprobs: null, finish_reason })
  const usage = usageOf(words.length)
  if (!body.stream) return plain({ ...base, choices: [choice(words.join(''), 'stop')], usage })
  const chunks: unknown[] = words.map((word, at) => ({
    ...base,
    choices: [choice(word, at === words.length - 1 ? 'stop' : null)],
  }))
  if (body.stream_options?.include_usage) chunks.push({ ...base, choices: [], usage })
  return stream(chunks)
}

function embeddings(body: Body): Answer {
  const inputs = Array.isArray(body.input) ? body.input : [body.input ?? '']
  const data = inputs.map((_, index) => ({ object: 'embedding', index, embedding: [0.25, -0.5, index] }))
  const usage = { prompt_tokens: 4 * inputs.length, total_tokens: 4 * inputs.length }
  return plain({ object: 'list', data, model: body.model ?? 'none', usage })
}

function plain(body: unknown): Answer {
  return { contentType: 'application/json', body: JSON.stringify(body), terminalEvents: 0 }
}

function stream(chunks: readonly unknown[]): Answer {
  const events = [...chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`), 'data: [DONE]\n\n']
  return { contentType: 'text/event-stream; charset=utf-8', body: '', events, terminalEvents: 1 }
}

function bodyOf(request: VendorRequest): Body {
  try {
    return request.json() as Body
  } catch {
    return {}
  }
}

/** Chat completions, completions, embeddings and models as OpenAI and its many likes answer them. */
export const openaiChat: Wire = {
  id: 'openai-chat',
  answer(request, options) {
    const body = bodyOf(request)
    if (request.path.endsWith('/chat/completions')) return chat(request, body, options)
    if (request.path.endsWith('/completions')) return completions(request, body, options)
    if (request.path.endsWith('/embeddings')) return embeddings(body)
    return plain({ object: 'list', data: [{ id: 'fake-1', object: 'model', created: CREATED, owned_by: 'fake' }] })
  },
  failure: (kind) => ({ status: FAILURES[kind][0], body: failureBody(kind) }),
  errorEvent: `data: ${failureBody('server-error')}\n\n`,
}
