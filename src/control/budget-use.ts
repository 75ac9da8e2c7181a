import type { Budget } from '../contract/budget.ts'
import type { BudgetView } from '../contract/api/rules.ts'
import { compileSelector } from '../quota/attributes.ts'
import { periodEnd, periodStart } from '../quota/period.ts'
import { ledgerIn } from '../store/ledger.ts'
import type { Context } from './context.ts'
import { timestamp, timestampOrNull } from './time.ts'

const SHOWN = 100

/** What is spent of a budget in its present period, the fullest first: as the running gateway counts, else by the ledger. */
export async function budgetUse(
  { store, clock, runtime }: Context,
  budget: Budget,
): Promise<NonNullable<BudgetView['used']>> {
  const running = runtime.budgetUse?.(budget.name)
  if (running) return running.map(({ resets_at: at, ...use }) => ({ ...use, resets_at: timestampOrNull(at) }))
  const now = clock()
  const matches = compileSelector(budget.for)
  const ends = periodEnd(budget.period, now)
  const resets_at = Number.isFinite(ends) ? timestamp(ends) : null
  const spent = new Map<string, { share: Record<string, string>; spent_micros: number }>()
  for (const sum of await ledgerIn(store.db).spentSince(periodStart(budget.period, now))) {
    const { key_name: key, application, team, model_asked: model } = sum
    const attributes = { key, application, team, model, end_user: null, provider: null }
    const share = Object.fromEntries(budget.per.map((name) => [name, attributes[name]]))
    if (!matches(attributes) || Object.values(share).includes(null)) continue
    const name = JSON.stringify(share)
    const known = spent.get(name) ?? { share: share as Record<string, string>, spent_micros: 0 }
    spent.set(name, { ...known, spent_micros: known.spent_micros + sum.amount_micros })
  }
  if (spent.size === 0 && budget.per.length === 0) spent.set('', { share: {}, spent_micros: 0 })
  return [...spent.values()]
    .toSorted((a, b) => b.spent_micros - a.spent_micros)
    .slice(0, SHOWN)
    .map((use) => ({ ...use, reserved_micros: 0, resets_at }))
}
