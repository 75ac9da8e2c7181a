import { AppError } from '../errors.ts'
import type { SnapshotProvider, SnapshotTarget } from '../snapshot/snapshot.ts'
import type { Call } from './call.ts'
import { resolve } from './resolve.ts'
import { keepsState } from './kept/state.ts'

/**
 * Where something is made whose request names no model: at the first place with a memory of the model that the query names, which is taken
 * out of it; without one, at the only provider with a memory that the key can reach. Throws `invalid_request` when there are several.
 */
export function placeForNew(
  call: Call,
  query: URLSearchParams,
): { target: SnapshotTarget; excluded: ReadonlySet<string> } {
  const model = query.get('model')
  query.delete('model')
  if (model !== null) {
    call.modelAsked = model
    const target = resolve(call.snapshot, call.key!, model).targets.find(keepsState)
    if (target) return { target, excluded: NONE }
    throw new AppError('invalid_request', `the provider of "${model}" keeps no conversations: name another model`, {
      field: 'model',
    })
  }
  const [only, ...others] = reachable(call)
  if (only && others.length === 0) return { target: { provider: only, model: '' }, excluded: NONE }
  const problem = only
    ? `several providers keep conversations (${[only, ...others].map(({ id }) => id).join(', ')})`
    : 'no provider that this key may use keeps conversations'
  throw new AppError('invalid_request', `${problem}: name a model with ?model=, and it is made where that is served`, {
    field: 'model',
  })
}

const NONE: ReadonlySet<string> = new Set()

function reachable({ snapshot, key }: Call): SnapshotProvider[] {
  const found = new Set<SnapshotProvider>()
  for (const { name, targets } of snapshot.aliases.values())
    if (key?.allows(name)) for (const target of targets) if (keepsState(target)) found.add(target.provider)
  for (const provider of snapshot.providers.values()) {
    if (found.has(provider) || !keepsState({ provider, model: '' })) continue
    if (provider.listed().some((model) => key?.allows(`${provider.id}/${model}`)) || key?.allows(`${provider.id}/*`))
      found.add(provider)
  }
  return [...found]
}
