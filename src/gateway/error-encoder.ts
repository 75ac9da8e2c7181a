import { AppError } from '../errors.ts'
import { callErrorOf } from '../llm/errors.ts'
import type { AnswerOptions, StreamEncoder } from '../llm/protocol.ts'
import { protocolOf } from '../llm/protocols.ts'
import type { Call } from './call.ts'

/** Gemini has two framings: what passes through has this one. */
const SSE = { alt: 'sse' }

/** An encoder that is only asked to fail, in a stream of server-sent events that passes through: no part of the request matters to it. */
export function errorEncoder(call: Call, resumed: NonNullable<AnswerOptions['resumed']>): StreamEncoder {
  const model = call.modelAsked ?? ''
  const client = protocolOf(call.route.dialect).client
  if (!client) throw callErrorOf(new AppError('internal', 'this dialect cannot be answered'))
  return client.createStreamEncoder({
    request: { dialect: call.route.dialect, model, system: [], messages: [], tools: [], stream: true, extra: {} },
    model,
    requestId: call.id,
    created: Math.floor(call.startedAt / 1000),
    query: SSE,
    resumed,
  })
}
