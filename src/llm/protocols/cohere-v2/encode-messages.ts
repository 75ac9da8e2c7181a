// Turns of the vocabulary as Cohere writes them.
import type { Drops } from '../../dropped.ts'
import { textOfSource, urlOfSource } from '../../media.ts'
import type { ChatRequest, Json, JsonObject, Message, Part, ToolResultPart } from '../../spec.ts'

export function writeMessages(request: ChatRequest, drops: Drops): JsonObject[] {
  const messages: JsonObject[] = []
  const system = request.system.map(({ text }) => text).filter(Boolean)
  if (system.length) messages.push({ role: 'system', content: system.join('\n\n') })
  for (const [index, message] of request.messages.entries()) {
    const field = `messages[${index}]`
    if (message.role === 'tool') messages.push(...writeResults(message, field, drops))
    else if (message.role === 'assistant') messages.push(writeAssistant(message, field, drops))
    else messages.push({ role: message.role, content: writeContent(message.content, field, drops) })
  }
  return messages
}

/** One text as a string, anything else as a list. */
function writeContent(content: readonly Part[], field: string, drops: Drops): Json {
  const parts: JsonObject[] = []
  for (const [index, part] of content.entries()) {
    const written = writePart(part)
    if (written) parts.push(written)
    else drops.add(`${field}.content[${index}]`, `Cohere cannot carry this ${part.type}`)
  }
  const [only] = parts
  return parts.length === 1 && only?.['type'] === 'text' ? (only['text'] as string) : parts.length ? parts : ''
}

function writePart(part: Part): JsonObject | undefined {
  switch (part.type) {
    case 'text':
    case 'refusal':
      return { type: 'text', text: part.text }
    case 'image': {
      const url = urlOfSource(part.source)
      return url === undefined
        ? undefined
        : { type: 'image_url', image_url: { url, ...(part.detail && { detail: part.detail }) } }
    }
    case 'document': {
      const text = textOfSource(part.source)
      return text === undefined
        ? undefined
        : { type: 'text', text: part.name === undefined ? text : `${part.name}:\n${text}` }
    }
    default:
      return undefined
  }
}

function writeAssistant({ content }: Message, field: string, drops: Drops): JsonObject {
  const calls = content.filter((part) => part.type === 'tool-call')
  const thoughts = content
    .filter((part) => part.type === 'reasoning')
    .map(({ text }) => text)
    .filter(Boolean)
  const spoken = content.filter((part) => part.type !== 'tool-call' && part.type !== 'reasoning')
  const said = writeContent(spoken, field, drops)
  const plan = calls.length && thoughts.length ? { tool_plan: thoughts.join('\n') } : {}
  return {
    role: 'assistant',
    ...(said !== '' || !calls.length ? { content: said } : {}),
    ...plan,
    ...(calls.length && {
      tool_calls: calls.map((call) => ({
        id: call.id,
        type: 'function',
        function: {
          name: call.name,
          arguments: call.custom ? JSON.stringify({ input: call.arguments }) : call.arguments || '{}',
        },
      })),
    }),
  }
}

function writeResults({ content }: Message, field: string, drops: Drops): JsonObject[] {
  return content.flatMap((part, index) =>
    part.type === 'tool-result'
      ? [
          {
            role: 'tool',
            tool_call_id: part.toolCallId,
            content: writeResult(part, `${field}.content[${index}]`, drops),
          },
        ]
      : [],
  )
}

function writeResult(result: ToolResultPart, field: string, drops: Drops): string {
  const texts: string[] = []
  for (const [index, part] of result.content.entries()) {
    const written = writePart(part)
    if (typeof written?.['text'] === 'string') texts.push(written['text'])
    else drops.add(`${field}.content[${index}]`, `a tool result of Cohere cannot carry this ${part.type}`)
  }
  const text = texts.join('\n')
  return result.isError && !/error/i.test(text) ? `Error: ${text}` : text
}
