import { answer, type Answer, type Ask, BREAK_TEXT, ERROR_TEXT, inline, pieces, USAGE } from './scenario.ts'

export function readAsk(model: string, stream: boolean, body: any): Ask {
  const parts = body.contents.flatMap((content: any) => content.parts)
  const config = body.generationConfig ?? {}
  const calling = body.toolConfig?.functionCallingConfig
  const tools = (body.tools ?? []).flatMap((tool: any) => tool.functionDeclarations ?? []).map((tool: any) => tool.name)
  return {
    model,
    stream,
    images: parts
      .filter((part: any) => part.inlineData)
      .map((part: any) => inline(part.inlineData.mimeType, part.inlineData.data)),
    results: parts
      .filter((part: any) => part.functionResponse)
      .map((part: any, index: number) => ({
        id: String(index),
        text:
          part.functionResponse.response.output ??
          part.functionResponse.response.content ??
          JSON.stringify(part.functionResponse.response),
      })),
    tools,
    forced: calling?.mode === 'ANY' ? (calling.allowedFunctionNames?.[0] ?? '*') : undefined,
    schema:
      config.responseMimeType === 'application/json' &&
      (config.responseSchema ?? config.responseJsonSchema) !== undefined,
    seals: parts.filter((part: any) => part.thoughtSignature !== undefined).map((part: any) => part.thoughtSignature),
    thinks: config.thinkingConfig !== undefined,
  }
}

const FINISH = { stop: 'STOP', tools: 'STOP', length: 'MAX_TOKENS', refusal: 'SAFETY' } as const

const usageMetadata = {
  promptTokenCount: USAGE.input,
  cachedContentTokenCount: USAGE.cached,
  candidatesTokenCount: USAGE.output,
  thoughtsTokenCount: USAGE.reasoning,
  totalTokenCount: USAGE.input + USAGE.output + USAGE.reasoning,
}

/** Gemini puts its proof on the first call of the turn. */
const callParts = (told: Answer): any[] =>
  (told.calls ?? []).map((call, index) => ({
    functionCall: { name: call.name, args: call.args },
    ...(told.reasoning && index === 0 ? { thoughtSignature: told.reasoning.seal } : {}),
  }))

const event = (ask: Ask, parts: any[], finishReason?: string) => ({
  candidates: [{ content: { parts, role: 'model' }, index: 0, ...(finishReason ? { finishReason } : {}) }],
  usageMetadata,
  modelVersion: ask.model,
  responseId: 'fake-response',
})

function* stream(ask: Ask, told: Answer): Generator<string> {
  const frame = (value: unknown) => `data: ${JSON.stringify(value)}\r\n\r\n`
  for (const text of pieces(told.reasoning?.text ?? '')) yield frame(event(ask, [{ text, thought: true }]))
  for (const text of pieces(told.text ?? told.refusal ?? '')) {
    yield frame(event(ask, [{ text }]))
    if (told.breaks) {
      yield frame({ error: { code: 500, message: BREAK_TEXT, status: 'INTERNAL' } })
      return
    }
  }
  if (told.calls) yield frame(event(ask, callParts(told)))
  yield frame(event(ask, [{ text: '' }], FINISH[told.finish]))
}

export function serveGemini(
  model: string,
  streams: boolean,
  body: any,
): { status: number; json?: unknown; events?: Iterable<string> } {
  const ask = readAsk(model, streams, body)
  const told = answer(ask)
  if (told.error)
    return {
      status: told.error,
      json: { error: { code: told.error, message: ERROR_TEXT, status: 'INVALID_ARGUMENT' } },
    }
  if (told.breaks && !streams)
    return { status: 500, json: { error: { code: 500, message: BREAK_TEXT, status: 'INTERNAL' } } }
  if (streams) return { status: 200, events: stream(ask, told) }
  const parts = [
    ...(told.reasoning ? [{ text: told.reasoning.text, thought: true }] : []),
    ...((told.text ?? told.refusal) ? [{ text: told.text ?? told.refusal }] : []),
    ...callParts(told),
  ]
  return { status: 200, json: event(ask, parts, FINISH[told.finish]) }
}
