import { AppError } from '../errors.ts'
import { utf8 } from '../lib/bytes.ts'
import type { OperationSide } from '../llm/operation.ts'
import { protocolOf } from '../llm/protocols.ts'
import type { Json, JsonObject } from '../llm/spec.ts'
import type { ServedEndpoint, SnapshotTarget } from '../snapshot/snapshot.ts'
import type { Call } from './call.ts'
import type { Incoming, Plan } from './plan.ts'

/** Plans embeddings or a ranking at a vendor that has its own words for them. None of them streams. */
export function planOperation(
  call: Call,
  incoming: Incoming,
  target: SnapshotTarget,
  served: ServedEndpoint,
  side: OperationSide,
): Plan {
  const { vendor } = protocolOf(served.protocol)
  if (!vendor) throw new AppError('internal', `${served.protocol} cannot be called`)
  const asked = parse(incoming.body) as JsonObject
  const encoded = side.encode(asked, target.model)
  return {
    outgoing: {
      served,
      path: encoded.path,
      contentType: 'application/json',
      body: Buffer.from(JSON.stringify(encoded.body)),
      lines: '',
    },
    vendor,
    dropped: encoded.dropped.map(({ parameter }) => parameter),
    answer: (bytes) => {
      const { body, usage } = side.decode(parse(bytes), asked, call.modelAsked ?? target.model)
      return {
        body: JSON.stringify(body),
        report: { ...(usage && { usage }), model: target.model, complete: true, estimatedOutput: 0 },
      }
    },
    stream: () => {
      throw new AppError('internal', `${call.route.recordedAs} does not stream`)
    },
    streamContentType: 'application/json',
  }
}

function parse(bytes: Uint8Array): Json {
  try {
    return JSON.parse(utf8(bytes)) as Json
  } catch (error) {
    throw new AppError('upstream_invalid', 'the upstream answered 200 with something that is not JSON', {}, error)
  }
}
