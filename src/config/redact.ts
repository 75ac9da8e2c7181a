import { Configuration } from '../contract/configuration.ts'
import { HIDDEN } from './hidden.ts'
import { isReference } from './reference.ts'
import { changeSecrets } from '../contract/schema-path.ts'

/** A configuration as it may be shown: references stay, secrets are hidden, and what is empty is left out. */
export function redactedConfiguration(configuration: Configuration): Partial<Configuration> {
  const copy = changeSecrets(Configuration, configuration, (secret) => (isReference(secret) ? secret : HIDDEN))
  return Object.fromEntries(
    Object.entries(copy).filter(([, value]) => value !== undefined && !(Array.isArray(value) && value.length === 0)),
  )
}
