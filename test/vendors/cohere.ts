import { answer, type Answer, type Ask, BREAK_TEXT, dataUrl, ERROR_TEXT, pieces, USAGE } from './scenario.ts'

function readAsk(body: any): Ask {
  const messages: any[] = body.messages
  const parts = messages.flatMap((message) => (Array.isArray(message.content) ? message.content : []))
  return {
    model: body.model,
    stream: body.stream === true,
    images: parts.filter((part) => part.type === 'image_url').map((part) => dataUrl(part.image_url.url)),
    results: messages
      .filter(({ role }) => role === 'tool')
      .map((message) => ({ id: message.tool_call_id, text: message.content })),
    tools: (body.tools ?? []).map((tool: any) => tool.function.name),
    forced: body.tool_choice === 'REQUIRED' ? '*' : undefined,
    schema: typeof body.response_format?.json_schema === 'object',
    // The format has no field for proofs.
    seals: [],
    thinks: body.thinking?.type === 'enabled',
  }
}

const FINISH = { stop: 'COMPLETE', tools: 'TOOL_CALL', length: 'MAX_TOKENS', refusal: 'ERROR_TOXIC' } as const

const usage = {
  billed_units: { input_tokens: USAGE.input, output_tokens: USAGE.output + USAGE.reasoning },
  tokens: { input_tokens: USAGE.input + 480, output_tokens: USAGE.output + USAGE.reasoning },
  cached_tokens: 448,
}

const callOf = (call: NonNullable<Answer['calls']>[number], text: string) => ({
  id: call.id,
  type: 'function',
  function: { name: call.name, arguments: text },
})

function* stream(told: Answer): Generator<string> {
  const event = (type: string, rest: object) => `event: ${type}\ndata: ${JSON.stringify({ type, ...rest })}\n\n`
  const message = (value: object) => ({ delta: { message: value } })
  let index = 0
  yield event('message-start', {
    id: 'fake',
    ...message({ role: 'assistant', content: [], tool_plan: '', tool_calls: [], citations: [] }),
  })
  const blocks = [
    ['thinking', told.reasoning?.text ?? ''],
    ['text', told.text ?? told.refusal ?? ''],
  ] as const
  for (const [type, text] of blocks) {
    if (!text) continue
    yield event('content-start', { index, ...message({ content: { type, [type]: '' } }) })
    for (const piece of pieces(text)) {
      yield event('content-delta', { index, ...message({ content: { [type]: piece } }) })
      if (!told.breaks) continue
      yield event('message-end', { delta: { finish_reason: 'ERROR', error: BREAK_TEXT } })
      return
    }
    yield event('content-end', { index: index++ })
  }
  for (const [at, call] of (told.calls ?? []).entries()) {
    yield event('tool-call-start', { index: at, ...message({ tool_calls: callOf(call, '') }) })
    for (const piece of pieces(JSON.stringify(call.args)))
      yield event('tool-call-delta', { index: at, ...message({ tool_calls: { function: { arguments: piece } } }) })
    yield event('tool-call-end', { index: at })
  }
  yield event('message-end', { delta: { finish_reason: FINISH[told.finish], usage } })
}

export function serveCohere(body: any): { status: number; json?: unknown; events?: Iterable<string> } {
  const ask = readAsk(body)
  const told = answer(ask)
  if (told.error) return { status: told.error, json: { id: 'fake', message: ERROR_TEXT } }
  if (told.breaks && !ask.stream) return { status: 500, json: { id: 'fake', message: BREAK_TEXT } }
  if (ask.stream) return { status: 200, events: stream(told) }
  const content = [
    ...(told.reasoning ? [{ type: 'thinking', thinking: told.reasoning.text }] : []),
    ...((told.text ?? told.refusal) ? [{ type: 'text', text: told.text ?? told.refusal }] : []),
  ]
  const calls = told.calls?.map((call) => callOf(call, JSON.stringify(call.args)))
  const message = { role: 'assistant', ...(content.length && { content }), ...(calls && { tool_calls: calls }) }
  return { status: 200, json: { id: 'fake', message, finish_reason: FINISH[told.finish], usage } }
}
