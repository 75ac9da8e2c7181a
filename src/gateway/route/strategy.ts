import type { Place, Strategy } from '../../contract/routing.ts'
import type { TargetHealth } from '../health/board.ts'

/** A place with all that strategies look at. */
export type Candidate = {
  readonly place: Place
  readonly id: string
  readonly weight: number
  readonly price: number | undefined
  readonly health: TargetHealth
}

/** Orders candidates of one priority: the first is tried first. `stickTo` is set for `sticky` when the request names one. */
export type Order = (
  candidates: readonly Candidate[],
  stickTo: string | undefined,
  random: () => number,
) => readonly Candidate[]

/** Share of calls for which `fastest` looks beyond the fastest, so that it learns when another has become faster. */
const EXPLORE = 0.05

export function orderBy(strategy: Strategy): Order {
  return ORDERS[strategy]
}

const weighted: Order = (candidates, _, random) => {
  // A weight of 0 takes a target out of the draw, but not out of the fallbacks.
  const drawn = candidates
    .filter(({ weight }) => weight > 0)
    .map((candidate) => ({ candidate, score: -Math.log(1 - random()) / candidate.weight }))
    .sort((a, b) => a.score - b.score)
    .map(({ candidate }) => candidate)
  return drawn.length === candidates.length ? drawn : [...drawn, ...candidates.filter(({ weight }) => weight === 0)]
}

/** Highest-random-weight hashing: when a target goes, only its own callers move. */
const sticky: Order = (candidates, stickTo, random) => {
  if (stickTo === undefined) return weighted(candidates, stickTo, random)
  const score = ({ id, weight }: Candidate) => {
    const point = (Number(Bun.hash.wyhash(id, Bun.hash.wyhash(stickTo))) + 1) / (2 ** 64 + 2)
    return -Math.log(point) / Math.max(weight, 1e-9)
  }
  return byScore(candidates, score)
}

const ORDERS: Readonly<Record<Strategy, Order>> = {
  weighted,
  sticky,
  priority: (candidates) => candidates,
  least_in_flight: (candidates, stickTo, random) =>
    byScore(weighted(candidates, stickTo, random), ({ health, weight }) =>
      weight > 0 ? health.inFlight / weight : Infinity,
    ),
  // Nobody knows how fast an untried target is: it is tried.
  fastest: (candidates, stickTo, random) =>
    random() < EXPLORE
      ? weighted(candidates, stickTo, random)
      : byScore(weighted(candidates, stickTo, random), ({ health }) => health.firstTokenMs ?? 0),
  // What an unknown price would cost nobody knows: it comes last.
  cheapest: (candidates, stickTo, random) =>
    byScore(weighted(candidates, stickTo, random), ({ price }) => price ?? Infinity),
}

/** Stable: candidates with equal scores keep their order. */
function byScore(candidates: readonly Candidate[], score: (candidate: Candidate) => number): readonly Candidate[] {
  return candidates
    .map((candidate) => ({ candidate, score: score(candidate) }))
    .sort((a, b) => (a.score === b.score ? 0 : a.score - b.score))
    .map(({ candidate }) => candidate)
}
