import type { Alias } from '../../contract/alias.ts'
import { attributesOf } from '../admit.ts'
import type { Call } from '../call.ts'
import { Answer, headerLine } from '../downstream/answer.ts'
import type { Inbound } from '../downstream/inbound.ts'
import type { Gateway } from '../gateway.ts'
import { record } from '../account.ts'
import { limitLines, modelLine, STREAM_LINES } from '../answer-headers.ts'
import type { Incoming } from '../plan.ts'
import type { CachedAnswer } from './answer-store.ts'

/** Endpoints whose answers depend on nothing but the request. */
const CACHED = new Set(['chat', 'completions', 'embeddings', 'moderations', 'rerank', 'count_tokens'])

/**
 * Looks for a kept answer, waits for the answer of an equal call that runs, or prepares to keep this call's own. Undefined when the call
 * must be made.
 */
export function fromCache(
  gateway: Gateway,
  call: Call,
  incoming: Incoming,
  request: Inbound,
): Promise<Answer | undefined> | undefined {
  const { answers } = gateway.traffic.for(call.snapshot)
  if (!answers || !CACHED.has(call.route.endpoint)) return undefined
  const attributes = attributesOf(call)
  const rule = answers.ruleFor(attributes)
  if (!rule) return undefined
  const control = request.header('cache-control')
  if (control !== undefined && /no-store|no-cache/i.test(control)) return undefined
  // An answer that leans on what a vendor keeps, is kept there itself, or has secrets put back into it, is nobody else's.
  if (leavesState(call) || call.guard?.hides) return undefined
  const key = answers.keyOf(rule, attributes, partsOf(call, incoming, request), incoming.body)
  return find(gateway, call, key, rule, answers)
}

/** Responses are kept by their vendor unless the request says otherwise; other answers only when it asks for it. */
function leavesState({ route, scan, state }: Call): boolean {
  if (state || scan?.background) return true
  return route.dialect === 'openai-responses' ? scan?.store !== false : scan?.store === true
}

type Answers = NonNullable<ReturnType<Gateway['traffic']['for']>['answers']>
type Rule = NonNullable<ReturnType<Answers['ruleFor']>>

async function find(
  gateway: Gateway,
  call: Call,
  key: string,
  rule: Rule,
  answers: Answers,
): Promise<Answer | undefined> {
  const now = Date.now()
  const looked = answers.store.get(key, now)
  const kept = looked instanceof Promise ? await looked : looked
  if (kept) return await replay(gateway, call, kept, 'hit')
  let alone = false
  for (let running = answers.running.get(key); running && !alone; running = answers.running.get(key)) {
    const outcome = await running
    if (outcome && outcome !== 'left') return await replay(gateway, call, outcome, 'shared')
    // Whoever waited for a failure waits for no second one: in a row they would take as long as all of them together.
    alone = outcome === undefined
  }
  call.cache = 'miss'
  call.capture = answers.capture(key, rule, alone)
  return undefined
}

function partsOf(call: Call, { pathModel, pathStream, query }: Incoming, request: Inbound) {
  const source = call.modelAsked === null ? undefined : call.snapshot.aliases.get(call.modelAsked)?.source
  const guards = call.guard ? call.snapshot.traffic.guards : []
  return {
    endpoint: call.route.recordedAs,
    dialect: call.route.dialect,
    address: addressOf(pathModel, pathStream, query),
    context: textOf(source) + textOf(guards) + headersThatMatter(call, source, request),
  }
}

function addressOf(model: string | undefined, stream: boolean | undefined, query: Incoming['query']): string {
  const said = withoutKey(query)
  return model === undefined && stream === undefined && said.length === 0 ? '' : JSON.stringify([model, stream, said])
}

/** A key in the query says who asks, not what. */
function withoutKey(query: Readonly<Record<string, string>>): [string, string][] {
  return Object.entries(query).filter(([name]) => name !== 'key')
}

/** What the request's headers say of where it goes and what the vendor makes of it. */
function headersThatMatter({ route }: Call, source: Alias | undefined, request: Inbound): string {
  const names = source ? headersOf(source) : NONE
  const beta = route.dialect === 'anthropic-messages' ? request.header('anthropic-beta') : undefined
  if (names.length === 0 && beta === undefined) return ''
  return JSON.stringify([beta ?? null, ...names.map((name) => request.header(name) ?? null)])
}

const NONE: readonly string[] = []
const headerNames = new WeakMap<Alias, readonly string[]>()

/** The headers that an alias's targets ask for. */
function headersOf(alias: Alias): readonly string[] {
  let names = headerNames.get(alias)
  if (!names) {
    names = [...new Set(alias.targets.flatMap(({ when }) => Object.keys(when?.headers ?? {})))]
    headerNames.set(alias, names)
  }
  return names
}

const texts = new WeakMap<object, string>()

function textOf(value: object | undefined): string {
  if (!value) return ''
  let text = texts.get(value)
  if (text === undefined) texts.set(value, (text = JSON.stringify(value)))
  return text
}

/** A kept answer costs nothing, and says so. */
async function replay(gateway: Gateway, call: Call, answer: CachedAnswer, how: 'hit' | 'shared'): Promise<Answer> {
  call.cache = how
  call.status = 200
  call.costMicros = 0
  call.priceSource = 'cache'
  call.bytesOut = answer.body.length
  call.firstByteMs = call.elapsed()
  call.servedFromCache = answer
  await record(gateway, call)
  let headers =
    headerLine('content-type', answer.contentType) +
    `x-request-id: ${call.id}\r\n` +
    modelLine(answer.provider, answer.model) +
    `x-portreeve-cache: ${how}\r\nx-portreeve-attempts: 0\r\n`
  if (answer.contentType.startsWith('text/event-stream')) headers += STREAM_LINES
  headers += limitLines(call)
  return new Answer(200, headers, answer.body)
}
