// Turns of the vocabulary as chat completions write them.
import type { Drops } from '../../dropped.ts'
import type {
  ChatRequest,
  Json,
  JsonObject,
  Message,
  Part,
  ReasoningPart,
  TextPart,
  ToolCallPart,
  ToolResultPart,
} from '../../spec.ts'
import type { Quirks } from '../../target.ts'
import { writePart } from './content.ts'
import { writeDetail, writeThoughtSignature } from './reasoning.ts'

/** Mistral's tool ids: the same id always becomes the same nine letters. */
function nineLetters(id: string): string {
  if (/^[A-Za-z0-9]{9}$/.test(id)) return id
  return Bun.hash(id).toString(36).padStart(9, '0').slice(-9)
}

export const toolId = (id: string, quirks: Quirks) => (quirks.toolIds === 'nine-alphanumeric' ? nineLetters(id) : id)

/** Texts as one string; a list that holds anything else stays one. */
export function joinTexts(parts: readonly JsonObject[]): Json {
  if (parts.some((part) => part['type'] !== 'text')) return [...parts]
  return parts.map((part) => part['text'] as string).join('\n')
}

/** One string when all is one text, else the list. Cache markers keep the list for vendors that read them. */
function writeContent(parts: readonly JsonObject[], quirks: Quirks): Json {
  if (quirks.textOnly) return joinTexts(parts)
  const only = parts[0]
  if (parts.length === 1 && only?.['type'] === 'text' && Object.keys(only).length === 2) return only['text'] as string
  return [...parts]
}

type Scene = { readonly drops: Drops; readonly quirks: Quirks }

function writeParts(parts: readonly Part[], field: string, { drops, quirks }: Scene): JsonObject[] {
  const written: JsonObject[] = []
  parts.forEach((part, index) => {
    const item = writePart(part)
    if (item === undefined) drops.add(`${field}.content[${index}]`, `chat completions cannot carry this ${part.type}`)
    else if (quirks.accepts?.includes('cache_control') && 'cache' in part && part.cache !== undefined) {
      written.push({ ...item, cache_control: { type: 'ephemeral', ...part.cache } })
    } else written.push(item)
  })
  return written
}

const joined = (parts: readonly TextPart[]) => parts.map((part) => part.text).join('\n\n')

export function writeMessages(request: ChatRequest, quirks: Quirks, drops: Drops): JsonObject[] {
  const scene: Scene = { drops, quirks }
  const role = quirks.systemRole ?? 'system'
  const messages: JsonObject[] = []
  const marked =
    quirks.accepts?.includes('cache_control') === true && request.system.some((part) => part.cache !== undefined)
  if (request.system.length > 0) {
    const content = marked ? writeParts(request.system, 'system', scene) : joined(request.system)
    messages.push({ role, content })
  }
  request.messages.forEach((message, index) => {
    const field = `messages[${index}]`
    if (message.role === 'tool') messages.push(...writeToolTurn(message, field, scene))
    else if (message.role === 'assistant') messages.push(writeAssistant(message, field, scene))
    else {
      const content = writeContent(writeParts(message.content, field, scene), quirks)
      const name = message.name === undefined ? {} : { name: message.name }
      messages.push({
        role: message.role === 'system' ? role : 'user',
        content: Array.isArray(content) && content.length === 0 ? '' : content,
        ...name,
      })
    }
  })
  return messages
}

function writeCall(call: ToolCallPart, quirks: Quirks): JsonObject {
  const signed = call.signature === undefined ? {} : { extra_content: writeThoughtSignature(call.signature) }
  const id = toolId(call.id, quirks)
  if (call.custom) return { id, type: 'custom', custom: { name: call.name, input: call.arguments } }
  return {
    id,
    type: 'function',
    function: { name: call.name, arguments: call.arguments === '' ? '{}' : call.arguments },
    ...signed,
  }
}

