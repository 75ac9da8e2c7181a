// Turns of the vocabulary as Converse wants them: user and assistant in turn, results in the user's, nothing blank.
import type { Drops } from '../../dropped.ts'
import { parseArguments } from '../../partial-json.ts'
import { isReadable } from '../../seal.ts'
import type { CacheMarker, ChatRequest, JsonObject, Message, Part, ToolResultPart } from '../../spec.ts'
import type { Naming } from '../../tool-names.ts'
import { cleanId } from '../anthropic-messages/encode-messages.ts'
import { writeBlock } from './content.ts'

type Turn = { readonly role: 'user' | 'assistant'; readonly content: JsonObject[] }

/** A cache is cut behind the block that carries the marker. */
export const cachePoint = ({ ttl }: CacheMarker): JsonObject => ({
  cachePoint: { type: 'default', ...(ttl === '1h' && { ttl }) },
})

export function writeSystem(request: ChatRequest, drops: Drops): JsonObject[] {
  const blocks: JsonObject[] = []
  const later = request.messages.flatMap(({ role, content }) => (role === 'system' ? content : []))
  for (const part of [...request.system, ...later]) {
    if (part.type === 'text') {
      if (part.text.trim()) blocks.push({ text: part.text })
      if (part.cache && blocks.length) blocks.push(cachePoint(part.cache))
    } else drops.add('system', `a system turn of Converse cannot carry this ${part.type}`)
  }
  return blocks
}

export function writeMessages(request: ChatRequest, naming: Naming, drops: Drops): Turn[] {
  const turns: Turn[] = []
  for (const [index, message] of request.messages.entries()) {
    if (message.role === 'system') continue
    const role = message.role === 'assistant' ? 'assistant' : 'user'
    const content = writeTurn(message, `messages[${index}]`, naming, drops)
    const last = turns.at(-1)
    if (last?.role === role) last.content.push(...content)
    else if (content.length) turns.push({ role, content })
  }
  // A user's turn comes first, and a document never comes without a word.
  if (turns[0]?.role !== 'user') turns.unshift({ role: 'user', content: [{ text: '.' }] })
  for (const { role, content } of turns)
    if (role === 'user' && content.some((block) => 'document' in block) && !content.some((block) => 'text' in block))
      content.push({ text: '.' })
  return turns
}

function writeTurn(message: Message, field: string, naming: Naming, drops: Drops): JsonObject[] {
  const blocks: JsonObject[] = []
  for (const [index, part] of message.content.entries()) {
    const block = writePart(part, `${field}.content[${index}]`, naming, drops)
    if (block === undefined) drops.add(`${field}.content[${index}]`, reasonFor(part))
    else if (block !== null) blocks.push(block)
    if ('cache' in part && part.cache && blocks.length) blocks.push(cachePoint(part.cache))
  }
  return blocks
}

const reasonFor = (part: Part): string =>
  'source' in part && part.source.kind === 'url'
    ? `Bedrock fetches no addresses but s3://: send this ${part.type} as data`
    : `Converse cannot carry this ${part.type}`

function writePart(part: Part, field: string, naming: Naming, drops: Drops): JsonObject | undefined | null {
  switch (part.type) {
    case 'tool-call': {
      const custom = part.custom || naming.isCustom(part.name)
      const input = custom ? { input: part.arguments } : parseArguments(part.arguments)
      return { toolUse: { toolUseId: cleanId(part.id), name: naming.send(part.name), input } }
    }
    case 'tool-result':
      return writeResult(part, field, drops)
    case 'reasoning':
      // Only the platform's own proofs are taken back; a thought without proof is refused.
      if (!isReadable(part.origin, 'bedrock-converse')) return null
      if (part.redacted !== undefined) return { reasoningContent: { redactedContent: part.redacted } }
      if (part.signature === undefined) return null
      return { reasoningContent: { reasoningText: { text: part.text, signature: part.signature } } }
    default:
      return writeBlock(part)
  }
}

function writeResult(result: ToolResultPart, field: string, drops: Drops): JsonObject {
  const content: JsonObject[] = []
  for (const [index, part] of result.content.entries()) {
    const block = writeBlock(part)
    if (block === undefined) drops.add(`${field}.content[${index}]`, reasonFor(part))
    else if (block !== null) content.push(block)
  }
  return {
    toolResult: {
      toolUseId: cleanId(result.toolCallId),
      content: content.length ? content : [{ text: '(empty)' }],
      ...(result.isError && { status: 'error' }),
    },
  }
}
