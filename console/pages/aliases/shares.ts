import type { Alias } from '../../../src/contract/alias.ts'

export type Lane = {
  readonly provider: string
  readonly model: string
  /** Planned share of the calls, 0 to 1; null where the moment decides. */
  readonly share: number | null
  readonly role: 'target' | 'canary' | 'mirror' | 'fallback'
  readonly priority: number
  readonly when: string | null
}

const words = (tests: object) =>
  Object.entries(tests)
    .map(([name, value]) =>
      typeof value === 'object'
        ? Object.entries(value ?? {})
            .map(([k, v]) => `${k}: ${String(v)}`)
            .join(', ')
        : `${name} ${String(value)}`,
    )
    .join(', ')

/** The places that an alias sends calls to, in the order in which they are tried, with the share each is meant to have. */
export function lanesOf(alias: Alias): Lane[] {
  const lowest = Math.min(...alias.targets.map((target) => target.priority))
  const first = alias.targets.filter((target) => target.priority === lowest)
  const weights = first.reduce((sum, target) => sum + target.weight, 0)
  const rest = 1 - (alias.canary?.percent ?? 0) / 100
  const share = (target: Alias['targets'][number], index: number): number | null => {
    if (target.priority !== lowest) return 0
    if (alias.strategy === 'weighted' || alias.strategy === 'sticky')
      return weights ? (target.weight / weights) * rest : 0
    if (alias.strategy === 'priority') return index === 0 ? rest : 0
    return first.length === 1 ? rest : null
  }
  const targets = alias.targets
    .toSorted((a, b) => a.priority - b.priority)
    .map((target, index): Lane => ({
      provider: target.provider,
      model: target.model,
      share: share(target, index),
      role: 'target',
      priority: target.priority,
      when: target.when ? words(target.when) : null,
    }))
  const extra = (
    place: { provider: string; model: string; percent?: number } | undefined,
    role: Lane['role'],
  ): Lane[] =>
    place
      ? [
          {
            provider: place.provider,
            model: place.model,
            share: (place.percent ?? 0) / 100,
            role,
            priority: role === 'fallback' ? 1000 : -1,
            when: null,
          },
        ]
      : []
  return [
    ...extra(alias.canary, 'canary'),
    ...targets,
    ...alias.fallbacks.flatMap((place) => extra(place, 'fallback')),
    ...extra(alias.mirror, 'mirror'),
  ]
}
