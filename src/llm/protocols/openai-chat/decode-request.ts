// What a client of chat completions asks for.
import {
  maybeCount,
  maybeInteger,
  maybeList,
  maybeNumber,
  maybeObject,
  maybeText,
  maybeTruth,
  needList,
  needObject,
  needText,
  refuse,
  unknownFields,
} from '../../field.ts'
import { asText, defined } from '../../json.ts'
import type {
  ChatRequest,
  Effort,
  Json,
  JsonObject,
  Message,
  Part,
  ReasoningOptions,
  ResponseFormat,
  TextPart,
  Tool,
  ToolCallPart,
  ToolChoice,
} from '../../spec.ts'
import { readCache, readContent, readText } from './content.ts'
import { readReasoning, readThoughtSignature } from './reasoning.ts'

const KNOWN = new Set([
  'model',
  'messages',
  'tools',
  'tool_choice',
  'parallel_tool_calls',
  'response_format',
  'max_tokens',
  'max_completion_tokens',
  'stop',
  'temperature',
  'top_p',
  'top_k',
  'n',
  'seed',
  'logprobs',
  'top_logprobs',
  'logit_bias',
  'presence_penalty',
  'frequency_penalty',
  'reasoning_effort',
  'reasoning',
  'thinking',
  'verbosity',
  'modalities',
  'audio',
  'stream',
  'stream_options',
  'service_tier',
  'store',
  'metadata',
  'user',
  'safety_identifier',
  'prompt_cache_key',
  'functions',
  'function_call',
])

export const EFFORTS: ReadonlySet<string> = new Set(['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'])

export function decodeRequest(body: JsonObject): ChatRequest {
  const system: TextPart[] = []
  const messages: Message[] = []
  const calls = new Map<string, string>()
  needList(body['messages'], 'messages').forEach((value, index) => {
    const field = `messages[${index}]`
    const message = needObject(value, field)
    const read = readMessage(message, field, calls)
    if (read.role === 'system' && messages.length === 0) system.push(...(read.content as readonly TextPart[]))
    else pushMessage(messages, read)
  })
  const stop = body['stop']
  const maxOutputTokens =
    maybeCount(body['max_completion_tokens'], 'max_completion_tokens') ?? maybeCount(body['max_tokens'], 'max_tokens')
  const options = maybeObject(body['stream_options'], 'stream_options')
  const verbosity = maybeText(body['verbosity'], 'verbosity')
  return defined({
    dialect: 'openai-chat',
    model: needText(body['model'], 'model'),
    system,
    messages,
    tools: readTools(body),
    toolChoice: readToolChoice(body['tool_choice'], 'tool_choice') ?? readFunctionCall(body['function_call']),
    parallelToolCalls: maybeTruth(body['parallel_tool_calls'], 'parallel_tool_calls'),
    responseFormat: readResponseFormat(maybeObject(body['response_format'], 'response_format')),
    maxOutputTokens,
    temperature: maybeNumber(body['temperature'], 'temperature'),
    topP: maybeNumber(body['top_p'], 'top_p'),
    topK: maybeInteger(body['top_k'], 'top_k'),
    seed: maybeInteger(body['seed'], 'seed'),
    stop:
      typeof stop === 'string'
        ? [stop]
        : maybeList(stop, 'stop')?.map((value, index) => needText(value, `stop[${index}]`)),
    presencePenalty: maybeNumber(body['presence_penalty'], 'presence_penalty'),
    frequencyPenalty: maybeNumber(body['frequency_penalty'], 'frequency_penalty'),
    logprobs: maybeTruth(body['logprobs'], 'logprobs'),
    topLogprobs: maybeInteger(body['top_logprobs'], 'top_logprobs'),
    n: maybeCount(body['n'], 'n'),
    logitBias: maybeObject(body['logit_bias'], 'logit_bias'),
    reasoning: readReasoningOptions(body),
    verbosity: verbosity === 'low' || verbosity === 'medium' || verbosity === 'high' ? verbosity : undefined,
    modalities: maybeList(body['modalities'], 'modalities')?.map((value, index) =>
      needText(value, `modalities[${index}]`),
    ),
    audio: maybeObject(body['audio'], 'audio'),
    user: maybeText(body['safety_identifier'], 'safety_identifier') ?? maybeText(body['user'], 'user'),
    metadata: maybeObject(body['metadata'], 'metadata'),
    serviceTier: maybeText(body['service_tier'], 'service_tier'),
    promptCacheKey: maybeText(body['prompt_cache_key'], 'prompt_cache_key'),
    stream: maybeTruth(body['stream'], 'stream') ?? false,
    includeUsage: options?.['include_usage'] === true,
    store: maybeTruth(body['store'], 'store'),
    extra: unknownFields(body, KNOWN),
  }) as ChatRequest
}

/** Results of parallel calls stand in one turn. */
function pushMessage(messages: Message[], message: Message): void {
  const last = messages.at(-1)
  if (message.role === 'tool' && last?.role === 'tool')
    messages[messages.length - 1] = { ...last, content: [...last.content, ...message.content] }
  else messages.push(message)
}

