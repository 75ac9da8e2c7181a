import type { Dimension, Selector } from '../contract/selector.ts'
import { compileWildcard } from '../lib/wildcard.ts'

/** What is known of a call when it is admitted. `provider` is set, and `model` is the target's, once a target is chosen. */
export type CallAttributes = {
  readonly key: string | null
  readonly application: string | null
  readonly team: string | null
  readonly model: string | null
  readonly end_user: string | null
  readonly provider: string | null
}

/** Compiles a selector. A call that lacks a dimension does not match a selector that names it. */
export function compileSelector(selector: Partial<Selector>): (attributes: CallAttributes) => boolean {
  const tests = Object.entries(selector)
    .filter(([, pattern]) => pattern !== undefined)
    .map(([dimension, pattern]) => ({ dimension: dimension as Dimension, test: compileWildcard(pattern ?? '*') }))
  return (attributes) => {
    for (const { dimension, test } of tests) {
      const value = attributes[dimension]
      if (value === null || !test(value)) return false
    }
    return true
  }
}

/** The value of each dimension, as one text that no other values give; null when the call lacks one of them. */
export function partitionOf(dimensions: readonly Dimension[], attributes: CallAttributes): string | null {
  let text = ''
  for (const dimension of dimensions) {
    const value = attributes[dimension]
    if (value === null) return null
    text += `|${value.length}:${value}`
  }
  return text
}
