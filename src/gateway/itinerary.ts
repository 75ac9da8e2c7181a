import type { Place } from '../contract/routing.ts'
import { mentionsImage, metadataOf } from '../llm/stream/splice.ts'
import type { Snapshot, SnapshotTarget } from '../snapshot/snapshot.ts'
import type { Call } from './call.ts'
import { placeOfPrefix } from './continue/prefix-place.ts'
import type { Gateway } from './gateway.ts'
import type { Incoming } from './plan.ts'
import type { Resolution } from './resolve.ts'
import type { CompiledAlias, SpecialFailure } from './route/alias.ts'
import type { RequestFacts } from './route/when.ts'
import { keepsState, type CallState } from './kept/state.ts'

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
const NO_STATE: Partial<CallState> = {}

/** Chooses targets. A name that is no alias has exactly one. */
export function plotItinerary(gateway: Gateway, call: Call, incoming: Incoming, resolution: Resolution): Itinerary {
  const { snapshot } = call
  const source = resolution.alias === null ? undefined : snapshot.aliases.get(resolution.alias)
  const { pinned, confined, preferred } = call.state ?? NO_STATE
  if (pinned) {
    const alias = source && gateway.traffic.for(snapshot).aliasOf(source)
    const { target, excluded } = pinned
    return { alias, targets: [target], excluded, mirror: undefined, waitMs: 0, special: nowhere }
  }
  if (!source) return { alias: undefined, targets: resolution.targets, mirror: undefined, waitMs: 0, special: nowhere }
  const alias = gateway.traffic.for(snapshot).aliasOf(source)
  const route = alias.choose(factsOf(call, incoming), Date.now(), Math.random)
  const open = (places: readonly Place[]) => {
    const targets = places.map((place) => targetOf(snapshot, place))
    return confined ? targets.filter((target) => !keepsState(target)) : targets
  }
  const targets = open(route.places)
  if (confined && targets.length === 0 && route.places.length > 0) throw confined
  if (preferred !== undefined)
    targets.sort((a, b) => Number(b.provider.id === preferred) - Number(a.provider.id === preferred))
  call.continuable = isContinuable(call, alias, targets)
  return {
    alias,
    targets,
    mirror: route.mirror && open([route.mirror])[0],
    waitMs: route.waitMs,
    special: (failure) => open(alias.special[failure]),
  }
}

/** Whether a stream that dies could go on elsewhere. A guard that reads the answer may change it: then nobody knows what was said. */
function isContinuable(call: Call, alias: CompiledAlias, targets: readonly SnapshotTarget[]): boolean {
  if (!alias.continuesStreams || !call.stream || call.route.endpoint !== 'chat' || call.guard?.set.readsOutput)
    return false
  return targets.some((target, index) => index > 0 && placeOfPrefix(target, alias, call.route.dialect) !== undefined)
}

/** The snapshot was refused unless every place of its aliases is set up. */
function targetOf(snapshot: Snapshot, { provider, model }: Place): SnapshotTarget {
  return { provider: snapshot.providers.get(provider)!, model }
}

function factsOf(call: Call, { body, client }: Incoming): RequestFacts {
  return {
    bytes: body.length,
    header: (name) => client.header(name) ?? null,
    metadata: () => call.scan && metadataOf(body, call.scan),
    hasTools: () => call.scan?.hasTools ?? false,
    hasImages: () => mentionsImage(body),
    key: call.key?.name ?? null,
    endUser: call.endUser,
  }
}