function readMessage(message: JsonObject, field: string, calls: Map<string, string>): Message {
  const role = needText(message['role'], `${field}.role`)
  const named = asText(message['name']) === undefined ? {} : { name: message['name'] as string }
  const cache = readCache(message)
  switch (role) {
    case 'system':
    case 'developer':
      return {
        role: 'system',
        content: markLast(readText(message['content'], `${field}.content`), cache) as TextPart[],
        ...named,
      }
    case 'user':
      return { role: 'user', content: markLast(readContent(message['content'], `${field}.content`), cache), ...named }
    case 'assistant':
      return { role: 'assistant', content: markLast(readAssistant(message, field, calls), cache), ...named }
    case 'tool':
    case 'function': {
      const id =
        role === 'tool'
          ? needText(message['tool_call_id'], `${field}.tool_call_id`)
          : needText(message['name'], `${field}.name`)
      const content = readContent(message['content'], `${field}.content`)
      const name = asText(message['name']) ?? calls.get(id)
      const isError = message['is_error'] === true ? { isError: true } : {}
      return {
        role: 'tool',
        content: [
          {
            type: 'tool-result',
            toolCallId: id,
            content: content as TextPart[],
            ...(name === undefined ? {} : { name }),
            ...isError,
            ...cache,
          },
        ],
      }
    }
    default:
      throw refuse(
        `${field}.role`,
        `${field}.role must be one of developer, system, user, assistant, tool, function, not "${role}"`,
      )
  }
}

/** A marker on the message stands for one on its last part. */
function markLast(parts: readonly Part[], cache: ReturnType<typeof readCache>): readonly Part[] {
  const last = parts.at(-1)
  if (cache.cache === undefined || last === undefined || !('text' in last || 'source' in last)) return parts
  return [...parts.slice(0, -1), { ...last, ...cache } as Part]
}

function readAssistant(message: JsonObject, field: string, calls: Map<string, string>): Part[] {
  const content = readContent(message['content'], `${field}.content`)
  const reasoning = content.some((part) => part.type === 'reasoning') ? [] : readReasoning(message)
  const parts: Part[] = [...reasoning, ...content]
  const signature = readThoughtSignature(message)
  const last = parts.at(-1)
  if (signature !== undefined && last?.type === 'text') parts[parts.length - 1] = { ...last, signature }
  const refusal = maybeText(message['refusal'], `${field}.refusal`)
  if (refusal !== undefined && refusal !== '') parts.push({ type: 'refusal', text: refusal })
  const audio = maybeObject(message['audio'], `${field}.audio`)
  if (audio !== undefined) {
    const transcript = asText(audio['transcript'])
    const data = asText(audio['data']) ?? ''
    parts.push({
      type: 'audio',
      source: { kind: 'base64', mediaType: 'audio/wav', data },
      id: needText(audio['id'], `${field}.audio.id`),
      ...(transcript === undefined ? {} : { transcript }),
    })
  }
  maybeList(message['tool_calls'], `${field}.tool_calls`)?.forEach((value, index) => {
    const call = readCall(needObject(value, `${field}.tool_calls[${index}]`), `${field}.tool_calls[${index}]`)
    calls.set(call.id, call.name)
    parts.push(call)
  })
  const legacy = maybeObject(message['function_call'], `${field}.function_call`)
  if (legacy !== undefined) {
    const name = needText(legacy['name'], `${field}.function_call.name`)
    parts.push({ type: 'tool-call', id: name, name, arguments: asText(legacy['arguments']) ?? '{}' })
  }
  return parts
}

function readCall(call: JsonObject, field: string): ToolCallPart {
  const id = needText(call['id'], `${field}.id`)
  const signature = readThoughtSignature(call)
  const more = { ...(signature === undefined ? {} : { signature }), ...readCache(call) }
  if (call['type'] === 'custom') {
    const custom = needObject(call['custom'], `${field}.custom`)
    return {
      type: 'tool-call',
      id,
      name: needText(custom['name'], `${field}.custom.name`),
      arguments: asText(custom['input']) ?? '',
      custom: true,
      ...more,
    }
  }
  const called = needObject(call['function'], `${field}.function`)
  const given = called['arguments']
  const text = typeof given === 'object' && given !== null ? JSON.stringify(given) : (asText(given) ?? '')
  return {
    type: 'tool-call',
    id,
    name: needText(called['name'], `${field}.function.name`),
    arguments: text === '' ? '{}' : text,
    ...more,
  }
}

