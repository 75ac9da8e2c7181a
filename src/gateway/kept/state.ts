import type { Made, Origin } from '../../contract/origin.ts'
import { AppError } from '../../errors.ts'
import { referencesIn, referencesInItems, type Reference } from '../../llm/stream/references.ts'
import type { SnapshotTarget } from '../../snapshot/snapshot.ts'
import type { TapReport } from '../../llm/protocol.ts'
import type { Call } from '../call.ts'
import { dueOf } from './due.ts'
import type { Gateway } from '../gateway.ts'
import type { Incoming } from '../plan.ts'
import type { Resolution } from '../resolve.ts'
import { tenantOf } from './tenant.ts'

/** What a call's ids of things that a vendor keeps say about where it may go. */
export type CallState = {
  /** The one place that can go on, and the credentials that must not be used there. */
  readonly pinned?: { readonly target: SnapshotTarget; readonly excluded: ReadonlySet<string> }
  /** Why no place that keeps things may see the call: it could look up what is not the caller's. */
  readonly confined?: AppError
  /** The provider that made thoughts which come back sealed: it reads them best. */
  readonly preferred?: string
  /** Ids that the call may claim for its tenant. */
  readonly conversations: readonly string[]
}

/** Whether what is said to this target may be kept there, and be named by its id later. */
export const keepsState = ({ provider }: SnapshotTarget): boolean =>
  provider.chat.some(({ protocol }) => protocol === 'openai-responses')

/**
 * Finds out whose the things are that a call names by id, before anything else learns of it. Costs nothing to a call that names none; waits
 * only for one whose ids are not known here. Throws `invalid_request` naming the field when an id is not the tenant's own.
 */
export function readState(
  gateway: Gateway,
  call: Call,
  incoming: Incoming,
  resolution: Resolution,
): Promise<void> | undefined {
  const { route, scan, key } = call
  if (route.dialect !== 'openai-responses' || !scan || !key) return undefined
  const references = referencesIn(incoming.body, scan)
  if (references.length === 0) return undefined
  const able = resolution.targets.filter(keepsState)
  const tenant = tenantOf(key)
  const asked = able.length === 0 ? [] : references.filter(({ kind }) => kind !== 'echo').map(({ id }) => id)
  const search = gateway.traffic.origins.search(asked, tenant)
  const decide = (found: boolean) => {
    call.state = stateOf(gateway, call, { references, tenant, able, targets: resolution.targets, found })
  }
  if (search) return search.then(decide)
  decide(true)
  return undefined
}

type Question = {
  readonly references: readonly Reference[]
  readonly tenant: string
  readonly able: readonly SnapshotTarget[]
  readonly targets: readonly SnapshotTarget[]
  /** False when others could not be asked. */
  readonly found: boolean
}

type Own = { readonly reference: Reference; readonly origin: Origin }

function stateOf(gateway: Gateway, call: Call, question: Question): CallState {
  const { references, able, tenant, targets } = question
  const { origins } = gateway.traffic
  const conversations = references.flatMap(({ field, id }) => (field === 'conversation' ? [id] : []))
  if (able.length === 0) return stateless(references)
  const own: Own[] = []
  let confined: AppError | undefined
  let preferred: string | undefined
  let allowed = false
  for (const reference of references) {
    const origin = origins.find(reference.id)
    const isOwn = origin?.tenant === tenant
    if (reference.kind === 'echo') {
      // What carries its own content tells nothing that the caller did not say; only what is known to be another's is refused.
      if (origin && !isOwn) throw notOwn(reference)
      if (isOwn && reference.sealed) preferred = origin.provider
    } else if (isOwn) own.push({ reference, origin })
    else if (!origin && !(question.found && origins.ready)) throw cannotTell(reference)
    else if (!origin && able.length === 1 && call.snapshot.traffic.responses?.unknown_ids === 'allow') allowed = true
    else if (reference.kind === 'item' && able.length < targets.length) confined ??= notOwn(reference)
    else throw notOwn(reference)
  }
  const pinned = own.length > 0 ? pinnedTo(own, able, targets.length, call) : undefined
  if (pinned instanceof AppError) confined ??= pinned
  else if (pinned && confined) throw confined
  else if (pinned) return { pinned, conversations }
  if (allowed && confined) throw confined
  if (allowed) return { pinned: { target: able[0]!, excluded: NONE }, conversations }
  return { ...(confined && { confined }), ...(preferred === undefined ? {} : { preferred }), conversations }
}

