// How much to think: levels and token budgets, and the way from one to the other.
import type { Effort, ReasoningOptions } from './spec.ts'

/** Thinking tokens that stand for a level, where a vendor only counts tokens. */
const BUDGETS: Readonly<Record<Effort, number>> = {
  none: 0,
  minimal: 1024,
  low: 1024,
  medium: 2048,
  high: 4096,
  xhigh: 16384,
  max: 32768,
}

export const budgetOf = (effort: Effort): number => BUDGETS[effort]

/** The level that stands for a token budget, where a vendor only knows levels. */
export function effortOfBudget(tokens: number): Effort {
  if (tokens === 0) return 'none'
  if (tokens < 0) return 'medium'
  if (tokens <= 1024) return 'low'
  return tokens <= 2048 ? 'medium' : 'high'
}

/** What the options come to as a level; undefined when the caller left it to the model. */
export function effortOf(options: ReasoningOptions | undefined): Effort | undefined {
  if (options === undefined) return undefined
  if (options.effort !== undefined) return options.effort
  if (options.budgetTokens !== undefined) return effortOfBudget(options.budgetTokens)
  return undefined
}
