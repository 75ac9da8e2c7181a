import { labelValue } from '../lib/open-metrics.ts'

/** What stands for everything that has no name of its own here. */
export const OTHER = 'other'

/**
 * Names that clients may have chosen, as many as may become labels. A name is proven by a call that went well with it; of those that never
 * were, only a few are let in, so that names which somebody makes up do not take the places of real ones.
 */
export class BoundedNames {
  readonly #max: number
  readonly #maxUnproven: number
  readonly #known = new Map<string, boolean>()
  #unproven = 0

  constructor(max: number, maxUnproven: number) {
    this.#max = max
    this.#maxUnproven = maxUnproven
  }

  /** The name itself, or `other`. */
  admit(asked: string, proven: boolean): string {
    const name = labelValue(asked)
    const known = this.#known.get(name)
    if (known === undefined) {
      if (this.#known.size >= this.#max || (!proven && this.#unproven >= this.#maxUnproven)) return OTHER
      this.#known.set(name, proven)
      if (!proven) this.#unproven++
    } else if (proven && !known) {
      this.#known.set(name, true)
      this.#unproven--
    }
    return name
  }

  /** The same without letting it in. */
  find(asked: string): string {
    const name = labelValue(asked)
    return this.#known.has(name) ? name : OTHER
  }
}

/** Labels whose values grow with what is configured or asked; the others have a few values that the program knows. */
const OPEN_ENDED = new Set(['endpoint', 'provider', 'model', 'served_model', 'guard'])

/** A value for each combination of labels, up to a bound; what comes later is `other` in each label that is open-ended. */
export class SeriesTable<T> {
  readonly names: readonly string[]
  readonly #max: number
  readonly #make: () => T
  readonly #series = new Map<string, { readonly labels: Record<string, string>; readonly value: T }>()

  /** `make` begins a value. */
  constructor(names: readonly string[], max: number, make: () => T) {
    this.names = names
    this.#max = max
    this.#make = make
  }

  at(...values: readonly string[]): T {
    const key = values.join('\0')
    const found = this.#series.get(key)
    if (found) return found.value
    if (this.#series.size < this.#max) return this.#begin(key, values)
    const folded = this.names.map((name, index) => (OPEN_ENDED.has(name) ? OTHER : (values[index] ?? '')))
    const spare = folded.join('\0')
    return this.#series.get(spare)?.value ?? this.#begin(spare, folded)
  }

  *entries(): Iterable<{ readonly labels: Record<string, string>; readonly value: T }> {
    yield* this.#series.values()
  }

  #begin(key: string, values: readonly string[]): T {
    const labels = Object.fromEntries(this.names.map((name, index) => [name, values[index] ?? '']))
    const value = this.#make()
    this.#series.set(key, { labels, value })
    return value
  }
}

/** Counts values into buckets. */
export class Histogram {
  readonly bounds: readonly number[]
  readonly counts: number[]
  /** Of the values as they were given, so that whole numbers stay exact. */
  sum = 0

  constructor(bounds: readonly number[]) {
    this.bounds = bounds
    this.counts = Array.from({ length: bounds.length + 1 }, () => 0)
  }

  add(value: number): void {
    const { bounds } = this
    let index = 0
    while (index < bounds.length && value > bounds[index]!) index++
    this.counts[index]!++
    this.sum += value
  }
}
