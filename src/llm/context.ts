// Undoes in the answer what the encoder of the request had to do: forced JSON tools and changed tool names.
import { asText as asString } from './json.ts'
import { parseArguments } from './partial-json.ts'
import type { Choice, FinishReason, Part, Result, StreamPart } from './spec.ts'
import type { DecodeContext } from './target.ts'

const isNeeded = (context: DecodeContext | undefined): context is DecodeContext =>
  context !== undefined &&
  (context.jsonTool !== undefined || context.toolNames !== undefined || context.customTools !== undefined)

/** The free text among the arguments of a function that stands for a custom tool. */
const inputOf = (text: string) => asString(parseArguments(text)['input']) ?? text

/** The JSON was the answer: the model did not stop for a tool. */
const asText = (reason: FinishReason): FinishReason =>
  reason.unified === 'tool-calls' ? { ...reason, unified: 'stop' } : reason

export function restoreResult(result: Result, context: DecodeContext | undefined): Result {
  if (!isNeeded(context)) return result
  return { ...result, choices: result.choices.map((choice) => restoreChoice(choice, context)) }
}

function restoreChoice(choice: Choice, context: DecodeContext): Choice {
  const forced = choice.content.some((part) => part.type === 'tool-call' && part.name === context.jsonTool)
  const content = choice.content
    // Words around the forced JSON would break it.
    .filter((part) => !(forced && part.type === 'text'))
    .map((part): Part => {
      if (part.type !== 'tool-call') return part
      if (part.name === context.jsonTool) return { type: 'text', text: part.arguments }
      const name = context.toolNames?.[part.name] ?? part.name
      const isCustom = context.customTools?.includes(name) === true
      return { ...part, name, ...(isCustom ? { custom: true, arguments: inputOf(part.arguments) } : {}) }
    })
  return { ...choice, content, finish: forced ? asText(choice.finish) : choice.finish }
}

/** The same for the parts of one stream: make one for each stream. */
export function createRestorer(context: DecodeContext | undefined): (parts: StreamPart[]) => StreamPart[] {
  if (!isNeeded(context)) return (parts) => parts
  const forced = new Set<number>()
  const texts = new Set<number>()
  /** Arguments of custom tools, which are read once they are whole. */
  const custom = new Map<number, string>()
  /** Text before the forced JSON: let through only when the JSON does not come. */
  let held: StreamPart[] = []
  const release = (part: StreamPart): StreamPart[] => {
    const before = held
    held = []
    texts.clear()
    return [...before, part]
  }
  const restore = (part: StreamPart): StreamPart[] => {
    switch (part.type) {
      case 'text-start':
        if (context.jsonTool === undefined) return [part]
        if (forced.size > 0) return []
        texts.add(part.index)
        held.push(part)
        return []
      case 'text-delta':
      case 'text-end':
        if (texts.has(part.index)) held.push(part)
        return context.jsonTool === undefined ? [part] : []
      case 'tool-call-start': {
        if (part.name === context.jsonTool) {
          forced.add(part.index)
          held = []
          texts.clear()
          return [
            { type: 'text-start', index: part.index, ...(part.choice === undefined ? {} : { choice: part.choice }) },
          ]
        }
        const name = context.toolNames?.[part.name] ?? part.name
        if (context.customTools?.includes(name) !== true) return release(name === part.name ? part : { ...part, name })
        custom.set(part.index, '')
        return release({ ...part, name, custom: true })
      }
      case 'tool-call-delta':
        if (custom.has(part.index)) {
          custom.set(part.index, (custom.get(part.index) ?? '') + part.arguments)
          return []
        }
        return [forced.has(part.index) ? { type: 'text-delta', index: part.index, text: part.arguments } : part]
      case 'tool-call-end':
        if (custom.has(part.index))
          return [
            { type: 'tool-call-delta', index: part.index, arguments: inputOf(custom.get(part.index) ?? '') },
            part,
          ]
        return [forced.has(part.index) ? { type: 'text-end', index: part.index } : part]
      case 'finish':
        return forced.size > 0 ? [{ ...part, reason: asText(part.reason) }] : release(part)
      case 'error':
        return release(part)
      default:
        return [part]
    }
  }
  return (parts) => parts.flatMap(restore)
}
