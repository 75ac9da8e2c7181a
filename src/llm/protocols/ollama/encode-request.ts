// A call to Ollama's own API: https://docs.ollama.com/api/chat
import { Drops, refuseState } from '../../dropped.ts'
import { effortOf } from '../../effort.ts'
import { defined } from '../../json.ts'
import { textOfSource } from '../../media.ts'
import { parseArguments } from '../../partial-json.ts'
import type { EncodedRequest } from '../../protocol.ts'
import type { ChatRequest, JsonObject, Message, Part } from '../../spec.ts'
import type { DecodeContext, Target } from '../../target.ts'
import { CUSTOM_SCHEMA } from '../../tool-names.ts'

export function encodeRequest(request: ChatRequest, target: Target): EncodedRequest {
  refuseState(request)
  const drops = new Drops(request.dialect)
  const options = defined({
    temperature: request.temperature,
    top_p: request.topP,
    top_k: request.topK,
    seed: request.seed,
    num_predict: request.maxOutputTokens,
    stop: request.stop?.length ? [...request.stop] : undefined,
    presence_penalty: request.presencePenalty,
    frequency_penalty: request.frequencyPenalty,
  }) as JsonObject
  const tools = writeTools(request, drops)
  const { responseFormat: format } = request
  const body: JsonObject = {
    model: target.model,
    messages: writeMessages(request, drops),
    stream: request.stream,
    ...defined({
      tools: tools.length ? tools : undefined,
      format: format?.type === 'json' ? 'json' : format?.type === 'json-schema' ? format.schema : undefined,
      think: writeThink(request, target, drops),
      logprobs: request.logprobs,
      top_logprobs: request.topLogprobs,
    }),
    ...(Object.keys(options).length && { options }),
  }
  if (request.toolChoice && request.toolChoice.type !== 'auto' && request.toolChoice.type !== 'none')
    drops.unsupported(request, ['toolChoice'], 'Ollama lets the model choose')
  if (request.parallelToolCalls === false)
    drops.unsupported({ ...request, parallelToolCalls: true }, ['parallelToolCalls'], 'Ollama has no such parameter')
  drops.unsupported(
    request,
    ['n', 'logitBias', 'verbosity', 'audio', 'store', 'user', 'metadata', 'serviceTier', 'promptCacheKey'],
    'Ollama has no such parameter',
  )
  drops.cacheMarkers(request)
  drops.toolRules(request, { strict: false })
  for (const [name, value] of Object.entries(request.extra)) {
    if (OWN.has(name)) body[name] = value
    else drops.add(name, 'Ollama has no such parameter')
  }
  const custom = request.tools.filter(({ type }) => type === 'custom').map((tool) => ('name' in tool ? tool.name : ''))
  const context: DecodeContext = { quirks: target.quirks, ...(custom.length && { customTools: custom }) }
  return {
    path: target.quirks.paths?.['chat'] ?? '/api/chat',
    headers: target.quirks.headers ?? {},
    body,
    dropped: drops.list,
    context,
  }
}

/** Parameters of Ollama that callers send along whatever the format. */
const OWN = new Set(['keep_alive', 'think', 'template'])

function writeTools(request: ChatRequest, drops: Drops): JsonObject[] {
  if (request.toolChoice?.type === 'none') return []
  const only =
    request.toolChoice?.type === 'tool'
      ? [request.toolChoice.name]
      : request.toolChoice?.type === 'allowed'
        ? request.toolChoice.names
        : undefined
  return request.tools.flatMap((tool, index) => {
    if (tool.type === 'native') {
      drops.add(`tools[${index}]`, 'only its own provider can run this tool')
      return []
    }
    if (only && !only.includes(tool.name)) return []
    const parameters = tool.type === 'custom' ? CUSTOM_SCHEMA : (tool.parameters ?? { type: 'object', properties: {} })
    const described = tool.description === undefined ? {} : { description: tool.description }
    return [{ type: 'function', function: { name: tool.name, ...described, parameters } }]
  })
}

function writeThink({ reasoning }: ChatRequest, target: Target, drops: Drops): boolean | string | undefined {
  if (!reasoning) return undefined
  const effort = effortOf(reasoning)
  if (effort === 'none') return false
  if (target.capabilities.reasoning === false) {
    drops.add('reasoning_effort', `${target.model} does not think`)
    return undefined
  }
  // Only gpt-oss knows levels; the others think or do not.
  if (!/gpt-oss/.test(target.model)) return true
  return effort === 'minimal' ? 'low' : effort === 'xhigh' || effort === 'max' ? 'high' : (effort ?? true)
}

function writeMessages(request: ChatRequest, drops: Drops): JsonObject[] {
  const names = new Map<string, string>()
  const messages: JsonObject[] = request.system.length
    ? [{ role: 'system', content: request.system.map(({ text }) => text).join('\n\n') }]
    : []
  for (const [index, message] of request.messages.entries()) {
    const field = `messages[${index}]`
    for (const part of message.content) if (part.type === 'tool-call') names.set(part.id, part.name)
    if (message.role === 'tool') messages.push(...writeResults(message, field, names, drops))
    else messages.push(writeTurn(message, field, drops))
  }
  return messages
}

/** Texts joined, images beside them as base64; what cannot be carried is named. */
function gather(content: readonly Part[], field: string, drops: Drops): { text: string; images: string[] } {
  const texts: string[] = []
  const images: string[] = []
  for (const [index, part] of content.entries()) {
    if (part.type === 'text' || part.type === 'refusal') texts.push(part.text)
    else if (part.type === 'image' && part.source.kind === 'base64') images.push(part.source.data)
    else if (part.type === 'document' && textOfSource(part.source) !== undefined) texts.push(textOfSource(part.source)!)
    else if (part.type !== 'tool-call' && part.type !== 'reasoning')
      drops.add(`${field}.content[${index}]`, `Ollama cannot carry this ${part.type}`)
  }
  return { text: texts.join('\n'), images }
}

function writeTurn(message: Message, field: string, drops: Drops): JsonObject {
  const { text, images } = gather(message.content, field, drops)
  const calls = message.content.filter((part) => part.type === 'tool-call')
  const thought = message.content
    .flatMap((part) => (part.type === 'reasoning' && part.text ? [part.text] : []))
    .join('\n')
  return {
    role: message.role,
    content: text,
    ...(images.length && { images }),
    ...(thought && { thinking: thought }),
    ...(calls.length && {
      tool_calls: calls.map((call) => ({
        function: {
          name: call.name,
          arguments: call.custom ? { input: call.arguments } : parseArguments(call.arguments),
        },
      })),
    }),
  }
}

function writeResults(message: Message, field: string, names: ReadonlyMap<string, string>, drops: Drops): JsonObject[] {
  return message.content.flatMap((part, index) => {
    if (part.type !== 'tool-result') return []
    const { text, images } = gather(part.content, `${field}.content[${index}]`, drops)
    const name = part.name ?? names.get(part.toolCallId)
    const content = part.isError && !/error/i.test(text) ? `Error: ${text}` : text
    return [{ role: 'tool', content, ...(images.length && { images }), ...(name !== undefined && { tool_name: name }) }]
  })
}
