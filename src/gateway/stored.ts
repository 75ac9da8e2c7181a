import { AppError } from '../errors.ts'
import { toBuffer } from '../llm/stream/json-scan.ts'
import type { SnapshotTarget } from '../snapshot/snapshot.ts'
import { admit, attributesOf } from './admit.ts'
import { attempt } from './attempt.ts'
import { Call } from './call.ts'
import type { Answer } from './downstream/answer.ts'
import type { Inbound } from './downstream/inbound.ts'
import { chargeDue } from './due.ts'
import type { Gateway } from './gateway.ts'
import { GuardRun } from './guard/run.ts'
import { refuse } from './handle.ts'
import { identify } from './identify.ts'
import type { Itinerary } from './itinerary.ts'
import type { Incoming, StoredRequest } from './plan.ts'
import { forwardedLines } from './request-head.ts'
import type { StoredMatch } from './route.ts'
import { keepsState, othersThan } from './state.ts'
import { tenantOf } from './tenant.ts'

/** What may be done with a response that its vendor keeps: method → name on the record. */
const ACTIONS: Readonly<Record<StoredMatch['action'], Readonly<Record<string, string>>>> = {
  '': { GET: 'responses.retrieve', DELETE: 'responses.delete' },
  '/cancel': { POST: 'responses.cancel' },
  '/input_items': { GET: 'responses.input_items' },
}

/** Ids that can stand in a path without meaning anything else there. */
const ID = /^(?!\.+$)[\w.:=+~-]{1,512}$/
const NOTHING = new Uint8Array()

/**
 * Asks the vendor that keeps a response for it, with the credential that made it, for the tenant that had it made. To anybody else it is not
 * there. Never rejects; on record like any call, at no cost.
 */
export async function handleStored(gateway: Gateway, request: Inbound, match: StoredMatch): Promise<Answer> {
  const actions = ACTIONS[match.action]
  const recordedAs = actions[request.method] ?? 'responses.retrieve'
  const call = new Call({ endpoint: 'chat', dialect: 'openai-responses', recordedAs }, gateway.snapshot())
  gateway.inFlight++
  try {
    const query = new URLSearchParams(request.query)
    call.key = identify(call.snapshot, request, query.get('key') ?? undefined)
    query.delete('key')
    gateway.load.check(call.key.priority, gateway.inFlight, call.snapshot.traffic.overload)
    const method = request.method
    if (actions[method] === undefined)
      throw new AppError('method_not_allowed', `${method} is not possible here: use ${allowed(match)}`)
    // Only to have it read: what can be said is in the address.
    const body = request.body(gateway.limits.bodyBytes)
    call.bytesIn = (body instanceof Promise ? await body : body).length
    call.stream = recordedAs === 'responses.retrieve' && query.get('stream') === 'true'
    const admitted = admit(gateway, call)
    if (admitted) await admitted
    guardOutput(gateway, call)
    const { target, excluded } = await placeOf(gateway, call, match.id)
    const stored: StoredRequest = {
      id: match.id,
      method,
      path: `/${encodeURIComponent(match.id)}${match.action}${query.size > 0 ? `?${query}` : ''}`,
      onEnd: (usage) => chargeDue(gateway, call, match.id, usage),
    }
    const incoming: Incoming = { ...NO_BODY, headerLines: () => forwardedLines(request), stored }
    const itinerary: Itinerary = { ...NOWHERE_ELSE, targets: [target], excluded }
    return await attempt(gateway, call, incoming, itinerary, request)
  } catch (error) {
    return await refuse(gateway, call, error, allowed(match))
  }
}

const allowed = ({ action }: StoredMatch) => Object.keys(ACTIONS[action]).join(', ')

const NO_BODY = { body: NOTHING, pathModel: undefined, pathStream: undefined, query: {}, decoded: undefined }
const NOWHERE_ELSE = { alias: undefined, mirror: undefined, waitMs: 0, special: () => [] }

/** What the guards of the key would have read in the answer, they read now. */
function guardOutput(gateway: Gateway, call: Call): void {
  const { recordedAs } = call.route
  if (recordedAs !== 'responses.retrieve' && recordedAs !== 'responses.cancel') return
  const set = gateway.traffic.for(call.snapshot).guards.for(attributesOf(call))
  if (!set?.readsOutput) return
  if (call.stream)
    throw new AppError('content_filtered', 'the guards of this key read answers whole: ask without "stream"', {
      field: 'stream',
    })
  call.guard = new GuardRun(set)
}

/** Throws `not_found` for what is another's, or nobody's, or kept where nobody can ask any more. */
async function placeOf(
  gateway: Gateway,
  call: Call,
  id: string,
): Promise<{ target: SnapshotTarget; excluded: ReadonlySet<string> }> {
  if (!ID.test(id)) throw notFound(id)
  const { origins } = gateway.traffic
  const tenant = tenantOf(call.key!)
  const found = await origins.search([id], tenant)
  const origin = origins.find(id)
  if (origin?.tenant !== tenant && !origin && (found === false || !origins.ready))
    throw new AppError('not_ready', 'responses cannot be looked up at the moment: try again shortly', {
      retryAfterMs: 1_000,
    })
  const provider = origin?.tenant === tenant ? call.snapshot.providers.get(origin.provider) : undefined
  const target = provider && { provider, model: origin!.model }
  if (!target || !keepsState(target)) throw notFound(id)
  return { target, excluded: othersThan(origin!.credential, target.provider.credentials) }
}

function notFound(id: string): AppError {
  const shown = toBuffer(id).toString('utf8', 0, 100)
  return new AppError('not_found', `Response with id '${shown}' not found.`, { field: 'response_id' })
}
