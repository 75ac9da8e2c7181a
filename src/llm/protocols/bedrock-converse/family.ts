// What Converse leaves to the makers of the models, told by the model's name: `anthropic.claude-…`, also within an ARN or behind a region.
import { budgetOf, effortOf } from '../../effort.ts'
import type { Drops } from '../../dropped.ts'
import type { ChatRequest, JsonObject } from '../../spec.ts'
import type { Target } from '../../target.ts'
import { readModel, thinkingOf } from '../anthropic-messages/model.ts'

export type Family = 'claude' | 'nova' | 'gpt' | 'mistral' | 'cohere' | 'other'

export function familyOf(model: string): Family {
  if (/claude/.test(model)) return 'claude'
  if (/\bnova-/.test(model)) return 'nova'
  if (/openai\.|gpt-oss/.test(model)) return 'gpt'
  if (/mistral|ministral|pixtral|magistral|devstral/.test(model)) return 'mistral'
  return /cohere\./.test(model) ? 'cohere' : 'other'
}

/** Families that can be made to call a tool. */
export const canForce = (family: Family): boolean => family !== 'other' && family !== 'cohere'

const LEAST_BUDGET = 1024

export type Thinking = { readonly fields: JsonObject; readonly thinks: boolean; readonly maxTokens: number | undefined }

/** Thinking in the words of the model's maker, for `additionalModelRequestFields`. */
export function planThinking(request: ChatRequest, target: Target, forced: boolean, drops: Drops): Thinking {
  const { reasoning: options, maxOutputTokens: maxTokens } = request
  const none = { fields: {}, thinks: false, maxTokens }
  const effort = effortOf(options)
  if (!options || effort === 'none') return none
  const drop = (reason: string) => {
    drops.unsupported(request, ['reasoning'], reason)
    return none
  }
  if (target.capabilities.reasoning === false) return drop(`${target.model} does not think`)
  switch (familyOf(target.model)) {
    case 'claude':
      break
    case 'nova':
      return {
        fields: { reasoningConfig: { type: 'enabled', maxReasoningEffort: levelOf(effort) } },
        thinks: true,
        maxTokens,
      }
    case 'gpt':
      return { fields: { reasoning_effort: levelOf(effort) }, thinks: true, maxTokens }
    default:
      return drop('Converse has no common word for thinking, and this model’s own is not known')
  }
  const kind = thinkingOf(readModel(target.model), target)
  if (kind === 'none') return drop(`${target.model} does not think`)
  if (forced) return drop('Claude does not think when a tool is forced')
  if (kind === 'adaptive') {
    const level = effort === 'minimal' ? 'low' : effort
    return {
      fields: { thinking: { type: 'adaptive' }, ...(level && { output_config: { effort: level } }) },
      thinks: true,
      maxTokens,
    }
  }
  const wanted =
    options.budgetTokens && options.budgetTokens > 0 ? options.budgetTokens : budgetOf(options.effort ?? 'medium')
  const budget = Math.min(wanted, (maxTokens ?? target.capabilities.maxOutputTokens ?? wanted + 4096) - 1)
  if (budget < LEAST_BUDGET)
    return drop(`thinking takes at least ${LEAST_BUDGET} tokens and fewer than the whole answer`)
  return {
    fields: { thinking: { type: 'enabled', budget_tokens: budget } },
    thinks: true,
    maxTokens: maxTokens ?? budget + 4096,
  }
}

/** Makers that know three levels. */
function levelOf(effort: string | undefined): 'low' | 'medium' | 'high' {
  if (effort === 'low' || effort === 'minimal') return 'low'
  return effort === 'high' || effort === 'xhigh' || effort === 'max' ? 'high' : 'medium'
}
