import { prefixRuleOf } from '../../llm/prefix.ts'
import type { ProtocolId } from '../../llm/spec.ts'
import type { PrefixRule } from '../../llm/target.ts'
import type { ServedEndpoint, SnapshotTarget } from '../../snapshot/snapshot.ts'
import type { CompiledAlias } from '../route/alias.ts'

/** The format in which the target can go on from the beginning of an answer, and how it is asked; the caller's own format is preferred. */
export function placeOfPrefix(
  { provider, model }: SnapshotTarget,
  alias: CompiledAlias | undefined,
  dialect: ProtocolId,
): { readonly served: ServedEndpoint; readonly rule: PrefixRule } | undefined {
  const stated = alias?.saysContinues(provider.id, model)
  const able = provider.chat.flatMap((served) => {
    const rule = prefixRuleOf(served.quirks, served.protocol, model, stated)
    return rule ? [{ served, rule }] : []
  })
  return able.find(({ served }) => served.protocol === dialect) ?? able[0]
}
