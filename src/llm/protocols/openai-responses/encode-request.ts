// A call to the Responses API.
import { Drops } from '../../dropped.ts'
import { effortOf } from '../../effort.ts'
import { defined } from '../../json.ts'
import { audioFormat, textOfSource, urlOfSource } from '../../media.ts'
import type { EncodedRequest } from '../../protocol.ts'
import { isReadable } from '../../seal.ts'
import type { ChatRequest, Json, JsonObject, Message, Part, Tool, ToolChoice, ToolResultPart } from '../../spec.ts'
import type { Target } from '../../target.ts'
import { applyQuirks } from '../openai-chat/encode-request.ts'

/** The API wants at least so many. */
const MIN_TOKENS = 16

export function encodeRequest(request: ChatRequest, target: Target): EncodedRequest {
  const drops = new Drops(request.dialect)
  const same = request.dialect === 'openai-responses'
  const { quirks } = target
  drops.unsupported(
    request,
    ['topK', 'seed', 'stop', 'presencePenalty', 'frequencyPenalty', 'logitBias', 'n', 'audio'],
    'the Responses API has no such parameter',
  )
  if (request.modalities?.some((kind) => kind !== 'text'))
    drops.unsupported(request, ['modalities'], 'the Responses API answers in text')
  if (!same) drops.extra(request, 'the Responses API has no such parameter')
  drops.cacheMarkers(request)
  const refusesSampling = target.capabilities.temperature === false
  if (refusesSampling)
    drops.unsupported(request, ['temperature', 'topP'], `${target.model} takes no sampling parameters`)
  const few = request.maxOutputTokens !== undefined && request.maxOutputTokens < MIN_TOKENS
  if (few)
    drops.unsupported(
      request,
      ['maxOutputTokens'],
      `the Responses API takes at least ${MIN_TOKENS} tokens: ${MIN_TOKENS} were sent`,
    )
  const tools = writeTools(request.tools, drops)
  const include = includeOf(request, target, same)
  const body: JsonObject = {
    model: target.model,
    input: writeInput(request, same, drops),
    ...defined({
      instructions: request.system.length > 0 ? request.system.map((part) => part.text).join('\n\n') : undefined,
      tools: tools.length > 0 ? tools : undefined,
      tool_choice:
        tools.length > 0 && request.toolChoice !== undefined
          ? writeToolChoice(request.toolChoice, request.tools)
          : undefined,
      parallel_tool_calls: tools.length > 0 ? request.parallelToolCalls : undefined,
      text: writeText(request),
      reasoning: writeReasoning(request, target),
      max_output_tokens:
        request.maxOutputTokens === undefined ? undefined : Math.max(MIN_TOKENS, request.maxOutputTokens),
      temperature: refusesSampling ? undefined : request.temperature,
      top_p: refusesSampling ? undefined : request.topP,
      top_logprobs: request.topLogprobs,
      user: request.user,
      metadata: writeMetadata(request),
      service_tier: request.serviceTier === 'standard_only' ? 'default' : request.serviceTier,
      prompt_cache_key: request.promptCacheKey,
      previous_response_id: request.previousResponseId,
      // What the caller sends whole need not be kept at the vendor.
      store: request.store ?? (same ? undefined : false),
      include: include.length > 0 ? include : undefined,
      stream: request.stream ? true : undefined,
    }),
    ...(same ? Object.fromEntries(Object.entries(request.extra).filter(([name]) => name !== 'include')) : {}),
  }
  return {
    path: quirks.paths?.['responses'] ?? '/responses',
    headers: quirks.headers ?? {},
    body: applyQuirks(body, quirks, drops),
    dropped: drops.list,
    context: { quirks },
  }
}

/** Thoughts come back next turn only when their encrypted form was asked for; other models refuse the question. */
function includeOf(request: ChatRequest, target: Target, same: boolean): string[] {
  const include = new Set(same && Array.isArray(request.extra['include']) ? (request.extra['include'] as string[]) : [])
  if (request.logprobs) include.add('message.output_text.logprobs')
  const thinks = target.capabilities.reasoning ?? /^(?:o\d|gpt-5|codex)/.test(target.model)
  if (!same && thinks && request.store !== true) include.add('reasoning.encrypted_content')
  return [...include]
}

