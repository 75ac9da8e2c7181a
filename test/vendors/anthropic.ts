import { answer, type Answer, type Ask, BREAK_TEXT, ERROR_TEXT, inline, pieces, USAGE } from './scenario.ts'

export function readAsk(body: any): Ask {
  if (typeof body.max_tokens !== 'number') throw new Error('max_tokens: Field required')
  const blocks = body.messages.flatMap((message: any) => (Array.isArray(message.content) ? message.content : []))
  const choice = body.tool_choice
  const text = (content: any): string =>
    typeof content === 'string' ? content : (content ?? []).map((block: any) => block.text).join('')
  return {
    model: body.model,
    stream: body.stream === true,
    images: blocks
      .filter((block: any) => block.type === 'image')
      .map((block: any) => inline(block.source.media_type, block.source.data)),
    results: blocks
      .filter((block: any) => block.type === 'tool_result')
      .map((block: any) => ({ id: block.tool_use_id, text: text(block.content) })),
    tools: (body.tools ?? []).map((tool: any) => tool.name),
    forced: choice?.type === 'any' ? '*' : choice?.type === 'tool' ? choice.name : undefined,
    schema: body.output_config?.format?.type === 'json_schema',
    seals: blocks.filter((block: any) => block.type === 'thinking').map((block: any) => block.signature),
    thinks: body.thinking !== undefined,
  }
}

const FINISH = { stop: 'end_turn', tools: 'tool_use', length: 'max_tokens', refusal: 'refusal' } as const

const inputUsage = {
  input_tokens: USAGE.input - USAGE.cached,
  cache_creation_input_tokens: 0,
  cache_read_input_tokens: USAGE.cached,
  cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 0 },
}
const outputUsage = {
  output_tokens: USAGE.output + USAGE.reasoning,
  output_tokens_details: { thinking_tokens: USAGE.reasoning },
}

const message = (ask: Ask, more: object) => ({
  id: 'msg_fake',
  type: 'message',
  role: 'assistant',
  model: ask.model,
  stop_sequence: null,
  ...more,
})

function blocksOf(told: Answer): any[] {
  return [
    ...(told.reasoning ? [{ type: 'thinking', thinking: told.reasoning.text, signature: told.reasoning.seal }] : []),
    ...(told.text ? [{ type: 'text', text: told.text }] : []),
    ...(told.refusal ? [{ type: 'text', text: told.refusal }] : []),
    ...(told.calls ?? []).map((call) => ({ type: 'tool_use', id: call.id, name: call.name, input: call.args })),
  ]
}

function* stream(ask: Ask, told: Answer): Generator<string> {
  const event = (type: string, body: object = {}) => `event: ${type}\ndata: ${JSON.stringify({ type, ...body })}\n\n`
  yield event('message_start', {
    message: message(ask, { content: [], stop_reason: null, usage: { ...inputUsage, output_tokens: 1 } }),
  })
  yield event('ping')
  for (const [index, block] of blocksOf(told).entries()) {
    const delta = (value: object) => event('content_block_delta', { index, delta: value })
    if (block.type === 'thinking') {
      yield event('content_block_start', { index, content_block: { type: 'thinking', thinking: '', signature: '' } })
      for (const thinking of pieces(block.thinking)) yield delta({ type: 'thinking_delta', thinking })
      yield delta({ type: 'signature_delta', signature: block.signature })
    } else if (block.type === 'text') {
      yield event('content_block_start', { index, content_block: { type: 'text', text: '' } })
      for (const text of pieces(block.text)) {
        yield delta({ type: 'text_delta', text })
        if (told.breaks) {
          yield event('error', { error: { type: 'api_error', message: BREAK_TEXT } })
          return
        }
      }
    } else {
      yield event('content_block_start', { index, content_block: { ...block, input: {} } })
      for (const partial_json of pieces(JSON.stringify(block.input)))
        yield delta({ type: 'input_json_delta', partial_json })
    }
    yield event('content_block_stop', { index })
  }
  yield event('message_delta', { delta: { stop_reason: FINISH[told.finish], stop_sequence: null }, usage: outputUsage })
  yield event('message_stop')
}

const failure = (type: string, text: string) => ({
  type: 'error',
  error: { type, message: text },
  request_id: 'req_fake',
})

export function serveMessages(body: any): { status: number; json?: unknown; events?: Iterable<string> } {
  let ask: Ask
  try {
    ask = readAsk(body)
  } catch (error) {
    return { status: 400, json: failure('invalid_request_error', (error as Error).message) }
  }
  const told = answer(ask)
  if (told.error) return { status: told.error, json: failure('invalid_request_error', ERROR_TEXT) }
  if (told.breaks && !ask.stream) return { status: 500, json: failure('api_error', BREAK_TEXT) }
  if (ask.stream) return { status: 200, events: stream(ask, told) }
  return {
    status: 200,
    json: message(ask, {
      content: blocksOf(told),
      stop_reason: FINISH[told.finish],
      usage: { ...inputUsage, ...outputUsage },
    }),
  }
}
