import type { BudgetView, GuardView, LimitView } from '../contract/api/rules.ts'
import type { Context } from './context.ts'
import type { Entry } from './entry.ts'
import { withoutSecrets } from './entry.ts'
import { keptOf } from './things.ts'
import { timestampOrNull } from './time.ts'

export function toLimitView({ runtime }: Context, entry: Entry<'limit'>): LimitView {
  const used = runtime.limitUse?.(entry.id)
  return { ...entry.value, ...keptOf(entry), used: used ? used.map((each) => ({ ...each })) : null }
}

export function toBudgetView({ runtime }: Context, entry: Entry<'budget'>): BudgetView {
  const used = runtime.budgetUse?.(entry.id)
  return {
    ...withoutSecrets('budget', entry.value),
    ...keptOf(entry),
    used: used ? used.map(({ resets_at, ...each }) => ({ ...each, resets_at: timestampOrNull(resets_at) })) : null,
  }
}

export function toGuardView(_: Context, entry: Entry<'guard'>): GuardView {
  return { name: entry.id, guard: withoutSecrets('guard', entry.value), ...keptOf(entry) }
}
