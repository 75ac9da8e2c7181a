import type { Alias } from '../../contract/alias.ts'
import { DEFAULT_RETRIES } from '../../contract/defaults.ts'
import type { Place, Retries, TimeoutOverrides } from '../../contract/routing.ts'
import type { TargetHealth } from '../health/board.ts'
import { orderBy, type Candidate, type Order } from './strategy.ts'
import { compileWhen, type RequestFacts } from './when.ts'

/** Failures that have a list of places of their own. */
export type SpecialFailure = 'context_length_exceeded' | 'content_filtered'

/** Where a call goes: places in the order in which they are tried, all of them in rotation now. */
export type Route = {
  readonly places: readonly Place[]
  /** A copy of the call goes here; its answer is thrown away. */
  readonly mirror: Place | undefined
  /** When `places` is empty: milliseconds until one may be back, Infinity when no target takes such a request. */
  readonly waitMs: number
}

/** An alias, ready to be asked. */
export type CompiledAlias = {
  readonly name: string
  readonly retries: Retries
  readonly holdBack: number
  readonly timeouts: TimeoutOverrides | undefined
  /** Streams that die are continued where a later place can. */
  readonly continuesStreams: boolean
  /** What the operator says of a place's ability to go on from the beginning of an answer; undefined where nothing was said. */
  readonly saysContinues: (provider: string, model: string) => boolean | undefined
  readonly special: Readonly<Record<SpecialFailure, readonly Place[]>>
  /** More than one place could answer: the first events of a stream are held back. */
  readonly hasFallback: boolean
  choose(facts: RequestFacts, now: number, random: () => number): Route
}

/** What compiling needs to know of the world. */
export type AliasWorld = {
  readonly healthOf: (provider: string, model: string) => TargetHealth
  /** Micro-dollars for a million input and a million output tokens together; undefined when unknown. */
  readonly priceOf: (provider: string, model: string) => number | undefined
}

const NO_PLACES: readonly Place[] = []

export function compileAlias(alias: Alias, world: AliasWorld): CompiledAlias {
  const order = orderBy(alias.strategy)
  const stick = compileStick(alias)
  const toCandidate = (place: Place, weight: number): Candidate => ({
    place: { provider: place.provider, model: place.model },
    weight,
    id: `${place.provider}/${place.model}`,
    price: world.priceOf(place.provider, place.model),
    health: world.healthOf(place.provider, place.model),
  })
  const targets = alias.targets.map((target) => ({
    candidate: toCandidate(target, target.weight),
    priority: target.priority,
    when: compileWhen(target.when),
  }))
  const priorities = [...new Set(targets.map(({ priority }) => priority))].sort((a, b) => a - b)
  const groups = priorities.map((priority) => targets.filter((target) => target.priority === priority))
  const fallbacks = alias.fallbacks.map((place) => toCandidate(place, 1))
  const canary = alias.canary && { percent: alias.canary.percent, candidate: toCandidate(alias.canary, 1) }
  const mirror = alias.mirror && { percent: alias.mirror.percent, place: toCandidate(alias.mirror, 1).place }
  const plain = targets.length === 1 && !targets[0]!.when && fallbacks.length === 0 && !canary
  const single = plain ? [targets[0]!.candidate.place] : NO_PLACES

  const stated = new Map(
    [...alias.targets, ...alias.fallbacks].map((place) => [`${place.provider}/${place.model}`, place.continues_prefix]),
  )

  const choose = (facts: RequestFacts, now: number, random: () => number): Route => {
    const mirrored = mirror && random() * 100 < mirror.percent ? mirror.place : undefined
    // A lone target is always tried: resting it would help nobody.
    if (plain) return { places: single, mirror: mirrored, waitMs: 0 }
    const stickTo = stick?.(facts) ?? undefined
    const walk = new Walk(now)
    if (canary && inShare(canary.percent, stickTo, alias.name, random)) walk.visit(canary.candidate)
    for (const group of groups) {
      const fitting = group.filter(({ when }) => !when || when(facts)).map(({ candidate }) => candidate)
      for (const candidate of ordered(order, fitting, stickTo, random)) walk.visit(candidate)
    }
    for (const candidate of fallbacks) walk.visit(candidate)
    return { places: walk.places, mirror: mirrored, waitMs: walk.places.length > 0 ? 0 : walk.waitMs }
  }

  return {
    name: alias.name,
    retries: alias.retries ?? DEFAULT_RETRIES,
    holdBack: alias.hold_back,
    timeouts: alias.timeouts,
    continuesStreams: alias.continue_streams,
    saysContinues: (provider, model) => stated.get(`${provider}/${model}`),
    special: {
      context_length_exceeded: alias.fallbacks_on?.context_length_exceeded ?? NO_PLACES,
      content_filtered: alias.fallbacks_on?.content_filtered ?? NO_PLACES,
    },
    hasFallback: targets.length + fallbacks.length > 1 || canary !== undefined,
    choose,
  }
}

/** Collects places in order, each once, leaving out what is out of rotation. */
class Walk {
  readonly places: Place[] = []
  waitMs = Infinity
  readonly #now: number
  readonly #seen = new Set<string>()

  constructor(now: number) {
    this.#now = now
  }

  visit({ id, place, health }: Candidate): void {
    if (this.#seen.has(id)) return
    this.#seen.add(id)
    const wait = health.breaker.waitMs(this.#now)
    if (wait > 0) this.waitMs = Math.min(this.waitMs, wait)
    else this.places.push(place)
  }
}

function ordered(
  order: Order,
  candidates: readonly Candidate[],
  stickTo: string | undefined,
  random: () => number,
): readonly Candidate[] {
  return candidates.length > 1 ? order(candidates, stickTo, random) : candidates
}

function compileStick(alias: Alias): ((facts: RequestFacts) => string | null) | undefined {
  if (alias.strategy !== 'sticky') return undefined
  if (alias.sticky_by === 'key') return (facts) => facts.key
  if (alias.sticky_by === 'end_user') return (facts) => facts.endUser
  const header = alias.sticky_by.slice('header:'.length)
  return (facts) => facts.header(header)
}

/** Whoever sticks is always on the same side of a canary. */
function inShare(percent: number, stickTo: string | undefined, name: string, random: () => number): boolean {
  const point =
    stickTo === undefined ? random() : Number(Bun.hash.wyhash(stickTo, 1n) ^ Bun.hash.wyhash(name)) / 2 ** 64
  return point * 100 < percent
}
