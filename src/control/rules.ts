import type { BudgetView, GuardView, LimitView, SectionView } from '../contract/api/rules.ts'
import { budgetUse } from './budget-use.ts'
import type { Context } from './context.ts'
import type { Entry } from './entry.ts'
import { withoutSecrets } from './entry-row.ts'
import { keptOf } from './things.ts'

export function toLimitView({ runtime }: Context, entry: Entry<'limit'>): LimitView {
  const used = runtime.limitUse?.(entry.id)
  return { ...entry.value, ...keptOf(entry), used: used ? used.map((each) => ({ ...each })) : null }
}

export async function toBudgetView(context: Context, entry: Entry<'budget'>): Promise<BudgetView> {
  return {
    ...withoutSecrets('budget', entry.value),
    ...keptOf(entry),
    used: await budgetUse(context, entry.value),
  }
}

export function toGuardView(_: Context, entry: Entry<'guard'>): GuardView {
  return { name: entry.id, guard: withoutSecrets('guard', entry.value), ...keptOf(entry) }
}

export function toSectionView(entry: Entry<'section'>): SectionView {
  return { name: entry.id, settings: entry.value.settings, ...keptOf(entry) }
}
