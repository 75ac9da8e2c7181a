import { answer, type Answer, type Ask, BREAK_TEXT, dataUrl, pieces, USAGE } from './scenario.ts'
import { errorBody } from './openai-chat.ts'

export function readAsk(body: any): Ask {
  const items: any[] = typeof body.input === 'string' ? [] : body.input
  const parts = items.flatMap((item) => (Array.isArray(item.content) ? item.content : []))
  const choice = body.tool_choice
  return {
    model: body.model,
    stream: body.stream === true,
    images: parts.filter((part) => part.type === 'input_image').map((part) => dataUrl(part.image_url)),
    results: items
      .filter((item) => item.type === 'function_call_output')
      .map((item) => ({ id: item.call_id, text: item.output })),
    tools: (body.tools ?? []).map((tool: any) => tool.name),
    forced: choice === 'required' ? '*' : choice?.name,
    schema: body.text?.format?.type === 'json_schema' && typeof body.text.format.schema === 'object',
    seals: items
      .filter((item) => item.type === 'reasoning' && Array.isArray(item.summary))
      .map((item) => item.encrypted_content),
    thinks: body.reasoning !== undefined,
  }
}

const usage = {
  input_tokens: USAGE.input,
  input_tokens_details: { cached_tokens: USAGE.cached, cache_write_tokens: 0 },
  output_tokens: USAGE.output + USAGE.reasoning,
  output_tokens_details: { reasoning_tokens: USAGE.reasoning },
  total_tokens: USAGE.input + USAGE.output + USAGE.reasoning,
}

function outputOf(told: Answer): any[] {
  const output: any[] = []
  if (told.reasoning)
    output.push({
      id: 'rs_fake',
      type: 'reasoning',
      summary: [{ type: 'summary_text', text: told.reasoning.text }],
      encrypted_content: told.reasoning.seal,
    })
  const content = told.refusal
    ? [{ type: 'refusal', refusal: told.refusal }]
    : told.text
      ? [{ type: 'output_text', text: told.text, annotations: [], logprobs: [] }]
      : []
  if (content.length > 0)
    output.push({ id: 'msg_fake', type: 'message', status: 'completed', role: 'assistant', content })
  for (const call of told.calls ?? [])
    output.push({
      id: `fc_${call.id}`,
      type: 'function_call',
      status: 'completed',
      call_id: call.id,
      name: call.name,
      arguments: JSON.stringify(call.args),
    })
  return output
}

function frame(ask: Ask, status: string, more: object = {}): any {
  return {
    id: 'resp_fake',
    object: 'response',
    created_at: 1_763_000_000,
    status,
    error: null,
    incomplete_details: null,
    instructions: null,
    max_output_tokens: null,
    model: ask.model,
    output: [],
    parallel_tool_calls: true,
    previous_response_id: null,
    reasoning: { effort: null, summary: null },
    store: false,
    temperature: 1,
    text: { format: { type: 'text' } },
    tool_choice: 'auto',
    tools: [],
    top_p: 1,
    truncation: 'disabled',
    usage: null,
    user: null,
    metadata: {},
    ...more,
  }
}

function final(ask: Ask, told: Answer): any {
  const status = told.finish === 'length' ? { incomplete_details: { reason: 'max_output_tokens' } } : {}
  return frame(ask, told.finish === 'length' ? 'incomplete' : 'completed', { output: outputOf(told), usage, ...status })
}

function* stream(ask: Ask, told: Answer): Generator<string> {
  let sequence = 0
  const event = (type: string, body: object) =>
    `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: sequence++, ...body })}\n\n`
  yield event('response.created', { response: frame(ask, 'in_progress') })
  yield event('response.in_progress', { response: frame(ask, 'in_progress') })
  for (const [output_index, item] of outputOf(told).entries()) {
    const at = { item_id: item.id, output_index }
    if (item.type === 'reasoning') {
      yield event('response.output_item.added', { output_index, item: { ...item, summary: [], encrypted_content: '' } })
      yield event('response.reasoning_summary_part.added', {
        ...at,
        summary_index: 0,
        part: { type: 'summary_text', text: '' },
      })
      for (const delta of pieces(item.summary[0].text))
        yield event('response.reasoning_summary_text.delta', { ...at, summary_index: 0, delta })
      yield event('response.reasoning_summary_text.done', { ...at, summary_index: 0, text: item.summary[0].text })
      yield event('response.reasoning_summary_part.done', { ...at, summary_index: 0, part: item.summary[0] })
    } else if (item.type === 'function_call') {
      yield event('response.output_item.added', {
        output_index,
        item: { ...item, arguments: '', status: 'in_progress' },
      })
      for (const delta of pieces(item.arguments))
        yield event('response.function_call_arguments.delta', { ...at, delta })
      yield event('response.function_call_arguments.done', { ...at, arguments: item.arguments })
    } else {
      const [part] = item.content
      const refused = part.type === 'refusal'
      yield event('response.output_item.added', { output_index, item: { ...item, content: [], status: 'in_progress' } })
      yield event('response.content_part.added', {
        ...at,
        content_index: 0,
        part: refused ? { type: 'refusal', refusal: '' } : { ...part, text: '' },
      })
      for (const delta of pieces(refused ? part.refusal : part.text)) {
        yield refused
          ? event('response.refusal.delta', { ...at, content_index: 0, delta })
          : event('response.output_text.delta', { ...at, content_index: 0, delta, logprobs: [] })
        if (told.breaks) {
          yield event('error', {
            error: { type: 'server_error', code: 'server_error', message: BREAK_TEXT, param: null },
          })
          yield event('response.failed', {
            response: frame(ask, 'failed', { error: { code: 'server_error', message: BREAK_TEXT } }),
          })
          return
        }
      }
      yield refused
        ? event('response.refusal.done', { ...at, content_index: 0, refusal: part.refusal })
        : event('response.output_text.done', { ...at, content_index: 0, text: part.text, logprobs: [] })
      yield event('response.content_part.done', { ...at, content_index: 0, part })
    }
    yield event('response.output_item.done', { output_index, item })
  }
  const response = final(ask, told)
  yield event(`response.${response.status}`, { response })
}

export function serveResponses(body: any): { status: number; json?: unknown; events?: Iterable<string> } {
  const ask = readAsk(body)
  const told = answer(ask)
  if (told.error) return { status: told.error, json: errorBody }
  if (told.breaks && !ask.stream)
    return { status: 500, json: { error: { message: BREAK_TEXT, type: 'server_error', param: null, code: null } } }
  return ask.stream ? { status: 200, events: stream(ask, told) } : { status: 200, json: final(ask, told) }
}
