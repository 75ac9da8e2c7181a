import { writeFrame } from '../../src/llm/protocols/bedrock-converse/frames.ts'
import { answer, type Answer, type Ask, BREAK_TEXT, ERROR_TEXT, inline, pieces, USAGE } from './scenario.ts'

function readAsk(model: string, stream: boolean, body: any): Ask {
  const blocks = body.messages.flatMap((message: any) => message.content)
  const choice = body.toolConfig?.toolChoice
  return {
    model,
    stream,
    images: blocks
      .filter((block: any) => block.image)
      .map((block: any) => inline(`image/${block.image.format}`, block.image.source.bytes)),
    results: blocks
      .filter((block: any) => block.toolResult)
      .map(({ toolResult }: any) => ({
        id: toolResult.toolUseId,
        text: toolResult.content.map((each: any) => each.text).join(''),
      })),
    tools: (body.toolConfig?.tools ?? []).flatMap((tool: any) => tool.toolSpec?.name ?? []),
    forced: choice?.any ? '*' : choice?.tool?.name,
    schema: typeof body.outputConfig?.textFormat?.structure?.jsonSchema?.schema === 'string',
    seals: blocks.flatMap((block: any) => block.reasoningContent?.reasoningText?.signature ?? []),
    thinks: body.additionalModelRequestFields?.thinking !== undefined,
  }
}

const FINISH = { stop: 'end_turn', tools: 'tool_use', length: 'max_tokens', refusal: 'guardrail_intervened' } as const

const usage = {
  inputTokens: USAGE.input - USAGE.cached,
  outputTokens: USAGE.output + USAGE.reasoning,
  totalTokens: USAGE.input + USAGE.output + USAGE.reasoning,
  cacheReadInputTokens: USAGE.cached,
  cacheWriteInputTokens: 0,
}

const callOf = (call: NonNullable<Answer['calls']>[number]) => ({ toolUseId: call.id, name: call.name })

function* stream(told: Answer): Generator<Uint8Array> {
  const event = (type: string, payload: object) =>
    writeFrame(
      { ':event-type': type, ':content-type': 'application/json', ':message-type': 'event' },
      Buffer.from(JSON.stringify(payload)),
    )
  let contentBlockIndex = 0
  const delta = (value: object) => event('contentBlockDelta', { contentBlockIndex, delta: value })
  const stop = () => event('contentBlockStop', { contentBlockIndex: contentBlockIndex++ })
  yield event('messageStart', { role: 'assistant' })
  if (told.reasoning) {
    for (const text of pieces(told.reasoning.text)) yield delta({ reasoningContent: { text } })
    yield delta({ reasoningContent: { signature: told.reasoning.seal } })
    yield stop()
  }
  const said = pieces(told.text ?? told.refusal ?? '')
  for (const text of said) {
    yield delta({ text })
    if (!told.breaks) continue
    yield writeFrame(
      { ':message-type': 'exception', ':exception-type': 'modelStreamErrorException' },
      Buffer.from(JSON.stringify({ message: BREAK_TEXT })),
    )
    return
  }
  if (said.length) yield stop()
  for (const call of told.calls ?? []) {
    yield event('contentBlockStart', { contentBlockIndex, start: { toolUse: callOf(call) } })
    for (const input of pieces(JSON.stringify(call.args))) yield delta({ toolUse: { input } })
    yield stop()
  }
  yield event('messageStop', { stopReason: FINISH[told.finish] })
  yield event('metadata', { usage, metrics: { latencyMs: 1 } })
}

export function serveConverse(
  model: string,
  streams: boolean,
  body: any,
): { status: number; json?: unknown; events?: Iterable<Uint8Array> } {
  const told = answer(readAsk(model, streams, body))
  if (told.error) return { status: told.error, json: { __type: 'ValidationException', message: ERROR_TEXT } }
  if (told.breaks && !streams) return { status: 500, json: { __type: 'InternalServerException', message: BREAK_TEXT } }
  if (streams) return { status: 200, events: stream(told) }
  const { reasoning } = told
  const content = [
    ...(reasoning
      ? [{ reasoningContent: { reasoningText: { text: reasoning.text, signature: reasoning.seal } } }]
      : []),
    ...((told.text ?? told.refusal) ? [{ text: told.text ?? told.refusal }] : []),
    ...(told.calls ?? []).map((call) => ({ toolUse: { ...callOf(call), input: call.args } })),
  ]
  return {
    status: 200,
    json: {
      output: { message: { role: 'assistant', content } },
      stopReason: FINISH[told.finish],
      usage,
      metrics: { latencyMs: 1 },
    },
  }
}
