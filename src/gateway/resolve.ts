import { AppError } from '../errors.ts'
import { closest } from '../lib/closest.ts'
import type { Snapshot, SnapshotKey, SnapshotTarget } from '../snapshot/snapshot.ts'

/** What a model's name leads to. */
export type Resolution = { readonly alias: string | null; readonly targets: readonly SnapshotTarget[] }

/**
 * The targets of a model name: an alias, or `provider/model`. Throws `model_not_found`, or `model_not_allowed` when the key may not use it;
 * a name outside the key's grants is refused before it is looked up, so that it tells nothing about what exists.
 */
export function resolve(snapshot: Snapshot, key: SnapshotKey, model: string | undefined): Resolution {
  if (!model) {
    throw new AppError('invalid_request', '"model" is missing: name an alias or provider/model', { field: 'model' })
  }
  if (!key.allows(model)) {
    throw new AppError('model_not_allowed', `the API key "${key.name}" may not use the model "${model}"`, {
      field: 'model',
    })
  }
  const alias = snapshot.aliases.get(model)
  if (alias) return { alias: alias.name, targets: alias.targets }
  const found = direct(snapshot, model)
  if (!found) throw notFound(snapshot, key, model)
  return found
}

/** Names of callers are kept up to this many. */
const MOST_KEPT = 1_000

const resolutions = new WeakMap<Snapshot, Map<string, Resolution>>()

/** What `provider/model` leads to: the same object for every call, so that more can be kept beside it. */
function direct(snapshot: Snapshot, model: string): Resolution | undefined {
  let kept = resolutions.get(snapshot)
  if (!kept) resolutions.set(snapshot, (kept = new Map()))
  const found = kept.get(model)
  if (found) return found
  const slash = model.indexOf('/')
  const provider = slash > 0 ? snapshot.providers.get(model.slice(0, slash)) : undefined
  if (!provider) return undefined
  const resolution = { alias: null, targets: [{ provider, model: model.slice(slash + 1) }] }
  if (kept.size < MOST_KEPT) kept.set(model, resolution)
  return resolution
}

function notFound(snapshot: Snapshot, key: SnapshotKey, model: string): AppError {
  const names = [...snapshot.aliases.keys(), ...snapshot.providers.keys()].filter(
    (name) => key.allows(name) || key.allows(`${name}/x`),
  )
  const slash = model.indexOf('/')
  const near = closest(slash > 0 ? model.slice(0, slash) : model, names)
  const hint = near
    ? ` Did you mean "${slash > 0 && !snapshot.aliases.has(near) ? near + model.slice(slash) : near}"?`
    : ''
  return new AppError(
    'model_not_found',
    `the model "${model}" does not exist here: name an alias or provider/model.${hint} GET /v1/models lists them.`,
    { field: 'model' },
  )
}
