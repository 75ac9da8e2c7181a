import { AppError } from '../errors.ts'
import { callerName } from '../llm/dropped.ts'
import type { DecodeContext } from '../llm/target.ts'
import { completionsClient } from '../llm/operations/completions.ts'
import { countAt, guessTokens, readCounted, writeCount } from '../llm/operations/count-tokens.ts'
import { geminiEmbeddingClient } from '../llm/operations/gemini-client.ts'
import type { AnswerOptions, ClientSide, EncodedRequest, VendorSide } from '../llm/protocol.ts'
import { protocolOf } from '../llm/protocols.ts'
import type { ChatRequest, JsonObject, Usage } from '../llm/spec.ts'
import type { Inbound } from './downstream/inbound.ts'
import { forwardedLines } from './request-head.ts'
import { formOutgoing, type Form } from './form.ts'
import { MadeIds } from '../llm/stream/made-ids.ts'
import { parseBody } from '../llm/stream/parse-body.ts'
import { spliceModel } from '../llm/form/scan.ts'
import { spliceRequest } from '../llm/stream/splice.ts'
import type { ServedEndpoint, SnapshotProvider, SnapshotTarget } from '../snapshot/snapshot.ts'
import type { Call } from './call.ts'
import { StreamJoint } from './continue/joint.ts'
import { StreamGuard } from './guard/stream.ts'
import { planOperation } from './plan-operation.ts'
import { planStored } from './kept/plan-stored.ts'
import { keepsState } from './kept/state.ts'
import { parseJson, PassPlan } from './pass-plan.ts'
import { Translation, Watched, type StreamTransform } from './transform.ts'
import type { Outgoing } from './send.ts'

/** What a call brings along: its bytes, and what its address said. */
export type Incoming = {
  body: Uint8Array
  readonly pathModel: string | undefined
  readonly pathStream: boolean | undefined
  readonly query: Readonly<Record<string, string>>
  /** Whose headers may concern the vendor, or say where to go. */
  readonly client: Pick<Inbound, 'header'>
  /** Set when the call is about a response that its vendor keeps. */
  readonly stored?: StoredRequest
  /** Decoded once, when the first target needs it. */
  decoded: ChatRequest | undefined
  /** Set when the body is a form. */
  form?: Form
}

/** What is asked about something that is kept; `path` is below the thing's own, its query included. */
export type StoredRequest = {
  readonly thing: 'responses' | 'conversations'
  readonly method: string
  readonly path: string
  /** Told what a response used, as often as its end is seen. */
  readonly onEnd: (usage: Usage) => void
}

/** How one call goes to one target, and how its answer comes back. */
export type Plan = {
  readonly outgoing: Outgoing
  readonly vendor: VendorSide
  readonly dropped: readonly string[]
  /** The client's answer where no vendor is needed for it: nothing is sent. */
  readonly local?: string
  /** The client's answer from the vendor's whole one: bytes as they are, or translated. */
  readonly answer: (body: Uint8Array, contentType: string) => PlainAnswer
  readonly stream: () => StreamTransform
  readonly streamContentType: string
}

export type PlainAnswer = { readonly body: Uint8Array | string; readonly report: ReturnType<StreamTransform['report']> }

/** Plans a call of any kind. */
export function planCall(call: Call, incoming: Incoming, target: SnapshotTarget): Plan {
  if (incoming.stored) return planStored(call, incoming, target, incoming.stored)
  return call.route.endpoint === 'chat' ? planChat(call, incoming, target) : planOther(call, incoming, target)
}

/** Plans a chat call: same format if the vendor speaks it, else translated. */
function planChat(call: Call, incoming: Incoming, target: SnapshotTarget): Plan {
  const plan = plainChat(call, incoming, target)
  if (call.route.dialect === 'openai-responses' && keepsState(target)) return watched(call, plan)
  call.made = undefined
  return plan
}

/** The same plan; the ids of what its answer makes are taken down. */
function watched(call: Call, plan: Plan): Plan {
  const made = (call.made = new MadeIds(call.scan?.store !== false))
  return {
    ...plan,
    answer: (bytes, contentType) => {
      const answer = plan.answer(bytes, contentType)
      made.readAnswer(answer.body)
      return answer
    },
    // What may be continued elsewhere is one answer of many vendors: the relay must see it as it is.
    stream: () => (call.continuable ? plan.stream() : new Watched(plan.stream(), made)),
  }
}

