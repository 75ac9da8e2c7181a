// What the generations of Gemini take, as far as their names tell; the catalogue's word counts more.
import { effortOf } from '../../effort.ts'
import { defined } from '../../json.ts'
import type { Effort, JsonObject, ReasoningOptions } from '../../spec.ts'
import type { Target } from '../../target.ts'

/** 2.5 for `gemini-2.5-flash`; names without a number count as the newest. */
export function versionOf(name: string): number {
  const match = /gemini-(\d+(?:\.\d+)?)/.exec(name)
  return match ? Number(match[1]) : 99
}

/** Google's own numbers for OpenAI's levels: https://ai.google.dev/gemini-api/docs/openai */
const BUDGETS: Readonly<Record<Effort, number>> = {
  none: 0,
  minimal: 1024,
  low: 1024,
  medium: 8192,
  high: 24576,
  xhigh: 24576,
  max: 24576,
}

function levelOf(effort: Effort, name: string): string {
  const isFlash = /flash/.test(name)
  switch (effort) {
    case 'none':
    case 'minimal':
      return isFlash ? 'MINIMAL' : 'LOW'
    case 'low':
      return 'LOW'
    case 'medium':
      // The first Gemini 3 Pro knows only two levels.
      return /gemini-3-pro/.test(name) ? 'HIGH' : 'MEDIUM'
    default:
      return 'HIGH'
  }
}

/** `thinkingConfig`, or why the model cannot do as asked. */
export function writeThinking(
  options: ReasoningOptions,
  target: Target,
): { readonly config?: JsonObject; readonly refusal?: string } {
  const { model, capabilities } = target
  const version = versionOf(model)
  const effort = effortOf(options)
  if (capabilities.reasoning === false || version < 2.5)
    return effort === 'none' ? {} : { refusal: `${model} does not think` }
  const byLevel =
    capabilities.reasoningControl === 'effort' || (capabilities.reasoningControl === undefined && version >= 3)
  const shown = effort === 'none' ? undefined : options.summary !== 'none'
  if (byLevel && options.budgetTokens === undefined) {
    return {
      config: defined({
        includeThoughts: shown,
        thinkingLevel: effort === undefined ? undefined : levelOf(effort, model),
      }) as JsonObject,
    }
  }
  const wanted = options.budgetTokens ?? (effort === undefined ? undefined : BUDGETS[effort])
  // 2.5 Pro cannot stop thinking: 128 is its least.
  const budget = wanted === 0 && /2\.5-pro/.test(model) ? 128 : wanted
  return { config: defined({ includeThoughts: shown, thinkingBudget: budget }) as JsonObject }
}
