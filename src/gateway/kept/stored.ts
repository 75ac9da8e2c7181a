import { AppError } from '../../errors.ts'
import { MadeIds } from '../../llm/stream/made-ids.ts'
import { scanRequest } from '../../llm/stream/splice.ts'
import type { SnapshotTarget } from '../../snapshot/snapshot.ts'
import { admit, attributesOf } from '../admit.ts'
import { attempt } from '../attempt.ts'
import { Call } from '../call.ts'
import type { Answer } from '../downstream/answer.ts'
import type { Inbound } from '../downstream/inbound.ts'
import { chargeDue } from './due.ts'
import type { Gateway } from '../gateway.ts'
import { guardBody } from '../guard/guard-call.ts'
import { GuardRun } from '../guard/run.ts'
import { refuse } from '../handle.ts'
import { identify } from '../identify.ts'
import type { Itinerary } from '../itinerary.ts'
import { placeForNew } from '../new-place.ts'
import type { Incoming, StoredRequest } from '../plan.ts'
import type { StoredMatch } from '../route.ts'
import { checkItems, keepsState, othersThan } from './state.ts'
import { tenantOf } from './tenant.ts'

/** Method → name on the record. */
type Methods = Readonly<Record<string, string>>

/** What may be done with what a vendor keeps, by the shape of its address. */
const ACTIONS: Readonly<Record<string, Methods>> = {
  '/responses/*': { GET: 'responses.retrieve', DELETE: 'responses.delete' },
  '/responses/*/cancel': { POST: 'responses.cancel' },
  '/responses/*/input_items': { GET: 'responses.input_items' },
  '/conversations': { POST: 'conversations.create' },
  '/conversations/*': {
    GET: 'conversations.retrieve',
    POST: 'conversations.update',
    DELETE: 'conversations.delete',
  },
  '/conversations/*/items': { GET: 'conversations.items.list', POST: 'conversations.items.create' },
  '/conversations/*/items/*': { GET: 'conversations.items.retrieve', DELETE: 'conversations.items.delete' },
}

/** Whose answers hold what was said. */
const TELLING = new Set([
  'responses.retrieve',
  'responses.cancel',
  'conversations.items.list',
  'conversations.items.create',
  'conversations.items.retrieve',
])

/** Ids that can stand in a path without meaning anything else there. */
const ID = /^(?!\.+$)[\w.:=+~-]{1,512}$/

/**
 * Asks the vendor that keeps a response or a conversation for it, with the credential that made it, for the tenant that had it made. To
 * anybody else it is not there. Never rejects; on record like any call, at no cost.
 */
export async function handleStored(gateway: Gateway, request: Inbound, match: StoredMatch): Promise<Answer> {
  const { method } = request
  const methods = ACTIONS[match.shape] ?? {}
  const allowed = Object.keys(methods).join(', ')
  const recordedAs = methods[method] ?? Object.values(methods)[0] ?? ''
  const call = new Call({ endpoint: 'chat', dialect: 'openai-responses', recordedAs }, gateway.snapshot())
  gateway.inFlight++
  try {
    const query = new URLSearchParams(request.query)
    call.key = identify(call.snapshot, request, query.get('key') ?? undefined)
    query.delete('key')
    gateway.load.check(call.key.priority, gateway.inFlight, call.snapshot.traffic.overload)
    if (methods[method] === undefined)
      throw new AppError('method_not_allowed', `${method} is not possible here: use ${allowed}`)
    const arriving = request.body(gateway.limits.bodyBytes)
    const body = arriving instanceof Promise ? await arriving : arriving
    call.bytesIn = body.length
    call.stream = recordedAs === 'responses.retrieve' && query.get('stream') === 'true'
    // What comes with other methods, or to be cancelled, says nothing.
    const takesBody = method === 'POST' && match.thing === 'conversations'
    const incoming: Incoming = {
      ...NO_BODY,
      body: takesBody && body.length > 0 ? body : NOTHING,
      client: request,
    }
    if (incoming.body.length > 0) scanRequest(incoming.body)
    const admitted = admit(gateway, call)
    if (admitted) await admitted
    await guard(gateway, call, incoming)
    const { target, excluded } =
      match.id === null ? placeForNew(call, query) : await placeOf(gateway, call, match.thing, match.id)
    if (incoming.body.length > 0) await checkItems(gateway, call, incoming.body, target)
    if (match.thing === 'conversations' && method !== 'DELETE') call.made = new MadeIds(true)
    const stored: StoredRequest = {
      thing: match.thing,
      method,
      path: match.path + (query.size > 0 ? `?${query}` : ''),
      onEnd: (usage) => {
        if (match.id !== null && TELLING.has(recordedAs)) chargeDue(gateway, call, match.id, usage)
      },
    }
    const itinerary: Itinerary = { ...NOWHERE_ELSE, targets: [target], excluded }
    return await attempt(gateway, call, { ...incoming, stored }, itinerary, request)
  } catch (error) {
    return await refuse(gateway, call, error, allowed)
  }
}

const NOTHING = new Uint8Array()
const NO_BODY = { body: NOTHING, pathModel: undefined, pathStream: undefined, query: {}, decoded: undefined }
const NOWHERE_ELSE = { alias: undefined, mirror: undefined, waitMs: 0, special: () => [] }

/** What the guards of the key would have read when it was said, they read now. */
async function guard(gateway: Gateway, call: Call, incoming: Incoming): Promise<void> {
  const { recordedAs } = call.route
  const says = incoming.body.length > 0
  if (!says && !TELLING.has(recordedAs)) return
  const set = gateway.traffic.for(call.snapshot).guards.for(attributesOf(call))
  if (!set) return
  if (call.stream && set.readsOutput)
    throw new AppError('content_filtered', 'the guards of this key read answers whole: ask without "stream"', {
      field: 'stream',
    })
  // A list of items is no answer that a schema could be for.
  const run = new GuardRun(recordedAs.startsWith('conversations') ? { ...set, schemas: [] } : set)
  call.guard = run
  if (says) await guardBody(run, call, incoming)
}

/** Throws `not_found` for what is another's, or nobody's, or kept where nobody can ask any more. */
async function placeOf(
  gateway: Gateway,
  call: Call,
  thing: StoredMatch['thing'],
  id: string,
): Promise<{ target: SnapshotTarget; excluded: ReadonlySet<string> }> {
  if (!ID.test(id)) throw notFound(thing, id)
  const { origins } = gateway.traffic
  const tenant = tenantOf(call.key!)
  const found = await origins.search([id], tenant)
  const origin = origins.find(id)
  if (!origin && (found === false || !origins.ready))
    throw new AppError('not_ready', `${thing} cannot be looked up at the moment: try again shortly`, {
      retryAfterMs: 1_000,
    })
  const provider = origin?.tenant === tenant ? call.snapshot.providers.get(origin.provider) : undefined
  const target = provider && { provider, model: origin!.model }
  if (!target || !keepsState(target)) throw notFound(thing, id)
  return { target, excluded: othersThan(origin!.credential, target.provider.credentials) }
}

function notFound(thing: StoredMatch['thing'], id: string): AppError {
  const [name, field] =
    thing === 'responses' ? ['Response', 'response_id'] : (['Conversation', 'conversation_id'] as const)
  return new AppError('not_found', `${name} with id '${id.slice(0, 100)}' not found.`, { field })
}