function readTools(body: JsonObject): Tool[] {
  const tools: Tool[] = []
  maybeList(body['tools'], 'tools')?.forEach((value, index) => {
    const field = `tools[${index}]`
    const tool = needObject(value, field)
    if (tool['type'] === 'custom') {
      const custom = needObject(tool['custom'], `${field}.custom`)
      tools.push(
        defined({
          type: 'custom',
          name: needText(custom['name'], `${field}.custom.name`),
          description: maybeText(custom['description'], `${field}.custom.description`),
          format: maybeObject(custom['format'], `${field}.custom.format`),
        }) as Tool,
      )
    } else if (tool['type'] === 'function' || tool['type'] === undefined) {
      tools.push(readFunction(needObject(tool['function'], `${field}.function`), `${field}.function`, tool))
    } else tools.push({ type: 'native', protocol: 'openai-chat', value: tool })
  })
  maybeList(body['functions'], 'functions')?.forEach((value, index) =>
    tools.push(readFunction(needObject(value, `functions[${index}]`), `functions[${index}]`, {})),
  )
  return tools
}

function readFunction(given: JsonObject, field: string, outer: JsonObject): Tool {
  const marked = readCache(outer)
  return defined({
    type: 'function',
    name: needText(given['name'], `${field}.name`),
    description: maybeText(given['description'], `${field}.description`),
    parameters: maybeObject(given['parameters'], `${field}.parameters`),
    strict: maybeTruth(given['strict'], `${field}.strict`),
    ...(marked.cache === undefined ? readCache(given) : marked),
  }) as Tool
}

function readToolChoice(value: Json | undefined, field: string): ToolChoice | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value === 'string') {
    if (value === 'auto' || value === 'none' || value === 'required') return { type: value }
    if (value === 'any') return { type: 'required' }
    throw refuse(field, `${field} must be auto, none, required or an object, not "${value}"`)
  }
  const choice = needObject(value, field)
  if (choice['type'] === 'allowed_tools') {
    const allowed = needObject(choice['allowed_tools'] ?? choice, `${field}.allowed_tools`)
    const names = needList(allowed['tools'], `${field}.allowed_tools.tools`).map((tool, index) =>
      nameOf(needObject(tool, `${field}.allowed_tools.tools[${index}]`), field),
    )
    return { type: 'allowed', mode: allowed['mode'] === 'required' ? 'required' : 'auto', names }
  }
  return { type: 'tool', name: nameOf(choice, field) }
}

const nameOf = (tool: JsonObject, field: string): string => {
  const inner = (tool['function'] ?? tool['custom'] ?? tool) as JsonObject
  return needText(inner['name'], `${field}.function.name`)
}

function readFunctionCall(value: Json | undefined): ToolChoice | undefined {
  if (value === undefined || value === null) return undefined
  if (value === 'auto' || value === 'none') return { type: value }
  return { type: 'tool', name: needText(needObject(value, 'function_call')['name'], 'function_call.name') }
}

function readResponseFormat(format: JsonObject | undefined): ResponseFormat | undefined {
  if (format === undefined) return undefined
  const type = needText(format['type'], 'response_format.type')
  if (type === 'text') return { type: 'text' }
  if (type === 'json_object') return { type: 'json' }
  if (type !== 'json_schema')
    throw refuse('response_format.type', `response_format.type must be text, json_object or json_schema, not "${type}"`)
  const schema = needObject(format['json_schema'], 'response_format.json_schema')
  return defined({
    type: 'json-schema',
    name: maybeText(schema['name'], 'response_format.json_schema.name') ?? 'response',
    description: maybeText(schema['description'], 'response_format.json_schema.description'),
    schema: maybeObject(schema['schema'], 'response_format.json_schema.schema') ?? {},
    strict: maybeTruth(schema['strict'], 'response_format.json_schema.strict'),
  }) as ResponseFormat
}

/** `reasoning_effort` (OpenAI), `reasoning` (OpenRouter) and `thinking` (Anthropic's word, which LiteLLM's users send). */
function readReasoningOptions(body: JsonObject): ReasoningOptions | undefined {
  const reasoning = maybeObject(body['reasoning'], 'reasoning')
  const thinking = maybeObject(body['thinking'], 'thinking')
  const given =
    maybeText(body['reasoning_effort'], 'reasoning_effort') ?? maybeText(reasoning?.['effort'], 'reasoning.effort')
  if (given !== undefined && !EFFORTS.has(given)) {
    throw refuse('reasoning_effort', `reasoning_effort must be one of ${[...EFFORTS].join(', ')}, not "${given}"`)
  }
  const off = thinking?.['type'] === 'disabled' || reasoning?.['enabled'] === false
  const budgetTokens =
    maybeInteger(reasoning?.['max_tokens'], 'reasoning.max_tokens') ??
    maybeInteger(thinking?.['budget_tokens'], 'thinking.budget_tokens')
  const adaptive =
    thinking?.['type'] === 'adaptive' ||
    (reasoning?.['enabled'] === true && given === undefined && budgetTokens === undefined)
  const options: ReasoningOptions = defined({
    effort: off ? ('none' as const) : (given as Effort | undefined),
    budgetTokens: off ? undefined : budgetTokens,
    adaptive: adaptive || undefined,
    summary: reasoning?.['exclude'] === true ? ('none' as const) : undefined,
  })
  return Object.keys(options).length === 0 ? undefined : options
}
