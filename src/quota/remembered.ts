import type { CallAttributes } from './attributes.ts'

const MAX_REMEMBERED = 4_096

type Entry<T> = Pick<CallAttributes, 'team' | 'application'> & { readonly value: T }

/**
 * What was found out about callers, by who they are; end users are not told apart. Bounded: when it is full it begins anew. A look-up makes
 * no text of what it looks for, because every call has several.
 */
export class Remembered<T> {
  readonly #keys = new Map<string | null, Map<string | null, Entry<T>>>()
  #size = 0

  get(attributes: CallAttributes): T | undefined {
    const entry = this.#keys.get(attributes.key)?.get(placeOf(attributes))
    // A key has one team and one application; it may change them, and come back to them.
    if (entry?.team !== attributes.team || entry.application !== attributes.application) return undefined
    return entry.value
  }

  set(attributes: CallAttributes, value: T): void {
    if (this.#size >= MAX_REMEMBERED) this.clear()
    const { key, team, application } = attributes
    let places = this.#keys.get(key)
    if (!places) this.#keys.set(key, (places = new Map()))
    this.#size -= places.size
    places.set(placeOf(attributes), { team, application, value })
    this.#size += places.size
  }

  clear(): void {
    this.#keys.clear()
    this.#size = 0
  }
}

/** What is called: the name that the caller used, or a provider's model once a target is chosen. */
function placeOf({ provider, model }: CallAttributes): string | null {
  return provider === null ? model : `${provider}\0${model}`
}
