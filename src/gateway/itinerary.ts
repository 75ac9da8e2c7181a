import type { Place } from '../contract/routing.ts'
import { mentionsImage } from '../llm/stream/splice.ts'
import type { Snapshot, SnapshotTarget } from '../snapshot/snapshot.ts'
import type { Call } from './call.ts'
import type { Gateway } from './gateway.ts'
import { pinnedTo } from './origins.ts'
import type { Incoming } from './plan.ts'
import type { Resolution } from './resolve.ts'
import type { CompiledAlias, SpecialFailure } from './route/alias.ts'
import type { RequestFacts } from './route/when.ts'

/** Where one call goes, in order. */
export type Itinerary = {
  readonly alias: CompiledAlias | undefined
  readonly targets: readonly SnapshotTarget[]
  readonly mirror: SnapshotTarget | undefined
  /** When there are no targets: milliseconds until one may be back; Infinity when none takes such a request. */
  readonly waitMs: number
  /** Credentials that must not be used: the call goes on where another was answered. */
  readonly excluded?: ReadonlySet<string>
  readonly special: (failure: SpecialFailure) => readonly SnapshotTarget[]
}

const NOWHERE: readonly SnapshotTarget[] = []
const nowhere = () => NOWHERE

/** Chooses targets. A name that is no alias has exactly one. */
export function plotItinerary(
  gateway: Gateway,
  call: Call,
  incoming: Incoming,
  resolution: Resolution,
  header: (name: string) => string | null,
): Itinerary {
  const { snapshot } = call
  const source = resolution.alias === null ? undefined : snapshot.aliases.get(resolution.alias)
  const pinned = pinnedTo(gateway.traffic.origins, call, resolution)
  if (pinned) {
    const alias = source && gateway.traffic.for(snapshot).aliasOf(source)
    const { target, excluded } = pinned
    return { alias, targets: [target], excluded, mirror: undefined, waitMs: 0, special: nowhere }
  }
  if (!source) return { alias: undefined, targets: resolution.targets, mirror: undefined, waitMs: 0, special: nowhere }
  const alias = gateway.traffic.for(snapshot).aliasOf(source)
  const route = alias.choose(factsOf(call, incoming, header), Date.now(), Math.random)
  return {
    alias,
    targets: route.places.map((place) => targetOf(snapshot, place)),
    mirror: route.mirror && targetOf(snapshot, route.mirror),
    waitMs: route.waitMs,
    special: (failure) => alias.special[failure].map((place) => targetOf(snapshot, place)),
  }
}

/** The snapshot was refused unless every place of its aliases is set up. */
function targetOf(snapshot: Snapshot, { provider, model }: Place): SnapshotTarget {
  return { provider: snapshot.providers.get(provider)!, model }
}

function factsOf(call: Call, { body }: Incoming, header: (name: string) => string | null): RequestFacts {
  return {
    bytes: body.length,
    header,
    metadata: () => {
      const request = JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.length).toString()) as {
        metadata?: unknown
      }
      const { metadata } = request
      return typeof metadata === 'object' && metadata !== null ? (metadata as Record<string, unknown>) : undefined
    },
    hasTools: () => call.scan?.hasTools ?? false,
    hasImages: () => mentionsImage(body),
    key: call.key?.name ?? null,
    endUser: call.endUser,
  }
}