function plainChat(call: Call, incoming: Incoming, target: SnapshotTarget): Plan {
  const { dialect } = call.route
  const same = target.provider.chat.find((served) => served.protocol === dialect)
  if (!same) return translate(call, incoming, target, preferred(target.provider))
  // Guards read what is said, not bytes, and so does who may have to go on with it.
  if (call.continuable || (call.stream && call.guard?.set.readsOutput)) return translate(call, incoming, target, same)
  // Vendors are always asked for events; a client of Gemini that did not ask for them waits for one JSON list.
  if (dialect === 'gemini' && call.stream && incoming.query['alt'] !== 'sse')
    return translate(call, incoming, target, same)
  if (!same.rewrites) return passThrough(call, incoming, target, same)
  const rewritten = rewrite(call, incoming, target, same)
  return rewritten ? passThrough(call, incoming, target, same, rewritten) : translate(call, incoming, target, same)
}

function preferred(provider: SnapshotProvider): ServedEndpoint {
  const served = provider.chat[0]
  if (!served) throw new AppError('invalid_request', `the provider "${provider.id}" serves no chat`, { field: 'model' })
  return served
}

/** Plans a call of any other endpoint: as it is where vendor and client speak alike, else translated. */
function planOther(call: Call, incoming: Incoming, target: SnapshotTarget): Plan {
  const { endpoint, dialect, recordedAs } = call.route
  const beside = dialect === 'openai-responses' && target.provider.chat.find(({ protocol }) => protocol === dialect)
  if (beside) return planBeside(call, incoming, target, beside)
  const served = endpoint === 'chat' ? undefined : target.provider.endpoints[endpoint]
  if (endpoint === 'count_tokens') return planCount(call, incoming, target, served)
  if (served && endpoint === 'embeddings' && dialect === 'gemini') {
    const method = recordedAs === 'batchEmbedContents' ? recordedAs : 'embedContent'
    return planOperation(call, incoming, target, served, geminiEmbeddingClient(method, served.path, served.side))
  }
  if (!served && endpoint === 'completions' && target.provider.chat.length > 0)
    return translate(call, incoming, target, preferred(target.provider))
  if (!served || served.protocol !== dialect) {
    throw new AppError('invalid_request', `the provider "${target.provider.id}" does not serve ${recordedAs}`, {
      field: 'model',
    })
  }
  if (served.side) return planOperation(call, incoming, target, served, served.side)
  const { form } = incoming
  if (!form) return passThrough(call, incoming, target, served)
  const body = spliceModel(incoming.body, form.boundary, call.scan!, target.model)
  return passThrough(call, incoming, target, served, { body, dropped: [] })
}

/** What is asked below responses, of a vendor that speaks the format. */
function planBeside(call: Call, incoming: Incoming, target: SnapshotTarget, served: ServedEndpoint): Plan {
  const compacts = call.route.endpoint === 'compact'
  const path = `${served.path}/${compacts ? 'compact' : 'input_tokens'}`
  const plan = passThrough(call, incoming, target, { ...served, path })
  return compacts ? watched(call, plan) : plan
}

/** Asks the vendor where it counts; else guesses here, without a call. */
function planCount(call: Call, incoming: Incoming, target: SnapshotTarget, served: ServedEndpoint | undefined): Plan {
  const { dialect } = call.route
  if (served?.protocol === dialect && dialect === 'anthropic-messages')
    return passThrough(call, incoming, target, served)
  const client = clientOf(call)
  const side = served && countAt(served.protocol, dialect, client, targetFacts(target, served))
  if (served && side) return planOperation(call, incoming, target, served, side)
  const request = readCounted(client, parseBody(incoming.body) as JsonObject, target.model)
  const chat = preferred(target.provider)
  return {
    ...planOperation(call, incoming, target, chat, { encode: () => NO_CALL, decode: () => ({ body: {} }) }),
    local: JSON.stringify(writeCount(dialect, guessTokens(request))),
  }
}

const NO_CALL = { path: '', body: {}, dropped: [] }

type Rewritten = { readonly body: Uint8Array; readonly dropped: readonly string[] }

function passThrough(
  call: Call,
  incoming: Incoming,
  target: SnapshotTarget,
  served: ServedEndpoint,
  edited?: Rewritten,
): Plan {
  const { dialect, endpoint } = call.route
  const { quirks } = served
  const vendor = vendorOf(served)
  const scan = call.scan!
  const asksUsage =
    call.stream &&
    dialect === 'openai-chat' &&
    !quirks.noStreamOptions &&
    (endpoint === 'chat' || endpoint === 'completions')
  const stripUsage = asksUsage && !scan.includeUsage
  const body = edited
    ? edited.body
    : spliceRequest(incoming.body, scan, { model: target.model, includeUsage: asksUsage })
  const outgoing = {
    served,
    path: passPath(served, target.model, call.stream),
    contentType: JSON_TYPE,
    body,
    lines: forwardedLines(incoming.client, call.key!),
  }
  const { form } = incoming
  return new PassPlan(
    call,
    form ? formOutgoing(outgoing, form) : outgoing,
    vendor,
    edited?.dropped ?? NOTHING_DROPPED,
    stripUsage,
  )
}