function writeInput(request: ChatRequest, same: boolean, drops: Drops): JsonObject[] {
  return request.messages.flatMap((message, index) => writeMessage(message, `messages[${index}]`, same, drops))
}

function writeMessage(message: Message, field: string, same: boolean, drops: Drops): JsonObject[] {
  const items: JsonObject[] = []
  let content: JsonObject[] = []
  const role = message.role === 'tool' ? 'user' : message.role
  const flush = () => {
    if (content.length === 0) return
    const only = content[0]
    const plain = content.length === 1 && only?.['type'] === 'input_text'
    items.push(
      role === 'assistant'
        ? { type: 'message', role, content, status: 'completed' }
        : { type: 'message', role, content: plain ? (only['text'] as Json) : content },
    )
    content = []
  }
  message.content.forEach((part, index) => {
    const place = `${field}.content[${index}]`
    const item = writeItem(part, place, same, drops)
    if (item === null) return
    if (item !== undefined) {
      flush()
      items.push(item)
      return
    }
    const written = role === 'assistant' ? writeSpoken(part) : writeInputPart(part)
    if (written === undefined) drops.add(place, `the Responses API cannot carry this ${part.type} here`)
    else content.push(written)
  })
  flush()
  if (items.length === 0 && role === 'user') items.push({ type: 'message', role, content: '' })
  return items
}

/** Parts that are items of their own; null for a part that stays out, undefined for one that is content. */
function writeItem(part: Part, field: string, same: boolean, drops: Drops): JsonObject | undefined | null {
  switch (part.type) {
    case 'tool-call':
      if (part.custom) return { type: 'custom_tool_call', call_id: part.id, name: part.name, input: part.arguments }
      return {
        type: 'function_call',
        call_id: part.id,
        name: part.name,
        arguments: part.arguments === '' ? '{}' : part.arguments,
      }
    case 'tool-result':
      return {
        type: part.custom ? 'custom_tool_call_output' : 'function_call_output',
        call_id: part.toolCallId,
        output: writeOutput(part, field, drops),
      }
    case 'reasoning': {
      // Only OpenAI's own thoughts are taken back, and only with their proof or their place.
      if (part.origin !== 'openai-responses' && !(part.origin === undefined && part.redacted !== undefined)) return null
      // An id without a proof is looked up: only the caller's own format may name one, where it was checked whose it is.
      const proven = part.redacted !== undefined && part.redacted !== ''
      if (!isReadable(part.origin, 'openai-responses') || !(proven || (same && part.itemId !== undefined))) return null
      const summary = part.text === '' ? [] : [{ type: 'summary_text', text: part.text }]
      return defined({ type: 'reasoning', id: part.itemId, summary, encrypted_content: part.redacted }) as JsonObject
    }
    case 'native':
      return part.protocol === 'openai-responses' ? part.value : undefined
    default:
      return undefined
  }
}

function writeSpoken(part: Part): JsonObject | undefined {
  if (part.type === 'text') return { type: 'output_text', text: part.text, annotations: [] }
  return part.type === 'refusal' ? { type: 'refusal', refusal: part.text } : undefined
}

function writeInputPart(part: Part): JsonObject | undefined {
  switch (part.type) {
    case 'text':
      return { type: 'input_text', text: part.text }
    case 'refusal':
      return { type: 'input_text', text: part.text }
    case 'image': {
      const url = urlOfSource(part.source)
      const detail = part.detail === undefined ? {} : { detail: part.detail }
      if (part.source.kind === 'file') return { type: 'input_image', file_id: part.source.id, ...detail }
      return url === undefined ? undefined : { type: 'input_image', image_url: url, ...detail }
    }
    case 'audio':
      return part.source.kind === 'base64'
        ? { type: 'input_audio', input_audio: { data: part.source.data, format: audioFormat(part.source.mediaType) } }
        : undefined
    case 'document': {
      if (part.source.kind === 'file') return { type: 'input_file', file_id: part.source.id }
      if (part.source.kind === 'url') return { type: 'input_file', file_url: part.source.url }
      const text = textOfSource(part.source)
      if (text !== undefined)
        return { type: 'input_text', text: part.name === undefined ? text : `${part.name}:\n${text}` }
      return { type: 'input_file', filename: part.name ?? 'document.pdf', file_data: urlOfSource(part.source) ?? '' }
    }
    default:
      return undefined
  }
}

