import { AppError } from '../errors.ts'
import type { Capabilities } from '../llm/target.ts'
import type { Snapshot, SnapshotKey, SnapshotProvider } from '../snapshot/snapshot.ts'
import { resolve } from './resolve.ts'

/** An entry of `GET /v1/models`. What goes beyond OpenAI's fields is under `portreeve`. */
export type ModelEntry = {
  readonly id: string
  readonly object: 'model'
  readonly created: number
  readonly owned_by: string
  readonly portreeve?: {
    readonly alias: boolean
    readonly targets?: readonly string[]
    readonly capabilities: Capabilities
  }
}

/** Every model and alias that the key may use, by name. */
export function listModels(snapshot: Snapshot, key: SnapshotKey): { object: 'list'; data: ModelEntry[] } {
  const data: ModelEntry[] = []
  for (const alias of snapshot.aliases.keys()) if (key.allows(alias)) data.push(entry(alias, 'portreeve'))
  for (const provider of snapshot.providers.values()) {
    for (const model of new Set(provider.listed())) {
      const id = `${provider.id}/${model}`
      if (key.allows(id)) data.push(entry(id, provider.id))
    }
  }
  return { object: 'list', data }
}

/** One model with its capabilities. Throws `model_not_found` or `model_not_allowed`. */
export function describeModel(snapshot: Snapshot, key: SnapshotKey, id: string): ModelEntry {
  const { alias, targets } = resolve(snapshot, key, id)
  const first = targets[0]
  if (!first) throw new AppError('model_not_found', `the alias "${id}" has no target`)
  // Of a vendor nobody knows every model; of what is built in one does.
  if (first.provider.builtIn && !first.provider.listed().includes(first.model))
    throw new AppError('model_not_found', `the provider "${first.provider.id}" has no model "${first.model}"`, {
      field: 'model',
    })
  return {
    ...entry(id, alias === null ? first.provider.id : 'portreeve'),
    portreeve: {
      alias: alias !== null,
      ...(alias === null ? {} : { targets: targets.map(({ provider, model }) => `${provider.id}/${model}`) }),
      capabilities: common(targets.map(({ provider, model }) => capabilitiesOf(provider, model))),
    },
  }
}

function entry(id: string, owner: string): ModelEntry {
  // The gateway does not know when a model was made; OpenAI's clients require a number.
  return { id, object: 'model', created: 0, owned_by: owner }
}

function capabilitiesOf(provider: SnapshotProvider, model: string): Capabilities {
  return provider.capabilities(model)
}

/** What every target can do: the caller cannot know which one answers. */
function common(all: readonly Capabilities[]): Capabilities {
  const [first = {}, ...others] = all
  const entries = Object.entries(first).filter(([name, value]) =>
    others.every((other) => JSON.stringify(other[name as keyof Capabilities]) === JSON.stringify(value)),
  )
  return Object.fromEntries(entries)
}
