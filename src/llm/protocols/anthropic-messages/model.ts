// What the generations of Claude take, as far as their names tell; the catalogue's word counts more.
import type { Target } from '../../target.ts'

export type ClaudeModel = {
  /** 4.5 for `claude-sonnet-4-5`; unknown names count as the newest. */
  readonly version: number
  readonly family: string
}

export function readModel(name: string): ClaudeModel {
  const old = /claude-(\d)(?:[-.](\d))?-(opus|sonnet|haiku)/.exec(name)
  if (old) return { version: Number(old[1]) + Number(old[2] ?? 0) / 10, family: old[3] as string }
  const current = /claude-([a-z]+)-(\d{1,2})(?:[-.](\d{1,2}))?(?!\d)/.exec(name)
  if (current) return { version: Number(current[2]) + Number(current[3] ?? 0) / 10, family: current[1] as string }
  return { version: /claude-(?:2|instant)/.test(name) ? 2 : 99, family: '' }
}

/** Thinking by level (`adaptive`), by tokens, or not at all. */
export function thinkingOf(model: ClaudeModel, target: Target): 'adaptive' | 'budget' | 'none' {
  if (target.capabilities.reasoning === false) return 'none'
  if (target.capabilities.reasoningControl === 'effort') return 'adaptive'
  if (target.capabilities.reasoningControl === 'budget') return 'budget'
  if (model.version < 3.7 || (model.family === 'haiku' && model.version < 4)) return 'none'
  return model.version >= 4.6 ? 'adaptive' : 'budget'
}

/** Whether `output_config.format` and strict tools are known. */
export function hasNativeSchema(model: ClaudeModel, target: Target): boolean {
  if (target.quirks.structured !== undefined) return target.quirks.structured === 'json_schema'
  if (target.capabilities.jsonSchema === false) return false
  return model.version >= 4.5 || (model.family === 'opus' && model.version >= 4.1)
}

/** The newest refuse `temperature` beside `top_p`. */
export const refusesBoth = (model: ClaudeModel) =>
  model.version >= 4.5 || (model.family === 'opus' && model.version >= 4.1)

/** Answers' length when the caller does not say: Anthropic wants a number. */
export function defaultMaxTokens(model: ClaudeModel, target: Target): number {
  if (target.capabilities.maxOutputTokens !== undefined) return target.capabilities.maxOutputTokens
  return model.version < 3.5 ? 4096 : 8192
}
