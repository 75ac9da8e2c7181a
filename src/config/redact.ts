import { Configuration } from '../contract/configuration.ts'
import { isReference } from './reference.ts'
import { secretPaths } from '../contract/schema-path.ts'

/** Stands for a secret that is not shown. */
export const HIDDEN = '(hidden)'

/** A configuration as it may be shown: references stay, secrets are hidden, and what is empty is left out. */
export function redactedConfiguration(configuration: Configuration): Partial<Configuration> {
  const copy = structuredClone(configuration)
  for (const path of secretPaths(Configuration, copy)) {
    const parent = path.slice(0, -1).reduce<unknown>((at, step) => (at as Record<string | number, unknown>)[step], copy)
    const last = path.at(-1) ?? ''
    const fields = parent as Record<string | number, unknown>
    if (!isReference(String(fields[last]))) fields[last] = HIDDEN
  }
  return Object.fromEntries(
    Object.entries(copy).filter(([, value]) => value !== undefined && !(Array.isArray(value) && value.length === 0)),
  )
}
