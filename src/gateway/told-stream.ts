import { AppError } from '../errors.ts'
import { utf8 } from '../lib/bytes.ts'
import { protocolOf } from '../llm/protocols.ts'
import type { Json } from '../llm/spec.ts'
import { partsOf } from '../llm/stream/parts-of.ts'
import type { Call } from './call.ts'
import { optionsOf, type Incoming } from './plan.ts'

/** Whether a whole answer to this call has to be told as a stream: clients that asked for one read nothing else. */
export const wantsStream = ({ stream, route }: Call): boolean =>
  stream && (route.endpoint === 'chat' || route.endpoint === 'completions')

/** The client's whole answer as the stream that it asked for. Throws `upstream_invalid` where it is no answer. */
export function asStream(call: Call, incoming: Incoming, body: Uint8Array | string): string {
  const text = typeof body === 'string' ? body : utf8(body)
  if (call.route.endpoint === 'completions') return `data: ${text.trim()}\n\ndata: [DONE]\n\n`
  const { client, vendor } = protocolOf(call.route.dialect)
  if (!client || !vendor) throw new AppError('internal', 'this dialect cannot be streamed')
  const encoder = client.createStreamEncoder(optionsOf(call, incoming, call.target?.model ?? ''))
  let out = ''
  for (const part of partsOf(vendor.decodeResponse(JSON.parse(text) as Json))) out += encoder.push(part)
  return out + encoder.end()
}
