// Aliases, limits, budgets, guards and the single sections, as data for the commands of one kind.
import { createAlias, deleteAlias, listAliases, updateAlias, type AliasView } from '../contract/api/aliases.ts'
import * as rules from '../contract/api/rules.ts'
import { Alias } from '../contract/alias.ts'
import { Budget } from '../contract/budget.ts'
import { Guard } from '../contract/guard.ts'
import { Limit } from '../contract/limit.ts'
import type { Place } from '../contract/routing.ts'
import { Section } from '../contract/section.ts'
import { SECTIONS } from '../contract/section-names.ts'
import { patchBetween } from '../lib/merge-patch.ts'
import type { Command } from './command.ts'
import { everyItem } from './every-item.ts'
import { bare, commandsOf, type Kept, type Noun, WHERE } from './noun.ts'
import { dollars } from './table.ts'

type Listed = { readonly name: string } & Kept

/** What is told apart by its name, and says in a few words what it does. */
type Rule<View extends Listed> = Omit<Noun<View>, 'field' | 'nameOf' | 'columns'> & {
  readonly says: (view: View) => string
}

function commandsOfRule<View extends Listed>({ says, ...rule }: Rule<View>): Command[] {
  return commandsOf<View>({
    ...rule,
    field: 'name',
    nameOf: ({ name }) => name,
    columns: [
      { head: 'NAME', of: ({ name }) => name },
      { head: 'SET UP IN', of: ({ origin }) => WHERE[origin] },
      { head: 'WHAT', of: says },
    ],
  })
}

const words = (values: Readonly<Record<string, unknown>>) =>
  Object.entries(values)
    .map(([name, value]) => `${name.replaceAll('_', ' ')} ${String(value)}`)
    .join(', ')

const ownerOf = ({ for: owner, per = [] }: { for?: object; per?: readonly string[] }) =>
  [words({ ...owner }), per.length > 0 ? `each ${per.join(' and ')}` : ''].filter(Boolean).join(', ') || 'all calls'

const placesOf = (places: readonly Place[]) => places.map(({ provider, model }) => `${provider}/${model}`).join(', ')

const aliases: Rule<AliasView> = {
  one: 'alias',
  many: 'aliases',
  schema: Alias,
  list: (api) => everyItem((query) => api(listAliases, { query })),
  settingsOf: bare,
  says: ({ targets, strategy, fallbacks }) =>
    `${strategy} over ${placesOf(targets)}${fallbacks.length > 0 ? `; then ${placesOf(fallbacks)}` : ''}`,
  put(api, { name, ...alias }: Alias, before) {
    if (!before) return api(createAlias, { body: { name, ...alias } })
    const { name: _, ...old } = bare(before)
    const body = patchBetween(old, alias) as typeof alias
    return api(updateAlias, { params: { name }, body }, { version: before.version })
  },
  remove: (api, name) => api(deleteAlias, { params: { name } }),
}

/** As it was set up, without what is used of it now. */
function unused<View extends Kept & { readonly used: unknown }>(view: View) {
  const { used: _, ...thing } = bare(view)
  return thing
}

const limits: Rule<rules.LimitView> = {
  one: 'limit',
  many: 'limits',
  schema: Limit,
  list: (api) => everyItem((query) => api(rules.listLimits, { query })),
  settingsOf: unused,
  says: (view) => {
    const { name: _, for: owner, per, ...rates } = unused(view)
    return `${ownerOf({ for: owner, per })}: ${words(rates)}`
  },
  put: (api, body: Limit) => api(rules.putLimit, { params: { name: body.name }, body }),
  remove: (api, name) => api(rules.deleteLimit, { params: { name } }),
}

const budgets: Rule<rules.BudgetView> = {
  one: 'budget',
  many: 'budgets',
  schema: Budget,
  list: (api) => everyItem((query) => api(rules.listBudgets, { query })),
  settingsOf: unused,
  says: ({ amount_micros, period, mode, used, ...view }) => {
    const spent = used?.length === 1 ? `, ${dollars(used[0]!.spent_micros)} spent` : ''
    return `${ownerOf(view)}: ${dollars(amount_micros)} ${period === 'once' ? 'once' : `a ${period}`}, ${mode}${spent}`
  },
  put: (api, body: Budget) => api(rules.putBudget, { params: { name: body.name }, body }),
  remove: (api, name) => api(rules.deleteBudget, { params: { name } }),
}

const guards: Rule<rules.GuardView> = {
  one: 'guard',
  many: 'guards',
  schema: Guard,
  list: (api) => everyItem((query) => api(rules.listGuards, { query })),
  settingsOf: ({ guard }) => guard,
  says: ({ guard }) => `${guard.kind.replaceAll('_', ' ')}: ${ownerOf(guard)}`,
  put: (api, body: Guard) => api(rules.putGuard, { params: { name: body.name }, body }),
  remove: (api, name) => api(rules.deleteGuard, { params: { name } }),
}

const sections: Rule<rules.SectionView> = {
  one: 'section',
  many: 'sections',
  schema: Section,
  list: (api) => everyItem((query) => api(rules.listSections, { query })),
  settingsOf: ({ name, settings }) => ({ [name]: settings }),
  says: ({ settings }) => JSON.stringify(settings).slice(0, 100),
  within(document) {
    const found = SECTIONS.filter((name) => document[name] !== undefined)
    return found.length > 0 ? found.map((name) => ({ name, settings: document[name] })) : undefined
  },
  put: (api, body: Section) => api(rules.putSection, { params: { name: body.name }, body }),
  remove: (api, name) => api(rules.deleteSection, { params: { name } }),
}

export const ruleCommands: readonly Command[] = [
  ...commandsOfRule(aliases),
  ...commandsOfRule(limits),
  ...commandsOfRule(budgets),
  ...commandsOfRule(guards),
  ...commandsOfRule(sections),
]