const NONE: ReadonlySet<string> = new Set()

/** No target looks anything up: what is only a reference would be lost. */
function stateless(references: readonly Reference[]): CallState {
  const lost = references.find(({ kind, field }) => kind === 'state' && field.startsWith('input'))
  if (lost) {
    throw new AppError(
      'unsupported_parameter',
      `${lost.field} refers to what a provider keeps, and this model's provider keeps nothing: send the item itself`,
      { field: lost.field },
    )
  }
  return { conversations: [] }
}

/** Items that are added to a conversation must be the tenant's own, and of the same place, or carry all they say. Rejects as `readState` throws. */
export async function checkItems(
  gateway: Gateway,
  { key, snapshot }: Call,
  body: Uint8Array,
  target: SnapshotTarget,
): Promise<void> {
  const references = referencesInItems(body)
  if (references.length === 0 || !key) return
  const { origins } = gateway.traffic
  const tenant = tenantOf(key)
  const asked = references.flatMap(({ id, kind }) => (kind === 'echo' ? [] : [id]))
  const found = (await origins.search(asked, tenant)) ?? true
  for (const reference of references) {
    const origin = origins.find(reference.id)
    const isOwn = origin?.tenant === tenant
    if (reference.kind === 'echo' ? !origin || isOwn : isOwn && origin.provider === target.provider.id) continue
    if (!origin && !(found && origins.ready)) throw cannotTell(reference)
    if (!origin && snapshot.traffic.responses?.unknown_ids === 'allow') continue
    throw notOwn(reference)
  }
}

/** Everything that is named must be at one place, and that place among the targets. */
function pinnedTo(
  own: readonly Own[],
  able: readonly SnapshotTarget[],
  targets: number,
  call: Call,
): NonNullable<CallState['pinned']> | AppError {
  const { origin, reference } = own[0]!
  const elsewhere = own.find((other) => other.origin.provider !== origin.provider)
  if (elsewhere) {
    const problem = `was made at the provider "${elsewhere.origin.provider}", and ${reference.field} at "${origin.provider}"`
    throw refuse(elsewhere.reference, problem)
  }
  const there = able.filter(({ provider }) => provider.id === origin.provider)
  const target = there.find(({ model }) => model === origin.model) ?? there[0]
  if (!target) {
    const problem = `was made at the provider "${origin.provider}", which "${call.modelAsked}" does not lead to`
    const error = refuse(reference, problem)
    if (able.length < targets && own.every(({ reference: { kind } }) => kind === 'item')) return error
    throw error
  }
  return { target, excluded: othersThan(origin.credential, target.provider.credentials) }
}

/** A credential that was replaced since excludes none: another of the same provider may belong to the same account. */
export function othersThan(
  credential: string | null,
  credentials: readonly { readonly id: string }[],
): ReadonlySet<string> {
  const others = credentials.flatMap(({ id }) => (id === credential ? [] : [id]))
  return others.length < credentials.length ? new Set(others) : NONE
}

/** What another tenant made is as unknown as what nobody made. */
function notOwn(reference: Reference): AppError {
  const id = reference.id.slice(0, 100)
  return refuse(reference, `"${id}" is not known here as made by this key's team and application`)
}

function refuse({ field, kind }: Reference, problem: string): AppError {
  const remedy = kind === 'state' && !field.includes('[') ? 'the whole input' : 'the whole item without its id'
  return new AppError('invalid_request', `${field} ${problem}: send ${remedy} instead`, { field })
}

function cannotTell({ field }: Reference): AppError {
  return new AppError('not_ready', `${field} cannot be looked up at the moment: try again shortly`, {
    field,
    retryAfterMs: 1_000,
  })
}

/** Notes what the answer left at its vendor, for the record and for later calls: also before it is whole, without a report. */
export function rememberMade(gateway: Gateway, call: Call, report?: TapReport): void {
  const { key, target, made, scan } = call
  if (!made || !key || !target) return
  const ids = new Set(report?.id !== undefined && scan?.store !== false ? [report.id] : [])
  for (const other of made.ids) ids.add(other)
  for (const conversation of call.state?.conversations ?? []) ids.add(conversation)
  if (ids.size === 0) return
  const due = report && dueOf(call, report)
  const left: Made = {
    tenant: tenantOf(key),
    provider: target.provider.id,
    model: target.model,
    credential: call.attempts.at(-1)?.key ?? null,
    ids: [...ids],
    ...(due && { due }),
  }
  call.left = left
  gateway.traffic.origins.remember(left)
}
