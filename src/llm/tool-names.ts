// Tool names that a vendor takes, and the way back to the caller's.
import type { ChatRequest } from './spec.ts'

export type Naming = {
  /** The name to send for a tool. */
  readonly send: (name: string) => string
  /** Whether the caller declared it as a tool of free text. */
  readonly isCustom: (name: string) => boolean
  /** Name sent → name the caller gave, for those that had to change. */
  readonly changed: Readonly<Record<string, string>>
  readonly customTools: readonly string[]
}

export function nameTools(
  request: ChatRequest,
  rule: { readonly forbidden: RegExp; readonly maxLength: number; readonly start?: RegExp },
): Naming {
  const own = new Set<string>()
  for (const tool of request.tools) if (tool.type !== 'native') own.add(tool.name)
  const sent = new Map<string, string>()
  const changed: Record<string, string> = {}
  const send = (name: string): string => {
    const known = sent.get(name)
    if (known !== undefined) return known
    let base = name.replaceAll(rule.forbidden, '_').slice(0, rule.maxLength) || '_'
    if (rule.start !== undefined && !rule.start.test(base)) base = `_${base}`.slice(0, rule.maxLength)
    let clean = base
    for (let copy = 2; clean !== name && (own.has(clean) || Object.hasOwn(changed, clean)); copy++)
      clean = `${base.slice(0, rule.maxLength - 4)}_${copy}`
    sent.set(name, clean)
    if (clean !== name) changed[clean] = name
    return clean
  }
  for (const name of own) send(name)
  const customTools = request.tools.filter((tool) => tool.type === 'custom').map((tool) => tool.name)
  return { send, isCustom: (name) => customTools.includes(name), changed, customTools }
}

/** The one argument of a function that stands for a tool of free text. */
export const CUSTOM_SCHEMA = { type: 'object', properties: { input: { type: 'string' } }, required: ['input'] }