function writeAssistant(message: Message, field: string, scene: Scene): JsonObject {
  const { quirks } = scene
  const calls = message.content.filter((part) => part.type === 'tool-call')
  const reasoning = message.content.filter((part) => part.type === 'reasoning')
  const refusals = message.content.filter((part) => part.type === 'refusal')
  const spoken = message.content.find((part) => part.type === 'audio' && part.id !== undefined)
  const shown = message.content.map((part) =>
    part.type === 'tool-call' || part.type === 'reasoning' || part.type === 'refusal' || part === spoken
      ? undefined
      : part,
  )
  const parts: JsonObject[] = []
  shown.forEach((part, index) => {
    if (part === undefined) return
    const written = part.type === 'image' || part.type === 'document' ? undefined : writePart(part)
    if (written === undefined)
      scene.drops.add(
        `${field}.content[${index}]`,
        `an assistant turn of chat completions cannot carry this ${part.type}`,
      )
    else parts.push(written)
  })
  const plain = parts.every((part) => part['type'] === 'text')
    ? parts.map((part) => part['text'] as string).join('')
    : parts
  const empty = parts.length === 0
  return {
    role: 'assistant',
    content: empty ? (calls.length > 0 || spoken !== undefined || refusals.length > 0 ? null : '') : plain,
    ...(refusals.length > 0 ? { refusal: refusals.map((part) => part.text).join('') } : {}),
    ...(spoken?.type === 'audio' && spoken.id !== undefined ? { audio: { id: spoken.id } } : {}),
    ...(calls.length > 0 ? { tool_calls: calls.map((call) => writeCall(call, quirks)) } : {}),
    ...writeReasoning(reasoning, plain, quirks),
    ...(message.name === undefined ? {} : { name: message.name }),
  }
}

/** Earlier thoughts go back only to vendors that say how they want them: the others refuse or ignore them. */
export function writeReasoning(parts: readonly ReasoningPart[], content: Json, quirks: Quirks): JsonObject {
  if (parts.length === 0) return {}
  const text = parts.map((part) => part.text).join('')
  switch (quirks.reasoningInput) {
    case 'reasoning_content':
      return { reasoning_content: text }
    case 'reasoning':
      return { reasoning: text }
    case 'reasoning_details': {
      const details = parts.map(
        (part, index) => writeDetail(part, index) ?? { type: 'reasoning.text', text: part.text, index },
      )
      return { reasoning_details: details }
    }
    case 'thinking': {
      const thought = { type: 'thinking', thinking: [{ type: 'text', text }] }
      const rest =
        typeof content === 'string' ? (content === '' ? [] : [{ type: 'text', text: content }]) : (content as Json[])
      return { content: [thought, ...rest] }
    }
    default:
      return {}
  }
}

/** One message for each result; what a tool message cannot hold follows in a user message. */
function writeToolTurn(message: Message, field: string, scene: Scene): JsonObject[] {
  const written: JsonObject[] = []
  const behind: JsonObject[] = []
  message.content.forEach((part, index) => {
    if (part.type !== 'tool-result') return
    written.push(writeToolResult(part, `${field}.content[${index}]`, scene, behind))
  })
  if (behind.length > 0) written.push({ role: 'user', content: behind })
  return written
}

function writeToolResult(result: ToolResultPart, field: string, scene: Scene, behind: JsonObject[]): JsonObject {
  const texts: string[] = []
  const media: JsonObject[] = []
  for (const part of writeParts(result.content, field, scene)) {
    if (part['type'] === 'text') texts.push(part['text'] as string)
    else media.push(part)
  }
  if (media.length > 0) {
    behind.push(
      { type: 'text', text: `Attached to the result of tool call ${toolId(result.toolCallId, scene.quirks)}:` },
      ...media,
    )
    if (texts.length === 0) texts.push('The result is attached in the next message.')
  }
  const text = texts.join('\n')
  return {
    role: 'tool',
    tool_call_id: toolId(result.toolCallId, scene.quirks),
    content: result.isError ? errorText(text) : text,
  }
}

/** Chat completions have no mark for a failed tool: the model must be able to read it. */
const errorText = (text: string) => (/error/i.test(text) ? text : `Error: ${text}`)
