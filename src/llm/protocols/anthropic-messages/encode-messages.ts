// Turns of the vocabulary as Anthropic Messages wants them: user and assistant in turn, results first, nothing empty.
import type { Drops } from '../../dropped.ts'
import { parseArguments } from '../../partial-json.ts'
import { isReadable } from '../../seal.ts'
import type { ChatRequest, Json, JsonObject, Message, Part, ToolCallPart, ToolResultPart } from '../../spec.ts'
import type { Naming } from '../../tool-names.ts'
import { writeBlock, writeCache } from './block.ts'

/** Anthropic takes ids of letters, digits, `_` and `-` only. */
export const cleanId = (id: string) => id.replaceAll(/[^A-Za-z0-9_-]/g, '_') || '_'

type Turn = { readonly role: 'user' | 'assistant'; content: JsonObject[] }

export function writeSystem(request: ChatRequest, drops: Drops): JsonObject[] {
  const blocks: JsonObject[] = []
  const later = request.messages.flatMap((message) => (message.role === 'system' ? message.content : []))
  for (const part of [...request.system, ...later]) {
    const block = writeBlock(part)
    if (block === undefined) drops.add('system', `a system turn of Anthropic Messages cannot carry this ${part.type}`)
    else if (block !== null) blocks.push(block)
  }
  return blocks
}

export function writeMessages(request: ChatRequest, naming: Naming, drops: Drops): Turn[] {
  const turns: Turn[] = []
  request.messages.forEach((message, index) => {
    if (message.role === 'system') return
    const role = message.role === 'assistant' ? 'assistant' : 'user'
    const content = writeTurn(message, `messages[${index}]`, naming, drops)
    const last = turns.at(-1)
    if (last?.role === role) last.content.push(...content)
    else turns.push({ role, content })
  })
  const filled = turns.filter((turn) => turn.content.length > 0)
  for (const turn of filled) if (turn.role === 'user') turn.content = resultsFirst(turn.content)
  // Anthropic wants a user's turn first, and at least one.
  if (filled[0]?.role !== 'user') filled.unshift({ role: 'user', content: [{ type: 'text', text: '.' }] })
  trimEnd(filled.at(-1))
  return filled
}

function writeTurn(message: Message, field: string, naming: Naming, drops: Drops): JsonObject[] {
  const blocks: JsonObject[] = []
  message.content.forEach((part, index) => {
    const block = writePart(part, `${field}.content[${index}]`, naming, drops)
    if (block === undefined)
      drops.add(`${field}.content[${index}]`, `Anthropic Messages cannot carry this ${part.type}`)
    else if (block !== null) blocks.push(block)
  })
  return blocks
}

function writePart(part: Part, field: string, naming: Naming, drops: Drops): JsonObject | undefined | null {
  switch (part.type) {
    case 'tool-call':
      return writeCall(part, naming)
    case 'tool-result':
      return writeResult(part, field, drops)
    case 'reasoning':
      // Only Claude's own proofs are taken back; a thought without proof is refused.
      if (!isReadable(part.origin, 'anthropic-messages')) return null
      if (part.redacted !== undefined) return { type: 'redacted_thinking', data: part.redacted }
      return part.signature === undefined ? null : { type: 'thinking', thinking: part.text, signature: part.signature }
    default:
      return writeBlock(part)
  }
}

function writeCall(call: ToolCallPart, naming: Naming): JsonObject {
  const input = call.custom || naming.isCustom(call.name) ? { input: call.arguments } : parseArguments(call.arguments)
  return { type: 'tool_use', id: cleanId(call.id), name: naming.send(call.name), input, ...writeCache(call) }
}

function writeResult(result: ToolResultPart, field: string, drops: Drops): JsonObject {
  const content: JsonObject[] = []
  result.content.forEach((part, index) => {
    const block = writeBlock(part)
    if (block === undefined)
      drops.add(`${field}.content[${index}]`, `a tool result of Anthropic Messages cannot carry this ${part.type}`)
    else if (block !== null) content.push(block)
  })
  const only = content[0]
  const plain = content.length === 1 && only?.['type'] === 'text' && Object.keys(only).length === 2
  return {
    type: 'tool_result',
    tool_use_id: cleanId(result.toolCallId),
    ...(content.length === 0 ? {} : { content: plain ? (only['text'] as Json) : content }),
    ...(result.isError ? { is_error: true } : {}),
    ...writeCache(result),
  }
}

const resultsFirst = (blocks: readonly JsonObject[]): JsonObject[] => [
  ...blocks.filter((block) => block['type'] === 'tool_result'),
  ...blocks.filter((block) => block['type'] !== 'tool_result'),
]

/** An assistant's turn at the end is to be continued: Anthropic refuses white space at its end. */
function trimEnd(turn: Turn | undefined): void {
  const last = turn?.role === 'assistant' ? turn.content.at(-1) : undefined
  if (last?.['type'] === 'text') last['text'] = (last['text'] as string).trimEnd()
}

const MAX_MARKERS = 4

/** Anthropic takes four cache markers: the latest of the turns are left out first, for tools and system change the least. */
export function limitMarkers(lists: readonly (readonly JsonObject[])[], drops: Drops): void {
  let left = MAX_MARKERS
  const marked = (block: JsonObject) => block['cache_control'] !== undefined
  const [tools = [], system = [], ...turns] = lists
  const turnBlocks = turns.flat()
  const fixed = [...tools, ...system].filter(marked)
  const moving = turnBlocks.filter(marked).reverse()
  for (const block of [...fixed, ...moving]) {
    if (left > 0) left--
    else {
      delete block['cache_control']
      drops.add('cache_control', `Anthropic takes at most ${MAX_MARKERS} cache markers`)
    }
  }
}
