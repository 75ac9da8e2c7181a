import { answer, type Answer, type Ask, BREAK_TEXT, dataUrl, ERROR_TEXT, pieces, USAGE } from './scenario.ts'

export function readAsk(body: any): Ask {
  const messages: any[] = body.messages
  const parts = messages.flatMap((message) => (Array.isArray(message.content) ? message.content : []))
  const choice = body.tool_choice
  return {
    model: body.model,
    stream: body.stream === true,
    images: parts.filter((part) => part.type === 'image_url').map((part) => dataUrl(part.image_url.url)),
    results: messages
      .filter((message) => message.role === 'tool')
      .map((message) => ({
        id: message.tool_call_id,
        text:
          typeof message.content === 'string'
            ? message.content
            : message.content.map((part: any) => part.text).join(''),
      })),
    tools: (body.tools ?? []).map((tool: any) => tool.function?.name),
    forced: choice === 'required' ? '*' : choice?.function?.name,
    schema: body.response_format?.type === 'json_schema' && typeof body.response_format.json_schema.schema === 'object',
    // The format has no field for proofs: a vendor of it has none.
    seals: [],
    thinks: body.reasoning_effort !== undefined,
  }
}

const FINISH = { stop: 'stop', tools: 'tool_calls', length: 'length', refusal: 'content_filter' } as const

const usage = {
  prompt_tokens: USAGE.input,
  completion_tokens: USAGE.output + USAGE.reasoning,
  total_tokens: USAGE.input + USAGE.output + USAGE.reasoning,
  prompt_tokens_details: { cached_tokens: USAGE.cached, audio_tokens: 0 },
  completion_tokens_details: { reasoning_tokens: USAGE.reasoning, audio_tokens: 0 },
}

export const errorBody = {
  error: { message: ERROR_TEXT, type: 'invalid_request_error', param: 'frobnicator', code: 'unknown_parameter' },
}

function whole(ask: Ask, told: Answer): unknown {
  const calls = told.calls?.map((call) => ({
    id: call.id,
    type: 'function',
    function: { name: call.name, arguments: JSON.stringify(call.args) },
  }))
  return {
    id: 'chatcmpl-fake',
    object: 'chat.completion',
    created: 1_763_000_000,
    model: ask.model,
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: told.text ?? null,
          refusal: told.refusal ?? null,
          ...(told.reasoning ? { reasoning_content: told.reasoning.text } : {}),
          ...(calls ? { tool_calls: calls } : {}),
        },
        logprobs: null,
        finish_reason: FINISH[told.finish],
      },
    ],
    usage,
    service_tier: 'default',
  }
}

function* stream(ask: Ask, told: Answer, withUsage: boolean): Generator<string> {
  const chunk = (choices: unknown[], more: object = {}) =>
    `data: ${JSON.stringify({ id: 'chatcmpl-fake', object: 'chat.completion.chunk', created: 1_763_000_000, model: ask.model, choices, ...(withUsage ? { usage: null } : {}), ...more, obfuscation: 'x9' })}\n\n`
  const delta = (value: unknown, finish: string | null = null) =>
    chunk([{ index: 0, delta: value, logprobs: null, finish_reason: finish }])
  yield delta({ role: 'assistant', content: '', refusal: null })
  for (const text of pieces(told.reasoning?.text ?? '')) yield delta({ reasoning_content: text })
  for (const text of pieces(told.text ?? '')) {
    yield delta({ content: text })
    if (told.breaks) {
      yield `data: ${JSON.stringify({ error: { message: BREAK_TEXT, type: 'server_error', param: null, code: null } })}\n\n`
      return
    }
  }
  for (const text of pieces(told.refusal ?? '')) yield delta({ refusal: text })
  for (const [index, call] of (told.calls ?? []).entries()) {
    yield delta({
      tool_calls: [{ index, id: call.id, type: 'function', function: { name: call.name, arguments: '' } }],
    })
    for (const text of pieces(JSON.stringify(call.args)))
      yield delta({ tool_calls: [{ index, function: { arguments: text } }] })
  }
  yield delta({}, FINISH[told.finish])
  if (withUsage) yield chunk([], { usage })
  yield 'data: [DONE]\n\n'
}

export function serveChat(body: any): { status: number; json?: unknown; events?: Iterable<string> } {
  const ask = readAsk(body)
  const told = answer(ask)
  if (told.error) return { status: told.error, json: errorBody }
  if (told.breaks && !ask.stream)
    return { status: 500, json: { error: { message: BREAK_TEXT, type: 'server_error', param: null, code: null } } }
  return ask.stream
    ? { status: 200, events: stream(ask, told, body.stream_options?.include_usage === true) }
    : { status: 200, json: whole(ask, told) }
}
