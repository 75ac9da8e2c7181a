import type { AliasView } from '../../../src/contract/api/aliases.ts'
import type { Alias } from '../../../src/contract/alias.ts'

export type Place = { provider: string; model: string }

/** `provider/model` as its parts; null when it is none. */
export function placeOf(text: string): Place | null {
  const at = text.indexOf('/')
  return at > 0 && at < text.length - 1
    ? { provider: text.slice(0, at).trim(), model: text.slice(at + 1).trim() }
    : null
}

export type AliasValues = {
  name: string
  strategy: Alias['strategy']
  sticky_by: string
  targets: { place: string; weight: number; priority: number; kept: Partial<Alias['targets'][number]> }[]
  fallbacks: string[]
  canary: string
  canary_percent: number
  mirror: string
  mirror_percent: number
  attempts: number
  hold_back: number
  continue_streams: boolean
}

export function valuesOf(view?: AliasView): AliasValues {
  const place = (each: Place) => `${each.provider}/${each.model}`
  return {
    name: view?.name ?? '',
    strategy: view?.strategy ?? 'weighted',
    sticky_by: view?.sticky_by ?? 'key',
    targets: view
      ? view.targets.map((target) => ({
          place: place(target),
          weight: target.weight,
          priority: target.priority,
          kept: target,
        }))
      : [{ place: '', weight: 1, priority: 0, kept: {} }],
    fallbacks: view?.fallbacks.map(place) ?? [],
    canary: view?.canary ? place(view.canary) : '',
    canary_percent: view?.canary?.percent ?? 5,
    mirror: view?.mirror ? place(view.mirror) : '',
    mirror_percent: view?.mirror?.percent ?? 5,
    attempts: view?.retries?.attempts ?? 2,
    hold_back: view?.hold_back ?? 1,
    continue_streams: view?.continue_streams ?? false,
  }
}

/** What the form does not show of a place. */
function keptOf({ when, continues_prefix }: Partial<Alias['targets'][number]> = {}) {
  return { ...(when ? { when } : {}), ...(continues_prefix === undefined ? {} : { continues_prefix }) }
}

/** The API's body of what the form holds; what the form does not show of a target stays as it was. */
export function bodyOf(values: AliasValues, view?: AliasView) {
  const share = (text: string, percent: number) => {
    const place = placeOf(text)
    return place ? { ...place, percent } : null
  }
  return {
    strategy: values.strategy,
    sticky_by: values.sticky_by,
    targets: values.targets.flatMap(({ place, weight, priority, kept }) => {
      const at = placeOf(place)
      return at ? [{ ...keptOf(kept), ...at, weight, priority }] : []
    }),
    fallbacks: values.fallbacks.flatMap((text) => {
      const at = placeOf(text)
      const kept = view?.fallbacks.find(({ provider, model }) => provider === at?.provider && model === at.model)
      return at ? [{ ...keptOf(kept), ...at }] : []
    }),
    canary: share(values.canary, values.canary_percent),
    mirror: share(values.mirror, values.mirror_percent),
    retries: { ...view?.retries, attempts: values.attempts },
    hold_back: values.hold_back,
    continue_streams: values.continue_streams,
  }
}
