import type { VendorRequest } from './request.ts'
import { restOf, type Answer, type AnswerOptions, type FailureKind, type Wire } from './wire.ts'

const TEXT = 'The harbour opens at dawn – naïve façade, 日本語, 🚢 and a déjà vu.'

const FAILURES: Readonly<Record<FailureKind, readonly [number, string, string]>> = {
  'rate-limited': [429, 'rate_limit_error', 'This request would exceed the rate limit of your organization'],
  overloaded: [529, 'overloaded_error', 'Overloaded'],
  'server-error': [500, 'api_error', 'Internal server error'],
  'invalid-key': [401, 'authentication_error', 'invalid x-api-key'],
  'unknown-model': [404, 'not_found_error', 'model: none'],
  'context-too-long': [400, 'invalid_request_error', 'prompt is too long: 208310 tokens > 200000 maximum'],
  'content-filter': [400, 'invalid_request_error', 'Output blocked by content filtering policy'],
}

function failureBody(kind: FailureKind): string {
  const [, type, message] = FAILURES[kind]
  return JSON.stringify({ type: 'error', error: { type, message }, request_id: 'req_fake' })
}

const usage = { input_tokens: 16, cache_creation_input_tokens: 0, cache_read_input_tokens: 5, output_tokens: 14 }

function messages(request: VendorRequest, options: AnswerOptions): Answer {
  const asked = request.json() as {
    model: string
    stream?: boolean
    messages?: { role: string; content: string | { text?: string }[] }[]
  }
  const { model, stream } = asked
  const last = asked.messages?.at(-1)
  const turn =
    typeof last?.content === 'string' ? last.content : last?.content.map((block) => block.text ?? '').join('')
  const text = restOf(options.text ?? TEXT, last?.role === 'assistant' ? turn : undefined, options)
  const head = { id: `msg_${request.index}`, type: 'message', role: 'assistant', model }
  const end = { stop_reason: options.filtered ? 'refusal' : 'end_turn', stop_sequence: null }
  if (!stream) {
    const body = { ...head, content: [{ type: 'text', text }], ...end, usage }
    return { contentType: 'application/json', body: JSON.stringify(body), terminalEvents: 0 }
  }
  const event = (type: string, rest: object) => `event: ${type}\ndata: ${JSON.stringify({ type, ...rest })}\n\n`
  const begun = { ...head, content: [], stop_reason: null, stop_sequence: null, usage: { ...usage, output_tokens: 1 } }
  const events = [
    event('message_start', { message: begun }),
    event('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }),
    ...(text.match(/\s*\S+/g) ?? []).map((word) =>
      event('content_block_delta', { index: 0, delta: { type: 'text_delta', text: word } }),
    ),
    event('content_block_stop', { index: 0 }),
    event('message_delta', { delta: end, usage }),
    event('message_stop', {}),
  ]
  return { contentType: 'text/event-stream; charset=utf-8', body: '', events, terminalEvents: 1 }
}

/** Anthropic's Messages, with its error envelope and stream grammar. */
export const anthropic: Wire = {
  id: 'anthropic-messages',
  answer: messages,
  failure: (kind) => ({ status: FAILURES[kind][0], body: failureBody(kind) }),
  errorEvent: `event: error\ndata: ${failureBody('overloaded')}\n\n`,
}