const NOTHING_DROPPED: readonly string[] = []

/** The body in the same format with the vendor's quirks observed; undefined when the answer must be translated back too. */
function rewrite(
  call: Call,
  incoming: Incoming,
  target: SnapshotTarget,
  served: ServedEndpoint,
): Rewritten | undefined {
  const vendor = vendorOf(served)
  const facts = targetFacts(target, served)
  const encoded = vendor.adaptBody ? undefined : vendor.encodeRequest(decode(call, incoming), facts)
  const adapted = encoded ?? vendor.adaptBody?.(parseBody(incoming.body) as JsonObject, facts)
  if (!adapted || encoded?.context.jsonTool !== undefined) return undefined
  return {
    body: Buffer.from(JSON.stringify(adapted.body)),
    dropped: adapted.dropped.map(({ parameter }) => parameter),
  }
}

function translate(call: Call, incoming: Incoming, target: SnapshotTarget, served: ServedEndpoint): Plan {
  const client = clientOf(call)
  const vendor = vendorOf(served)
  const request = decode(call, incoming)
  const encoded = vendor.encodeRequest(request, targetFacts(target, served))
  const options = optionsOf(call, incoming, target.model)
  const context: DecodeContext = encoded.context
  return {
    outgoing: outgoingOf(encoded, served),
    vendor,
    dropped: encoded.dropped.map(({ parameter }) => parameter),
    answer: (bytes) => {
      const result = vendor.decodeResponse(parseJson(bytes), context)
      const finish = result.choices[0]?.finish
      return {
        body: JSON.stringify(client.encodeResponse(result, options)),
        report: {
          ...(result.usage ? { usage: result.usage } : {}),
          ...(finish ? { finish } : {}),
          model: result.model,
          id: result.id,
          complete: true,
          estimatedOutput: 0,
        },
      }
    },
    stream: () => {
      const guard = call.guard?.set.readsOutput ? new StreamGuard(call.guard) : undefined
      const joint = call.continuable ? new StreamJoint() : undefined
      const isOne = encoded.dropped.some(({ parameter }) => parameter === callerName('n', request.dialect))
      const asked = isOne ? 1 : (request.n ?? 1)
      const decoder = vendor.createStreamDecoder(context)
      return new Translation(decoder, client.createStreamEncoder(options), asked, guard, joint)
    },
    streamContentType: client.streamContentType(incoming.query),
  }
}

/** What goes out of a request in the vendor's format. */
export function outgoingOf({ path, query, headers, body }: EncodedRequest, served: ServedEndpoint): Outgoing {
  return {
    served,
    path: withQuery(path, query),
    contentType: JSON_TYPE,
    body: Buffer.from(JSON.stringify(body)),
    lines: Object.entries(headers)
      .map(([name, value]) => `${name}: ${value}\r\n`)
      .join(''),
  }
}

/** The request in the vocabulary; decoded once. */
export function decode(call: Call, incoming: Incoming): ChatRequest {
  incoming.decoded ??= clientOf(call).decodeRequest(parseBody(incoming.body) as JsonObject, {
    query: incoming.query,
    ...(incoming.pathModel === undefined ? {} : { model: incoming.pathModel }),
    ...(incoming.pathStream === undefined ? {} : { stream: incoming.pathStream }),
  })
  return incoming.decoded
}

function clientOf({ route }: Call): ClientSide {
  const client = route.endpoint === 'completions' ? completionsClient : protocolOf(route.dialect).client
  if (!client) throw new AppError('internal', 'this dialect cannot be served')
  return client
}

export function vendorOf(served: ServedEndpoint): VendorSide {
  const { vendor } = protocolOf(served.protocol)
  if (!vendor) throw new AppError('internal', `${served.protocol} cannot be called`)
  return vendor
}

export function targetFacts({ provider, model }: SnapshotTarget, { quirks }: ServedEndpoint) {
  return { model, capabilities: provider.capabilities(model), quirks }
}

const JSON_TYPE = 'application/json'

function passPath({ path, streamPath }: ServedEndpoint, model: string, stream: boolean): string {
  const template = stream ? (streamPath ?? path) : path
  return template.includes('{model}') ? template.replace('{model}', encodeURIComponent(model)) : template
}

function withQuery(path: string, query: Readonly<Record<string, string>> | undefined): string {
  if (!query || Object.keys(query).length === 0) return path
  return `${path}${path.includes('?') ? '&' : '?'}${new URLSearchParams(query)}`
}

/** What the client's format prints of a call. */
export function optionsOf(call: Call, incoming: Incoming, model: string): AnswerOptions {
  return {
    request: decode(call, incoming),
    model: call.modelAsked ?? model,
    requestId: call.id,
    created: Math.floor(call.startedAt / 1000),
    query: incoming.query,
  }
}
