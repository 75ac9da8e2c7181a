import { AppError } from '../errors.ts'
import type { SnapshotKey, SnapshotTarget } from '../snapshot/snapshot.ts'
import type { Call } from './call.ts'
import type { Resolution } from './resolve.ts'

/** Where a response is kept, and whose it is. */
export type Origin = {
  readonly tenant: string
  readonly provider: string
  readonly model: string
  readonly credential: string | null
}

/** What gateway processes of one node tell each other. */
export type OriginMessage = { readonly id: string; readonly origin: Origin }

const MOST = 50_000
/** How long news from another process may be on its way. */
const NEWS_MS = 100

/** Remembers the places of the youngest responses and conversations. Outlives changes of the configuration. */
export class Origins {
  readonly #known = new Map<string, Origin>()
  readonly #awaited = new Map<string, Set<() => void>>()
  /** Receives what other processes should know. */
  publish: ((message: OriginMessage) => void) | undefined

  remember(id: string, origin: Origin): void {
    this.apply({ id, origin })
    this.publish?.({ id, origin })
  }

  apply({ id, origin }: OriginMessage): void {
    this.#known.delete(id)
    this.#known.set(id, origin)
    for (const arrived of this.#awaited.get(id) ?? []) arrived()
    if (this.#known.size > MOST) for (const oldest of this.#known.keys()) return void this.#known.delete(oldest)
  }

  find(id: string): Origin | undefined {
    return this.#known.get(id)
  }

  /** Another process may just have answered: its news can be slower than the client. Undefined when there is nothing to wait for. */
  news(id: string): Promise<void> | undefined {
    if (!this.publish || this.#known.has(id)) return undefined
    const { promise, resolve } = Promise.withResolvers<void>()
    const waiting = this.#awaited.get(id) ?? new Set()
    const over = () => {
      clearTimeout(timer)
      waiting.delete(over)
      if (waiting.size === 0) this.#awaited.delete(id)
      resolve()
    }
    const timer = setTimeout(over, NEWS_MS)
    this.#awaited.set(id, waiting.add(over))
    return promise
  }
}

/** Keys of one team and application continue each other's conversations; a key without either stands for itself. */
export function tenantOf({ id, team, application }: SnapshotKey): string {
  return JSON.stringify(team === null && application === null ? [id] : [team, application])
}

/** Notes where the answer is kept. */
export function rememberOrigin(origins: Origins, call: Call, id: string | undefined): void {
  const { key, target, route, scan } = call
  if (route.dialect !== 'openai-responses' || id === undefined || !key || !target || !keepsState(target)) return
  const origin: Origin = {
    tenant: tenantOf(key),
    provider: target.provider.id,
    model: target.model,
    credential: call.attempts.at(-1)?.key ?? null,
  }
  origins.remember(id, origin)
  if (scan?.conversation !== undefined) origins.remember(scan.conversation, origin)
}

const keepsState = ({ provider }: SnapshotTarget) =>
  provider.chat.some(({ protocol }) => protocol === 'openai-responses')

/** Waits for what other processes may have to say of the call's state. */
export function awaitOrigin(origins: Origins, { route, scan }: Call): Promise<void> | undefined {
  const id = scan?.previousResponseId ?? scan?.conversation
  return id === undefined || route.dialect !== 'openai-responses' ? undefined : origins.news(id)
}

/** The one place that can go on, and the credentials that must not be used there; undefined for a call without state. */
export type Pinned = { readonly target: SnapshotTarget; readonly excluded: ReadonlySet<string> }

/** Throws `invalid_request` when the place of the state is not known, is not among the targets, or the state is another tenant's. */
export function pinnedTo(origins: Origins, call: Call, { targets }: Resolution): Pinned | undefined {
  const { key, scan, route } = call
  if (route.dialect !== 'openai-responses' || !key || !scan) return undefined
  const field = scan.previousResponseId === undefined ? 'conversation' : 'previous_response_id'
  const id = scan.previousResponseId ?? scan.conversation
  if (id === undefined) return undefined
  const able = targets.filter(keepsState)
  const origin = origins.find(id)
  if (origin && origin.tenant === tenantOf(key)) {
    const there = able.filter(({ provider }) => provider.id === origin.provider)
    const target = there.find(({ model }) => model === origin.model) ?? there[0]
    if (!target)
      throw refuse(field, `was made at the provider "${origin.provider}", which "${call.modelAsked}" does not lead to`)
    const others = target.provider.credentials.flatMap(({ id }) => (id === origin.credential ? [] : [id]))
    // A credential that was replaced since: another of the same provider may belong to the same account.
    return { target, excluded: new Set(others.length < target.provider.credentials.length ? others : []) }
  }
  // One place alone can have made it: it knows best. What another tenant made is as unknown as what nobody made.
  if (!origin && able.length <= 1) return undefined
  throw refuse(field, `"${id.slice(0, 100)}" is not known here`)
}

function refuse(field: string, problem: string): AppError {
  return new AppError('invalid_request', `${field} ${problem}: send the whole input instead, or name provider/model`, {
    field,
  })
}