function writeOutput(result: ToolResultPart, field: string, drops: Drops): Json {
  const parts: JsonObject[] = []
  result.content.forEach((part, index) => {
    const written = writeInputPart(part)
    if (written === undefined)
      drops.add(`${field}.content[${index}]`, `a tool result of the Responses API cannot carry this ${part.type}`)
    else parts.push(written)
  })
  if (parts.every((part) => part['type'] === 'input_text')) {
    const text = parts.map((part) => part['text'] as string).join('\n')
    return result.isError && !/error/i.test(text) ? `Error: ${text}` : text
  }
  return parts
}

function writeTools(tools: readonly Tool[], drops: Drops): JsonObject[] {
  const written: JsonObject[] = []
  tools.forEach((tool, index) => {
    if (tool.type === 'function') {
      // Left out, `strict` would be on here and off everywhere else.
      const parameters = tool.parameters ?? { type: 'object', properties: {} }
      written.push(
        defined({
          type: 'function',
          name: tool.name,
          description: tool.description,
          parameters,
          strict: tool.strict ?? false,
        }) as JsonObject,
      )
    } else if (tool.type === 'custom')
      written.push(
        defined({ type: 'custom', name: tool.name, description: tool.description, format: tool.format }) as JsonObject,
      )
    else if (tool.protocol === 'openai-responses') written.push(tool.value)
    else drops.add(`tools[${index}]`, 'only its own provider can run this tool')
  })
  return written
}

function writeToolChoice(choice: ToolChoice, tools: readonly Tool[]): Json {
  const typeOf = (name: string) =>
    tools.some((tool) => tool.type === 'custom' && tool.name === name) ? 'custom' : 'function'
  switch (choice.type) {
    case 'tool':
      return { type: typeOf(choice.name), name: choice.name }
    case 'allowed':
      return {
        type: 'allowed_tools',
        mode: choice.mode,
        tools: choice.names.map((name) => ({ type: typeOf(name), name })),
      }
    default:
      return choice.type
  }
}

function writeText(request: ChatRequest): JsonObject | undefined {
  const format = request.responseFormat
  const text: JsonObject = {}
  if (format?.type === 'json') text['format'] = { type: 'json_object' }
  else if (format?.type === 'text') text['format'] = { type: 'text' }
  else if (format?.type === 'json-schema') {
    const { name, description, schema, strict } = format
    text['format'] = defined({ type: 'json_schema', name, description, schema, strict: strict ?? false }) as JsonObject
  }
  if (request.verbosity !== undefined) text['verbosity'] = request.verbosity
  return Object.keys(text).length > 0 ? text : undefined
}

function writeReasoning(request: ChatRequest, target: Target): JsonObject | undefined {
  const options = request.reasoning
  if (options === undefined || target.capabilities.reasoning === false) return undefined
  const effort = effortOf(options)
  const reasoning = defined({
    effort: effort === 'max' ? 'xhigh' : effort,
    summary:
      options.summary === 'none'
        ? undefined
        : (options.summary ?? (request.dialect === 'openai-responses' || effort === 'none' ? undefined : 'auto')),
  }) as JsonObject
  return Object.keys(reasoning).length > 0 ? reasoning : undefined
}

function writeMetadata(request: ChatRequest): JsonObject | undefined {
  if (request.metadata === undefined) return undefined
  const entries = Object.entries(request.metadata).filter(([, value]) => value !== null)
  return Object.fromEntries(
    entries.map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)]),
  )
}
