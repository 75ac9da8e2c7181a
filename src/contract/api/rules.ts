import { z } from 'zod'
import { Budget } from '../budget.ts'
import { Guard } from '../guard.ts'
import { Limit } from '../limit.ts'
import { Paging, pageOf } from '../listing.ts'
import { route } from '../route.ts'
import { Micros, Timestamp } from '../shared.ts'
import { Section } from '../section.ts'
import { Kept, NameParam } from './shared.ts'

/** What counts apart under a rule: `{ team: "web" }`; empty for a rule that all share. */
const Share = z.record(z.string(), z.string())

export const LimitView = z.object({
  ...Limit.shape,
  ...Kept.shape,
  /** What is used now, the fullest first; null where the gateway runs elsewhere. */
  used: z
    .array(z.object({ share: Share, measure: z.string(), limit: z.number(), used: z.number(), reset_ms: z.number() }))
    .nullable(),
})
export type LimitView = z.infer<typeof LimitView>

export const BudgetView = z.object({
  ...Budget.shape,
  ...Kept.shape,
  /** What is spent in the present period, the fullest first: as the running gateway counts, else by the ledger. */
  used: z
    .array(z.object({ share: Share, spent_micros: Micros, reserved_micros: Micros, resets_at: Timestamp.nullable() }))
    .nullable(),
})
export type BudgetView = z.infer<typeof BudgetView>

/** Guards come in kinds with fields of their own: the rule is in `guard`. */
export const GuardView = z.object({ name: z.string(), guard: Guard, ...Kept.shape })
export type GuardView = z.infer<typeof GuardView>

/** A section of which there is one: its settings are in `settings`. */
export const SectionView = z.object({ name: z.string(), settings: z.record(z.string(), z.unknown()), ...Kept.shape })
export type SectionView = z.infer<typeof SectionView>

export const listLimits = route({
  method: 'GET',
  path: '/limits',
  action: 'limits:List',
  summary: 'List rate limits with what is used now',
  query: Paging,
  result: pageOf(LimitView),
})
export const putLimit = route({
  method: 'PUT',
  path: '/limits/{name}',
  action: 'limits:Update',
  summary: 'Create or replace a rate limit',
  params: NameParam,
  body: Limit,
  result: LimitView,
  versioned: true,
})
export const deleteLimit = route({
  method: 'DELETE',
  path: '/limits/{name}',
  action: 'limits:Delete',
  summary: 'Delete a rate limit',
  params: NameParam,
  versioned: true,
})

export const listBudgets = route({
  method: 'GET',
  path: '/budgets',
  action: 'budgets:List',
  summary: 'List budgets with what is spent now',
  query: Paging,
  result: pageOf(BudgetView),
})
export const putBudget = route({
  method: 'PUT',
  path: '/budgets/{name}',
  action: 'budgets:Update',
  summary: 'Create or replace a budget; a secret left out stays',
  params: NameParam,
  body: Budget,
  result: BudgetView,
  versioned: true,
})
export const deleteBudget = route({
  method: 'DELETE',
  path: '/budgets/{name}',
  action: 'budgets:Delete',
  summary: 'Delete a budget',
  params: NameParam,
  versioned: true,
})

export const listGuards = route({
  method: 'GET',
  path: '/guards',
  action: 'guards:List',
  summary: 'List guards',
  query: Paging,
  result: pageOf(GuardView),
})
export const putGuard = route({
  method: 'PUT',
  path: '/guards/{name}',
  action: 'guards:Update',
  summary: 'Create or replace a guard; a secret left out stays',
  params: NameParam,
  body: Guard,
  result: GuardView,
  versioned: true,
})
export const deleteGuard = route({
  method: 'DELETE',
  path: '/guards/{name}',
  action: 'guards:Delete',
  summary: 'Delete a guard',
  params: NameParam,
  versioned: true,
})

export const listSections = route({
  method: 'GET',
  path: '/sections',
  action: 'sections:List',
  summary: 'List the sections cache, overload, responses and sharing, where they are set',
  query: Paging,
  result: pageOf(SectionView),
})
export const putSection = route({
  method: 'PUT',
  path: '/sections/{name}',
  action: 'sections:Update',
  summary: 'Create or replace a section',
  params: NameParam,
  body: Section,
  result: SectionView,
  versioned: true,
})
export const deleteSection = route({
  method: 'DELETE',
  path: '/sections/{name}',
  action: 'sections:Delete',
  summary: 'Delete a section: its defaults hold again',
  params: NameParam,
  versioned: true,
})
