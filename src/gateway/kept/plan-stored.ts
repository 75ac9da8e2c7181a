import { AppError } from '../../errors.ts'
import type { TapReport, UsageTap } from '../../llm/protocol.ts'
import { protocolOf } from '../../llm/protocols.ts'
import type { CallError, Usage } from '../../llm/spec.ts'
import { isJson, toBuffer } from '../../llm/stream/json-scan.ts'
import type { SnapshotTarget } from '../../snapshot/snapshot.ts'
import type { Call } from '../call.ts'
import { errorEncoder } from '../error-encoder.ts'
import { forwardedLines } from '../request-head.ts'
import type { Incoming, Plan, StoredRequest } from '../plan.ts'
import { PassThrough } from '../pass-through.ts'
import type { StreamTransform } from '../transform.ts'

/** Nothing that was learned is charged: it was when it was made. */
const WHOLE: TapReport = { complete: true, estimatedOutput: 0 }

/** Plans a question about a response that the target keeps. */
export function planStored(call: Call, incoming: Incoming, target: SnapshotTarget, stored: StoredRequest): Plan {
  const served = target.provider.chat.find(({ protocol }) => protocol === 'openai-responses')
  const { vendor } = protocolOf('openai-responses')
  if (!served || !vendor) throw new AppError('internal', 'this provider keeps no responses')
  const { quirks } = served
  call.costMicros = 0
  call.priceSource = 'kept response'
  const tap = (stream: boolean) => vendor.createUsageTap(stream, { quirks })
  return {
    outgoing: {
      served,
      method: stored.method,
      path: pathOf(served.path, target.model, stored),
      contentType: 'application/json',
      body: incoming.body,
      lines: forwardedLines(incoming.client, call.key!),
    },
    vendor: { ...vendor, decodeError: (status, headers, body) => notThere(vendor.decodeError(status, headers, body)) },
    dropped: [],
    answer: (bytes) => {
      if (bytes.length > 0 && !isJson(bytes))
        throw new AppError('upstream_invalid', 'the upstream answered 200 with something that is not JSON')
      // What has no words yet gives guards nothing to read.
      if (call.guard && /"output":\s*\[\s*\]/.test(toBuffer(bytes).toString('latin1'))) call.guard = undefined
      const usage = usageIn(tap(false), bytes)
      if (usage) stored.onEnd(usage)
      call.made?.readAnswer(bytes)
      return { body: bytes, report: WHOLE }
    },
    stream: () => new StoredStream(new PassThrough(tap(true), (resumed) => errorEncoder(call, resumed)), stored.onEnd),
    streamContentType: 'text/event-stream; charset=utf-8',
  }
}

/** Conversations are beside responses. */
function pathOf(responses: string, model: string, { thing, path }: StoredRequest): string {
  const own = responses.replace('{model}', encodeURIComponent(model))
  if (thing === 'responses') return own + path
  if (!own.endsWith('/responses'))
    throw new AppError('invalid_request', 'this provider is not known to keep conversations')
  return own.slice(0, -'responses'.length) + thing + path
}

function usageIn(tap: UsageTap, bytes: Uint8Array): Usage | undefined {
  tap.push(bytes)
  return tap.report().usage
}

/** The vendor names no model here. */
function notThere(error: CallError): CallError {
  return error.code === 'model_not_found' ? { ...error, code: 'not_found', status: 404 } : error
}

/** A kept response told as a stream: its usage is charged only where that is still due. */
class StoredStream implements StreamTransform {
  readonly #inner: PassThrough
  readonly #onEnd: (usage: Usage) => void

  constructor(inner: PassThrough, onEnd: (usage: Usage) => void) {
    this.#inner = inner
    this.#onEnd = onEnd
  }

  get finished(): boolean {
    return this.#inner.finished
  }

  get told(): boolean {
    return this.#inner.told
  }

  get untold(): boolean {
    return this.#inner.untold
  }

  push(bytes: Uint8Array): Uint8Array {
    const out = this.#inner.push(bytes)
    if (this.#inner.finished) this.#charge()
    return out
  }

  end(): Uint8Array {
    const rest = this.#inner.end()
    this.#charge()
    return rest
  }

  #charge(): void {
    const { complete, usage } = this.#inner.report()
    if (complete && usage) this.#onEnd(usage)
  }

  fail(error: CallError): string {
    return this.#inner.fail(error)
  }

  report(): TapReport {
    const { complete, error } = this.#inner.report()
    return { complete, ...(error && { error }), estimatedOutput: 0 }
  }
}
