import { answer, type Answer, type Ask, BREAK_TEXT, ERROR_TEXT, inline, pieces, USAGE } from './scenario.ts'

function readAsk(body: any): Ask {
  const messages: any[] = body.messages
  return {
    model: body.model,
    stream: body.stream === true,
    // Images come without their type.
    images: messages.flatMap((message) => message.images ?? []).map((data: string) => inline('image/png', data)),
    results: messages
      .filter(({ role }) => role === 'tool')
      .map((message, index) => ({ id: String(index), text: message.content })),
    tools: (body.tools ?? []).map((tool: any) => tool.function.name),
    schema: typeof body.format === 'object',
    seals: [],
    thinks: body.think !== undefined,
  }
}

const callsOf = (told: Answer) => told.calls?.map((call) => ({ function: { name: call.name, arguments: call.args } }))

function* stream(model: string, told: Answer): Generator<string> {
  const line = (message: object, rest: object = { done: false }) =>
    `${JSON.stringify({ model, created_at: '2026-11-23T12:00:00Z', message: { role: 'assistant', content: '', ...message }, ...rest })}\n`
  for (const thinking of pieces(told.reasoning?.text ?? '')) yield line({ thinking })
  for (const content of pieces(told.text ?? '')) {
    yield line({ content })
    if (!told.breaks) continue
    yield `${JSON.stringify({ error: BREAK_TEXT })}\n`
    return
  }
  const calls = callsOf(told)
  if (calls) yield line({ tool_calls: calls })
  yield line({}, last(told))
}

const last = (told: Answer) => ({
  done: true,
  done_reason: told.finish === 'length' ? 'length' : 'stop',
  prompt_eval_count: USAGE.input,
  eval_count: USAGE.output + USAGE.reasoning,
})

export function serveOllama(body: any): { status: number; json?: unknown; events?: Iterable<string> } {
  const ask = readAsk(body)
  const told = answer(ask)
  if (told.error) return { status: told.error, json: { error: ERROR_TEXT } }
  if (told.breaks && !ask.stream) return { status: 500, json: { error: BREAK_TEXT } }
  if (ask.stream) return { status: 200, events: stream(ask.model, told) }
  const calls = callsOf(told)
  const message = {
    role: 'assistant',
    content: told.text ?? '',
    ...(told.reasoning && { thinking: told.reasoning.text }),
    ...(calls && { tool_calls: calls }),
  }
  return { status: 200, json: { model: ask.model, created_at: '2026-11-23T12:00:00Z', message, ...last(told) } }
}
